// The page: what is typed on the left is shown on the right, by tabs, from answers of the back end.

import { backEnd } from "./backend.js";
import { at, fill, make, save, settled } from "./dom.js";
import { editor } from "./editor.js";
import { packed, unpacked } from "./share.js";
import { tabs } from "./tabs.js";
import { verdict } from "./verdict.js";
import { load, speak, word } from "./words.js";

const QUIET = 120, LONG_QUIET = 900;
const OPTIONS = ["T", "kind", "notation", "layout", "language", "style"];
// What is said of the engine while it starts, where no request of the user has more to say.
let stage = "";
const say = text => { at("progress").textContent = text || (stage && word(`progress.${stage}`)); };
const engine = backEnd(now => { stage = now; say(""); });
const model = editor(at("editor")), pasted = editor(at("pasted")), step = editor(at("step"));
let menus = null, name = "model", code = [], judged = null;
// What is under way: what the tab shows, which another edit ends, and what was asked for by a button.
const running = { shown: null, wanted: null };

// Asking: one request of each kind at a time, which the next one or Cancel ends.

async function ask(kind, task, label, fields = {}) {
  running[kind]?.abort();
  const mine = running[kind] = new AbortController();
  const begun = performance.now();
  const ticking = setInterval(() => {
    const seconds = Math.round((performance.now() - begun) / 1000);
    if (seconds >= 1) say(word("progress.seconds", { label, seconds }));
    at("cancel").hidden = false;
  }, 400);
  try {
    return await engine.ask({ task, model: model.text, name, ...fields }, mine.signal);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return null;
  } finally {
    clearInterval(ticking);
    if (running[kind] === mine) running[kind] = null;
    if (!running.shown && !running.wanted) { at("cancel").hidden = true; say(""); }
  }
}

const options = () => ({
  T: Number(at("T").value), kind: at("kind").value, notation: at("notation").value, layout: at("layout").value, language: at("language").value,
});

// Errors stand at their line; the last good result stays, faded.

function complain(error) {
  const place = at("complaint");
  model.mark(error?.line ?? 0);
  if (!error) { place.replaceChildren(); return; }
  const where = error.line ? word("place", error) : "";
  const go = error.line ? make("button", { type: "button", onclick: () => model.go(error.line, error.column) }, word("go")) : null;
  place.replaceChildren(...[`${where}${error.message}`, go].filter(Boolean));
}

function frame(panel, html, title, note = "") {
  const old = panel.querySelector("iframe");
  if (old) URL.revokeObjectURL(old.src);
  // Without the right to our origin, whatever stands in the document reaches nothing of this page.
  const shown = make("iframe", { title, src: URL.createObjectURL(new Blob([html], { type: "text/html" })) });
  shown.setAttribute("sandbox", "allow-scripts");
  panel.replaceChildren(...(note ? [make("p", { className: "quiet" }, note)] : []), shown);
}

const SHOWN = {
  derivation: {
    fields: options,
    show(answer) {
      frame(at("frame-derivation"), answer.html, `Derivation: ${answer.title}`);
      const bare = answer.file.trim() !== model.text.trim();
      at("written").hidden = !bare;
      at("written").querySelector("pre").textContent = answer.file;
    },
  },
  code: {
    fields: () => ({ style: at("style").value }),
    show(answer) {
      code = [answer, ...answer.others];
      at("code").textContent = code.map(file => file.text).join("\n");
    },
  },
  flow: {
    long: true, fields: () => ({}),
    show(answer) { frame(at("frame-flow"), answer.html, "Gradient flow", answer.note); },
  },
  check: {
    long: true, fields: () => ({}),
    show(answer) {
      at("verdict-check").className = `verdict-line ${answer.agree ? "right" : "wrong"}`;
      at("verdict-check").textContent = word(answer.agree ? "check.agree" : "check.disagree");
      at("check").textContent = answer.table;
    },
  },
};

/** What a panel shows, as a text that tells whether it is that of the present model and options. */
const key = tab => JSON.stringify([model.text, name, SHOWN[tab].fields()]);

async function show(tab = chosen.chosen) {
  if (!menus) return;
  const task = SHOWN[tab];
  const panel = at(`panel-${tab}`);
  if (!task) return checkModel();
  const wanted = key(tab);
  if (panel.dataset.shown === wanted) { panel.classList.remove("stale"); complain(null); return; }
  panel.classList.add("stale");
  const answer = await ask("shown", tab, word(`progress.${tab}`), task.fields());
  if (answer === null || wanted !== key(tab)) return;
  complain(answer.ok ? null : answer.error);
  if (!answer.ok) return;
  task.show(answer);
  panel.dataset.shown = wanted;
  panel.classList.remove("stale");
}

/** Where the tab shows nothing of the model itself, its errors are found all the same. */
async function checkModel() {
  const before = model.text;
  const answer = await ask("shown", "code", word("progress.reading"), { style: "plain" });
  if (answer && before === model.text) complain(answer.ok ? null : answer.error);
}

const soon = settled(QUIET, () => show()), later = settled(LONG_QUIET, () => show());
function edited() {
  running.shown?.abort();
  (SHOWN[chosen.chosen]?.long ? later : soon)();
}

// The bug.

async function find() {
  const place = at("verdict"), say = at("complaint-bug");
  say.textContent = "";
  const code = pasted.text;
  const answer = await ask("wanted", "bug", word("progress.bug"), { code });
  if (answer === null) return;
  if (!answer.ok) {
    const { line, pasted: mine, message } = answer.error;
    if (line && !mine) complain(answer.error); else say.textContent = mine ? word("place", answer.error) + message : message;
    if (mine) pasted.mark(line);
    place.replaceChildren();
    return;
  }
  judged = answer;
  verdict(place, answer);
  place.scrollIntoView({ block: "nearest" });
  const wrong = answer.findings.find(found => found.verdict !== "right" && found.line_number);
  pasted.mark(wrong?.line_number ?? 0);
}

async function read() {
  const answer = await ask("wanted", "read", word("progress.read"), { code: step.text });
  if (answer === null) return;
  at("complaint-read").textContent = answer.ok ? "" : answer.error.message;
  if (!answer.ok) return;
  at("start").value = "";
  begin(answer.file, "model");
  chosen.choose("derivation");
}

// Links, files, menus.

const state = () => ({ ...Object.fromEntries(OPTIONS.map(id => [id, at(id).value])), model: model.text, name, code: pasted.text, tab: chosen.chosen });

function restore(found) {
  for (const id of OPTIONS) {
    const select = at(id), value = String(found[id] ?? select.value);
    if (select.tagName !== "SELECT" || [...select.options].some(option => option.value === value)) select.value = value;
  }
  talk();
  if (typeof found.name === "string") name = found.name.slice(0, 32);
  if (typeof found.model === "string") model.text = found.model;
  if (typeof found.code === "string") pasted.text = found.code;
  at("start").value = menus.models.some(one => one.name === name && one.text === model.text) ? name : "";
}

async function follow() {
  try {
    const found = await unpacked(location.hash);
    if (!found) return false;
    restore(found);
    chosen.choose(found.tab ?? "derivation");
    if (chosen.chosen === "bug" && pasted.text.trim()) await find();
    return true;
  } catch {
    complain({ message: word("progress.link") });
    return false;
  }
}

async function share() {
  const address = new URL(location.href);
  address.hash = await packed(state());
  history.replaceState(null, "", address);
  try {
    await navigator.clipboard.writeText(address.href);
    say(word("progress.shared"));
  } catch {
    say(word("progress.address"));
  }
}

async function download() {
  const answer = await ask("wanted", "file", word("progress.file", { format: at("format").value }), { ...options(), format: at("format").value });
  if (answer === null) { say(word("progress.cancelled")); return; }
  if (!answer.ok) return complain(answer.error);
  save(answer.path, [Uint8Array.from(atob(answer.base64), c => c.charCodeAt(0))], "application/octet-stream");
}

function begin(text, called) {
  model.text = text;
  name = called;
  edited();
}

/** The page speaks the language of the document. */
function talk() {
  speak(at("language").value);
  at("start").options[0].text = word("own");
  at("bugs").options[0].text = word("bug.choose");
  if (judged && at("verdict").childElementCount) verdict(at("verdict"), judged);
}

function listen() {
  at("editor").addEventListener("input", () => { if (at("start").value) { at("start").value = ""; name = "model"; } edited(); });
  for (const id of OPTIONS) at(id).addEventListener("input", edited);
  at("language").addEventListener("input", talk);
  at("start").addEventListener("input", () => {
    const found = menus.models.find(one => one.name === at("start").value);
    if (found) begin(found.text, found.name);
  });
  at("bugs").addEventListener("input", () => {
    const found = menus.bugs[Number(at("bugs").value)];
    if (!found) return;
    pasted.text = found.text;
    at("verdict").replaceChildren();
    at("start").value = found.model;
    begin(menus.models.find(one => one.name === found.model).text, found.model);
  });
  at("take").addEventListener("click", () => begin(at("written").querySelector("pre").textContent, name));
  at("pasted").addEventListener("input", () => pasted.mark(0));
  at("find").addEventListener("click", find);
  at("read").addEventListener("click", read);
  at("cancel").addEventListener("click", () => Object.values(running).forEach(one => one?.abort()));
  at("download").addEventListener("click", download);
  at("share").addEventListener("click", share);
  at("copy-code").addEventListener("click", () => navigator.clipboard.writeText(at("code").textContent).then(() => say(word("progress.copied")), () => say(word("progress.uncopied"))));
  at("save-code").addEventListener("click", () => code.forEach(file => save(file.path, [file.text], "text/plain")));
  addEventListener("hashchange", follow);
}

const chosen = tabs(document.querySelector("[role=tablist]"), () => { show(); });

async function open() {
  await load();
  say(word("progress.starting"));
  const answer = await engine.ask({ task: "start" });
  say("");
  if (!answer.ok) return complain(answer.error);
  menus = answer;
  fill(at("start"), [["", word("own")], ...menus.models.map(one => [one.name, one.title])]);
  fill(at("kind"), menus.kinds.map(kind => [kind, kind]));
  fill(at("notation"), menus.notations.map(notation => [notation, notation]));
  fill(at("language"), menus.languages);
  fill(at("style"), menus.code.map(style => [style.key, style.name]));
  fill(at("format"), menus.downloads.map(format => [format, format]));
  fill(at("bugs"), [["", word("bug.choose")], ...menus.bugs.map((bug, number) => [number, bug.title])]);
  at("T").max = menus.most_steps;
  at("notation").value = "textbook";
  listen();
  if (await follow()) return;
  at("start").value = "elman";
  begin(menus.models.find(one => one.name === "elman").text, "elman");
}

open();
