// A text area with numbers of lines, one of which can be marked as wrong.

import { make } from "./dom.js";

export function editor(area) {
  const gutter = area.parentElement.querySelector(".gutter");
  let wrong = 0;

  function numbers() {
    const lines = area.value.split("\n").length;
    const rows = [];
    for (let line = 1; line <= lines; line++) {
      rows.push(line === wrong ? make("span", { className: "wrong", textContent: String(line) }) : String(line), "\n");
    }
    gutter.replaceChildren(...rows);
    area.rows = Math.max(lines + 1, 8);
  }

  area.addEventListener("input", numbers);
  numbers();
  return {
    get text() { return area.value; },
    set text(value) { area.value = value; wrong = 0; numbers(); },
    /** Mark a line as wrong, none for 0. */
    mark(line) {
      wrong = line;
      area.setAttribute("aria-invalid", String(line > 0));
      numbers();
    },
    /** Put the cursor at a line and column, both from 1. */
    go(line, column = 1) {
      const before = area.value.split("\n").slice(0, line - 1);
      const place = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
      area.focus();
      area.setSelectionRange(place, place + 1);
    },
  };
}
