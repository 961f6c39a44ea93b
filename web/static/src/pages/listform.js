/**
 * Forms with lists of rows, sent as one act: `form[data-list-act]` with named fields, `[data-list]` of `[data-item]` rows
 * whose fields say `data-key`, a `template[data-row]` for a new row, `[data-add]` and `[data-drop]` buttons.
 * A field `[data-category]` is offered categories by code or name while one types.
 */
import { act } from "./acts.js";
import { clearError, el, showError } from "./breaches.js";
import { get } from "./net.js";

function valueOf(field) {
  if (field.multiple) return [...field.selectedOptions].map((option) => option.value);
  const text = field.value.trim();
  if (field.dataset.kind === "int") return text === "" ? null : Number(text);
  if (field.dataset.kind === "list") return text.split(/[\n,，、;；]+/).map((one) => one.trim()).filter(Boolean);
  return text;
}

const filled = (value) => value !== "" && value !== null && !(Array.isArray(value) && value.length === 0);

/** Rows of a list; a row in which nothing was filled in is left out. */
function rows(list) {
  const found = [...list.querySelectorAll("[data-item]")].map((item) =>
    Object.fromEntries([...item.querySelectorAll("[data-key]")].map((field) => [field.dataset.key, valueOf(field)]).filter(([, value]) => filled(value))),
  );
  return found.filter((row) => Object.keys(row).length);
}

function read(form) {
  const payload = {};
  for (const field of form.querySelectorAll("[name]")) {
    if (field.closest("[hidden], template")) continue;
    const value = valueOf(field);
    if (filled(value) || !("omit" in field.dataset)) payload[field.name] = value;
  }
  for (const list of form.querySelectorAll("[data-list]")) payload[list.dataset.list] = rows(list);
  return payload;
}

/** Parts of a form that belong to one choice only: `data-when="to_whom=brands"`. */
function fold(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, wanted] = part.dataset.when.split("=");
    part.hidden = form.elements.namedItem(name).value !== wanted;
  }
}

async function send(form) {
  const box = form.querySelector("[data-breaches]");
  const buttons = [...form.querySelectorAll("button")];
  clearError(box);
  buttons.forEach((button) => (button.disabled = true));
  try {
    const result = await act(form.dataset.listAct, { case: form.dataset.case ?? "", payload: read(form) });
    const next = form.dataset.next;
    if (next) location.assign(next.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(result[key] ?? "")));
    else location.reload();
  } catch (error) {
    showError(box, error);
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.listAct) return;
  event.preventDefault();
  send(form);
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-add], [data-drop]");
  if (!button) return;
  if (button.dataset.add) {
    const form = button.closest("form");
    const list = form.querySelector(`[data-list="${button.dataset.add}"]`);
    list.append(form.querySelector(`template[data-row="${button.dataset.add}"]`).content.cloneNode(true));
    list.lastElementChild.querySelector("[data-key]").focus();
  } else button.closest("[data-item]").remove();
});

for (const form of document.querySelectorAll("form[data-list-act]")) {
  fold(form);
  form.addEventListener("change", () => fold(form));
}

// -- categories --------------------------------------------------------------------------------------------------------

let offers;

/** The mall answers with what it finds; where it does not, the code is typed as it is. */
async function offer(field) {
  const text = field.value.trim();
  if (text.length < 2) return;
  const { result } = await get("/api/v1/ask/category.look_up", { text }).catch(() => ({ result: { found: [] } }));
  offers ??= Object.assign(document.body.appendChild(el("datalist")), { id: "gh-categories" });
  offers.replaceChildren(...result.found.map(({ code, name }) => Object.assign(document.createElement("option"), { value: code, label: `${code} ${name}` })));
  field.setAttribute("list", offers.id);
}

document.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement && "category" in event.target.dataset) offer(event.target);
});
