// What is said of a backward pass: the verdict, each cause with the equation beside the line, and the triangle of terms (t, k).

import { make } from "./dom.js";
import { word } from "./words.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";

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
  const caption = make("caption", {}, word("verdict.triangle", { name: finding.gradient }));
  return scrolls(make("table", { className: "triangle" }, caption, make("thead", {}, head), make("tbody", {}, ...rows)), "terms");
}

function side(title, text) {
  return text ? make("div", {}, make("span", { className: "quiet" }, title), code(text)) : null;
}

/** A formula as documents show it; the line of text where there is none, or where it is more than a formula. */
function formula(cause) {
  if (!cause.equation) return null;
  const math = new DOMParser().parseFromString(cause.mathml, "text/html").body.firstElementChild;
  const pure = math && [math, ...math.querySelectorAll("*")].every(part => part.namespaceURI === MATHML);
  const shown = pure ? scrolls(document.adoptNode(math), cause.equation) : code(cause.equation);
  return make("div", { className: "formula" }, make("span", { className: "quiet" }, word("verdict.equation", { number: cause.number })), shown);
}

function card(cause, finding, first) {
  const lead = cause.hypothesis > 1 ? word("verdict.or") : first ? "" : word("verdict.and");
  const sure = cause.certain ? "" : word("verdict.explains", { percent: Math.round(100 * (cause.share ?? 1)) });
  return make("div", { className: cause.hypothesis > 1 ? "cause or" : "cause" },
    make("p", {}, make("strong", {}, `${lead}${cause.name}${sure}`), `: ${cause.sentence}`),
    make("div", { className: "side" },
      formula(cause),
      first ? side(word("verdict.theirs"), finding.line ?? "") : null,
      side(word("verdict.code"), cause.code)),
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
  if (!causes.length) parts.push(make("p", {}, word("verdict.unknown")));
  parts.push(...causes.map((cause, number) => card(cause, finding, number === 0)));
  if (finding.probe?.sentences) parts.push(...finding.probe.sentences.map(text => make("p", {}, text)));
  const drawn = triangle(finding);
  if (drawn) parts.push(drawn);
  return parts;
}

function headline(answer) {
  if (answer.right) return ["right", word("verdict.right")];
  if (answer.failed) return ["wrong", word("verdict.failed")];
  const wrong = answer.findings.filter(found => found.verdict !== "right");
  if (!wrong.length) return ["wrong", word("verdict.unjudged", { names: answer.unjudged.join(", ") })];
  const causes = [...new Set(wrong.flatMap(found => found.causes.filter(cause => cause.certain && cause.hypothesis === 1).map(cause => cause.name)))];
  return ["wrong", causes.length ? word("verdict.causes", { names: causes.join(", ") }) : word("verdict.wrong")];
}

/** Show an answer of the task `bug`. */
export function verdict(place, answer) {
  const [kind, words] = headline(answer);
  const head = make("thead", {}, make("tr", {}, ...["gradient", "verdict", "error"].map(name => make("th", { scope: "col" }, word(`verdict.${name}`)))));
  const rows = answer.findings.map(found => make("tr", {}, make("th", { scope: "row" }, make("code", {}, found.gradient)),
    make("td", {}, found.verdict), make("td", {}, found.error === null ? "" : found.error.toExponential(1))));
  place.replaceChildren(
    make("p", { className: `verdict-line ${kind}`, role: "status" }, words),
    ...answer.opening.map(text => make("p", {}, text)),
    ...(rows.length ? [scrolls(make("table", {}, head, make("tbody", {}, ...rows)), "gradients")] : []),
    ...groups(answer.findings).flatMap(group),
    ...answer.notes.map(text => make("p", { className: "quiet" }, text)),
    make("details", {}, make("summary", {}, word("verdict.report")), code(answer.report)));
}
