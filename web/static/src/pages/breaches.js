/** Refusals on the page: the sentence, the article, what was required and what was found. */
import { t } from "./words.js";

/** @param {string} name @param {string} [text] @param {string} [cls] */
export function el(name, text, cls) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (cls) node.className = cls;
  return node;
}

function facts(breach) {
  const list = el("dl");
  for (const [name, value] of [
    [t("Article"), breach.article],
    [t("Required"), breach.required],
    [t("Found"), breach.found],
  ]) {
    if (value) list.append(el("dt", name), el("dd", value));
  }
  return list;
}

/** Show an error in `box`, and mark the fields that the breaches name. @param {HTMLElement} box @param {any} error */
export function showError(box, error) {
  box.replaceChildren();
  const breaches = error?.breaches ?? [];
  if (!breaches.length) box.append(el("p", t(error?.message ?? String(error)), "mb-0"));
  for (const breach of breaches) {
    const title = el("p", breach.text, "mb-0 fw-bold");
    box.append(title, facts(breach));
    const field = breach.field && box.closest("form")?.elements.namedItem(breach.field);
    if (field instanceof HTMLElement) field.setAttribute("aria-invalid", "true");
  }
  box.hidden = false;
  box.tabIndex = -1;
  box.focus();
  box.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} box */
export function clearError(box) {
  box.hidden = true;
  box.replaceChildren();
  for (const field of box.closest("form")?.querySelectorAll("[aria-invalid]") ?? []) field.removeAttribute("aria-invalid");
}
