// The engine in a worker: Pyodide, NumPy and symbptt, every file of which must have the hash that engine.json names.

// What is said has its words in the table of the page.
const say = progress => postMessage({ progress });

async function checked(place, name) {
  const response = await fetch(new URL(name, place.folder), { integrity: place.files[name] });
  if (!response.ok) throw new Error(`${name}: the host answered ${response.status}`);
  return response;
}

/** Import a module from bytes that were checked. */
async function module(place, name) {
  const address = URL.createObjectURL(new Blob([await (await checked(place, name)).arrayBuffer()], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function start() {
  const engine = await (await fetch("engine.json")).json();
  const place = { folder: new URL(engine.folder, location.href).href, files: engine.files };
  say("python");
  const numpy = { folder: new URL(engine.numpy.folder, location.href).href, files: engine.numpy.files };
  const archives = [checked(numpy, engine.numpy.name), checked({ folder: location.href, files: engine.own }, Object.keys(engine.own)[0])];
  const wheels = Promise.all(archives.map(async response => (await response).arrayBuffer()));
  wheels.catch(() => {});
  // Pyodide fetches the rest by itself: what it asks for is checked on the way.
  const plain = self.fetch.bind(self);
  self.fetch = (address, options) => {
    const name = String(address?.url ?? address).replace(place.folder, "");
    return plain(address, place.files[name] ? { ...options, integrity: place.files[name] } : options);
  };
  await module(place, "pyodide.asm.js");
  const { loadPyodide } = await module(place, "pyodide.mjs");
  const python = await loadPyodide({ indexURL: place.folder });
  say("numpy");
  const [wheel, own] = await wheels;
  python.unpackArchive(wheel, "wheel");
  python.unpackArchive(own, "gztar", { extractDir: "/engine" });
  python.runPython("import sys; sys.path.insert(0, '/engine')");
  say("engine");
  return python.runPython(`
import json
from symbptt.web.answering import answer
from symbptt.web.limits import WARM_UP
answer(WARM_UP)
lambda text: json.dumps(answer(json.loads(text)))
`);
}

const answer = start();
answer.then(() => { say(""); postMessage({ ready: true }); }, error => postMessage({ failed: `the engine cannot be loaded: ${error.message}` }));

addEventListener("message", async event => {
  const { number, request } = event.data;
  try {
    postMessage({ number, answer: JSON.parse((await answer)(JSON.stringify(request))) });
  } catch (error) {
    postMessage({ number, answer: { ok: false, error: { message: `symbptt itself failed at this request: ${String(error.message).trim().split("\n").at(-1)}` } } });
  }
});
