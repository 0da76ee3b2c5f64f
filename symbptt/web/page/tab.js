// The engine in a worker of this tab. A request that is cancelled, or takes too long, ends the worker; another one starts.

const SECONDS = { start: 120, derivation: 60, code: 60, check: 180, flow: 180, bug: 120, file: 300, read: 60 };

const key = request => JSON.stringify(Object.entries(request).sort());

/** Answers that were written with the page: menus and the first document are there before Python is. */
async function written() {
  try {
    const answers = await (await fetch("answers.json")).json();
    return new Map(answers.map(({ request, answer }) => [key(request), answer]));
  } catch {
    return new Map();
  }
}

export function tab(progress) {
  const known = written();
  let worker = null, ready = null, number = 0, tail = Promise.resolve();

  function start() {
    worker = new Worker("worker.js", { type: "module" });
    ready = new Promise((resolve, reject) => {
      worker.addEventListener("message", event => {
        if (event.data.progress !== undefined) progress(event.data.progress);
        if (event.data.ready) resolve();
        if (event.data.failed) reject(new Error(event.data.failed));
      });
    });
    ready.catch(() => {});
  }

  function end() {
    worker?.terminate();
    worker = null;
  }

  function answered(request, signal) {
    const mine = ++number, here = worker;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => done(() => {
        end();
        resolve({ ok: false, error: { message: `this took longer than ${SECONDS[request.task]} s and was stopped` } });
      }), SECONDS[request.task] * 1000);
      const cancelled = () => done(() => { end(); reject(new DOMException("cancelled", "AbortError")); });
      const heard = event => { if (event.data.number === mine) done(() => resolve(event.data.answer)); };
      function done(last) {
        clearTimeout(timer);
        here.removeEventListener("message", heard);
        signal?.removeEventListener("abort", cancelled);
        last();
      }
      here.addEventListener("message", heard);
      signal?.addEventListener("abort", cancelled);
      here.postMessage({ number: mine, request });
    });
  }

  async function turn(request, signal) {
    const before = (await known).get(key(request));
    if (signal?.aborted) throw new DOMException("cancelled", "AbortError");
    if (before) return before;
    if (!worker) start();
    try {
      await ready;
    } catch (error) {
      end();
      return { ok: false, error: { message: error.message } };
    }
    return answered(request, signal);
  }

  start();
  return {
    ask(request, signal) {
      const answer = tail.then(() => turn(request, signal));
      tail = answer.catch(() => {});
      return answer;
    },
  };
}
