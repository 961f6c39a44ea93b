/** Words of scripts: the page carries the catalogue's sentences in a JSON block, in the reader's language. */
const block = document.getElementById("gh-words");
/** @type {Record<string, string>} */
const table = block ? JSON.parse(block.textContent) : {};

/** The sentence for an English message id, `%(name)s` replaced. @param {string} id @param {Record<string, unknown>} [values] */
export function t(id, values = {}) {
  return (table[id] ?? id).replace(/%\((\w+)\)s/g, (_, name) => String(values[name] ?? ""));
}
