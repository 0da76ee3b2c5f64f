// Tabs after the pattern of the ARIA guide: arrow keys, Home and End move, and what is chosen is shown.

export function tabs(list, changed) {
  const all = [...list.querySelectorAll("[role=tab]")];

  function choose(tab, focus = false) {
    for (const other of all) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) tab.focus();
    changed(key(tab));
  }

  const key = tab => tab.id.replace("tab-", "");
  list.addEventListener("click", event => { const tab = event.target.closest("[role=tab]"); if (tab) choose(tab); });
  list.addEventListener("keydown", event => {
    const here = all.indexOf(document.activeElement);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (here < 0 || next === undefined) return;
    event.preventDefault();
    choose(all[(next + all.length) % all.length], true);
  });
  return {
    get chosen() { return key(all.find(tab => tab.getAttribute("aria-selected") === "true")); },
    choose: name => { const tab = all.find(one => key(one) === name); if (tab) choose(tab); },
  };
}
