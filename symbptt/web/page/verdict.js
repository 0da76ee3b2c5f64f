// What is said of a backward pass: the verdict, each cause with the equation beside the line, and the triangle of terms (t, k).

import { make } from "./dom.js";

const code = text => make("pre", { tabIndex: 0, role: "group", ariaLabel: "code" }, text);
const scrolls = (table, label) => make("div", { className: "wide", tabIndex: 0, role: "group", ariaLabel: label }, table);

function triangle(finding) {
  const cells = new Map(finding.triangle.map(({ t, k, size }) => [`${t},${k}`, size]));
  const losses = [...new Set(finding.triangle.map(cell => cell.t))].sort((a, b) => a - b);
  const sources = [...new Set(finding.triangle.map(cell => cell.k))].sort((a, b) => a - b);
  if (!losses.length || losses.length > 12) return null;
  const head = make("tr", {}, make("th", { scope: "col" }, "t \\ k"), ...sources.map(k => make("th", { scope: "col" }, String(k))));
  const rows = losses.map(t => make("tr", {}, make("th", { scope: "row" }, String(t)), ...sources.map(k => {
    const size = cells.get(`${t},${k}`);
    const cell = make("td", {}, size === undefined ? "" : size === 0 ? "·" : size.toPrecision(2));
    if (size > 0) cell.style.background = `color-mix(in oklab, var(--back) ${Math.round(12 + 30 * Math.min(size, 1))}%, transparent)`;
    return cell;
  })));
  const caption = make("caption", {}, `Where ${finding.gradient} is wrong, by term: loss step t, source step k. 0 (·) is right, 1 is most wrong.`);
  return scrolls(make("table", { className: "triangle" }, caption, make("thead", {}, head), make("tbody", {}, ...rows)), "terms");
}

function side(title, text) {
  return text ? make("div", {}, make("span", { className: "quiet" }, title), code(text)) : null;
}

function card(cause, finding, first) {
  const lead = cause.hypothesis > 1 ? "or " : first ? "" : "and ";
  const sure = cause.certain ? "" : ` (explains ${Math.round(100 * (cause.share ?? 1))} % of the difference)`;
  return make("div", { className: cause.hypothesis > 1 ? "cause or" : "cause" },
    make("p", {}, make("strong", {}, `${lead}${cause.name}${sure}`), `: ${cause.sentence}`),
    make("div", { className: "side" },
      side(`equation (${cause.number}) of the derivation`, cause.equation),
      first ? side("your code", finding.line ?? "") : null,
      side("right in code", cause.code)),
    make("p", {}, cause.remedy));
}

/** Findings with the same causes are told together. */
function groups(findings) {
  const told = new Map();
  for (const finding of findings.filter(found => found.verdict !== "right")) {
    const key = JSON.stringify(finding.causes.map(cause => [cause.name, cause.explanation]));
    told.set(key, [...(told.get(key) ?? []), finding]);
  }
  return [...told.values()];
}

function group(findings) {
  const finding = findings.find(found => found.triangle.length) ?? findings[0];
  const causes = finding.causes.slice(0, 4);
  const parts = [make("h3", {}, findings.map(found => found.gradient).join(", "))];
  if (!causes.length) parts.push(make("p", {}, "No single mistake and no pair of the table gives these numbers."));
  parts.push(...causes.map((cause, number) => card(cause, finding, number === 0)));
  if (finding.probe?.sentences) parts.push(...finding.probe.sentences.map(text => make("p", {}, text)));
  const drawn = triangle(finding);
  if (drawn) parts.push(drawn);
  return parts;
}

function headline(answer) {
  if (answer.right) return ["right", "Right: every gradient agrees."];
  if (answer.failed) return ["wrong", "No verdict: the notes say why."];
  const wrong = answer.findings.filter(found => found.verdict !== "right");
  if (!wrong.length) return ["wrong", `Not all was judged: ${answer.unjudged.join(", ")}.`];
  const causes = [...new Set(wrong.flatMap(found => found.causes.filter(cause => cause.certain && cause.hypothesis === 1).map(cause => cause.name)))];
  return ["wrong", `Wrong${causes.length ? `: ${causes.join(", ")}` : ""}.`];
}

/** Show an answer of the task `bug`. */
export function verdict(place, answer) {
  const [kind, words] = headline(answer);
  const head = make("thead", {}, make("tr", {}, ...["gradient", "verdict", "error"].map(name => make("th", { scope: "col" }, name))));
  const rows = answer.findings.map(found => make("tr", {}, make("th", { scope: "row" }, make("code", {}, found.gradient)),
    make("td", {}, found.verdict), make("td", {}, found.error === null ? "" : found.error.toExponential(1))));
  place.replaceChildren(
    make("p", { className: `verdict-line ${kind}`, role: "status" }, words),
    ...answer.opening.map(text => make("p", {}, text)),
    ...(rows.length ? [scrolls(make("table", {}, head, make("tbody", {}, ...rows)), "gradients")] : []),
    ...groups(answer.findings).flatMap(group),
    ...answer.notes.map(text => make("p", { className: "quiet" }, text)),
    make("details", {}, make("summary", {}, "The report of symbptt diagnose"), code(answer.report)));
}
