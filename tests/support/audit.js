// What a page must keep to, checked inside the page; the value is a list of complaints.
(() => {
  const complaints = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const name = element => `${element.localName}${element.id ? "#" + element.id : ""}.${element.getAttribute("class") ?? ""} «${element.textContent.trim().slice(0, 40)}»`;
  const expect = (holds, what, element) => { if (!holds) complaints.push(element ? `${what}: ${name(element)}` : what); };
  const shown = element => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".skip, template");

  // What can be seen of a box, once the boxes around it that scroll or clip are taken into account.
  function seen(rect, element) {
    let { left, right, top, bottom } = rect;
    for (let box = element; box && box !== document.documentElement; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.overflowX === "visible" || box.localName === "body") continue;
      const clip = box.getBoundingClientRect();
      left = Math.max(left, clip.left); right = Math.min(right, clip.right);
      top = Math.max(top, clip.top); bottom = Math.min(bottom, clip.bottom);
    }
    return { left, right, top, bottom, width: right - left, height: bottom - top };
  }

  // Words and formulas with their places: every line of a text, every formula as a whole.
  const pieces = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !shown(parent) || parent.closest("math, svg, script, style")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) pieces.push({ element: parent, rect: seen(rect, parent), raw: rect });
  }
  for (const math of all("math").filter(shown)) pieces.push({ element: math, rect: seen(math.getBoundingClientRect(), math.parentElement), raw: math.getBoundingClientRect() });
  for (const text of all("svg text").filter(shown)) pieces.push({ element: text, rect: seen(text.getBoundingClientRect(), text.closest("svg").parentElement), raw: text.getBoundingClientRect() });

  // Nothing sticks out of the window or of a box that hides it.
  expect(document.documentElement.scrollWidth <= innerWidth, `the page is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}`);
  for (const { element, rect, raw } of pieces) {
    expect(rect.left >= -0.5 && rect.right <= innerWidth + 0.5, "sticks out of the window", element);
    const clipped = raw.right > rect.right + 1 || raw.left < rect.left - 1;
    if (clipped) {
      const box = element.closest(".wide, pre, output");
      expect(box && getComputedStyle(box).overflowX === "auto", "is cut off and does not scroll", element);
      expect(box?.tabIndex === 0 && box.getAttribute("aria-label"), "scrolls, but not with the keyboard", element);
    }
    const within = element.closest(".scrolls, pre");
    const reached = within?.tabIndex === 0 && within.getAttribute("aria-label") && getComputedStyle(within).overflowY === "auto";
    expect(reached || (raw.bottom <= rect.bottom + 3 && raw.top >= rect.top - 3), "is cut off above or below", element);
  }

  // Nothing lies upon anything else.
  const sorted = pieces.filter(({ rect }) => rect.width > 1 && rect.height > 1).sort((a, b) => a.rect.top - b.rect.top);
  sorted.forEach((one, i) => {
    for (const other of sorted.slice(i + 1)) {
      if (other.rect.top >= one.rect.bottom) break;
      const width = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      const height = Math.min(one.rect.bottom, other.rect.bottom) - other.rect.top;
      const least = Math.min(one.rect.height, other.rect.height);
      if (width > 2 && height > 0.34 * least) complaints.push(`overlap by ${width.toFixed(0)}×${height.toFixed(0)}: ${name(one.element)} and ${name(other.element)}`);
    }
  });

  // Order and names for those who hear the page.
  expect(document.documentElement.lang, "the page does not say its language");
  expect(document.title.trim(), "the page has no title");
  for (const landmark of ["main", "nav", "header", "footer"]) expect(all(landmark).length === 1, `there must be one ${landmark}`);
  const headings = all("h1, h2, h3, h4, h5, h6");
  expect(headings.filter(heading => heading.localName === "h1").length === 1, "there must be one h1");
  headings.forEach((heading, i) => expect(i === 0 ? heading.localName === "h1" : heading.localName[1] - headings[i - 1].localName[1] <= 1, "a rank of headings is left out", heading));
  const label = element => (element.getAttribute("aria-label") ?? element.closest("label")?.textContent ?? element.textContent).trim();
  for (const element of all("a, button, input, select, [role=group]")) expect(label(element), "has no name", element);
  for (const image of all("img")) expect(image.alt.trim(), "a picture without words", image);
  for (const drawing of all("svg")) expect(drawing.getAttribute("role") === "img" && drawing.querySelector(":scope > title")?.textContent.trim(), "a drawing without words", drawing);
  for (const math of all("math")) expect(math.getAttribute("alttext")?.trim(), "a formula without words", math);
  for (const head of all("th")) expect(["col", "row"].includes(head.scope), "a head that does not say of what", head);
  for (const table of all("table")) expect(table.querySelector("th"), "a table without heads", table);
  const ids = all("[id]").map(element => element.id);
  expect(new Set(ids).size === ids.length, "an id is there twice");
  for (const button of all("[aria-controls]")) expect(document.getElementById(button.getAttribute("aria-controls")), "controls nothing", button);
  for (const link of all('a[href^="#"]')) expect(document.getElementById(decodeURIComponent(link.hash.slice(1))), "leads nowhere", link);
  for (const element of all("[tabindex]")) expect(element.tabIndex <= 0, "stands out of the order", element);
  for (const element of all("button, select").filter(shown)) expect(element.getBoundingClientRect().height >= 22, "is hard to hit", element);

  // On a screen nothing is smaller than 12 px, scripts included.
  const small = new Set();
  for (const { element } of matchMedia("screen").matches ? pieces : []) {
    const drawn = element.closest("svg")?.getScreenCTM(), scale = drawn && !element.closest(".dock") ? Math.hypot(drawn.a, drawn.b) : 1;
    const leaves = [element, ...all("mi, mn, mo, mtext, tspan", element)].filter(leaf => leaf.localName !== "math" && leaf.textContent.trim());
    for (const leaf of leaves) {
      const size = parseFloat(getComputedStyle(leaf).fontSize) * scale;
      if (size < 11.95) small.add(`type of ${size.toFixed(1)} px: ${leaf.localName} in ${leaf.parentElement.closest("[class]")?.getAttribute("class")} «${leaf.textContent.trim().slice(0, 20)}»`);
    }
  }
  complaints.push(...[...small].slice(0, 5));

  // Contrast of words with what lies behind them (WCAG 2.2, 1.4.3).
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  function colour(text) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  }
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  function behind(element) {
    const shape = element.closest(".node")?.querySelector("circle, rect");
    if (shape) return colour(getComputedStyle(shape).fill);
    for (let box = element; box; box = box.parentElement) {
      const found = colour(getComputedStyle(box).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255]; // paper
  }
  const told = new Set();
  for (const { element } of pieces) {
    if (element.closest("button:disabled")) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const [a, b] = [light(colour(element.localName === "text" ? style.fill : style.color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), least = size >= 24 || (size >= 18.66 && style.fontWeight >= 600) ? 3 : 4.5;
    const words = `contrast ${ratio.toFixed(2)} in ${element.localName}.${element.getAttribute("class") ?? ""} of ${element.parentElement.localName}.${element.parentElement.getAttribute("class") ?? ""}`;
    if (ratio < least && !told.has(words)) { told.add(words); complaints.push(words); }
  }
  return complaints;
})()
