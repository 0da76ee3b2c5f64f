// The words of the page, by language and key, as templates/words has them. Elements that are marked with a key are spoken anew.

let tables = {};
const language = () => document.documentElement.lang;

export async function load() {
  tables = await (await fetch("words.json")).json();
}

/** A text, its slots filled; none before the words are loaded. */
export function word(key, values = {}) {
  return (tables[language()]?.[key] ?? "").replace(/\{(\w+)\}/g, (slot, name) => values[name] ?? slot);
}

/** Change the language of all that is marked with data-word (its text) or data-label (its accessible name). */
export function speak(name) {
  if (!(name in tables) || name === language()) return;
  document.documentElement.lang = name;
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.ariaLabel = word(element.dataset.label);
}
