/**
 * Pages of the mall's suppliers and of its desk: a picker that asks as one types, pictures, rows of a template.
 *
 * Picker: arrows move, Enter takes, Right goes into a category, Left comes back, Escape closes. What is chosen is a box
 * with a tick (several) or a hidden field (one), so that the form needs no script to send it.
 */
import { sha256hex } from "../crypto/index.js";
import { clearError, el, showError } from "./breaches.js";
import { get, post } from "./net.js";
import { upload } from "./tus.js";
import { t } from "./words.js";

const WAIT = 150;

class Picker {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.input = root.querySelector("[role=combobox]");
    this.list = root.querySelector("[role=listbox]");
    this.chosen = root.querySelector("[data-chosen]");
    this.up = [];
    this.asked = 0;
    this.at = -1;
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), WAIT);
    });
    this.input.addEventListener("focus", () => this.list.hidden && this.look());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (!row) return;
      const into = event.target.closest("[data-into]");
      if (into || row.getAttribute("aria-disabled")) this.into(row.dataset);
      else this.take(row.dataset);
    });
  }

  async look(under) {
    const text = this.input.value.trim();
    const turn = (this.asked += 1);
    const query = under !== undefined ? { under } : text ? { text } : { under: "" };
    if (under === undefined) this.up = [];
    try {
      const { result } = await get(`/api/v1/ask/${this.root.dataset.pick}`, query);
      if (turn === this.asked) this.show(result.found);
    } catch (error) {
      if (turn === this.asked) this.say(t(error.message));
    }
  }

  say(text) {
    const row = el("li", text, "list-group-item");
    row.setAttribute("role", "presentation");
    this.list.replaceChildren(row);
    this.open();
  }

  show(found) {
    if (!found.length) return this.say(t("Nothing is found."));
    this.list.replaceChildren(...found.map((one, n) => this.row(one, n)));
    this.open();
    this.move(0);
  }

  row(one, n) {
    const row = el("li", undefined, "list-group-item list-group-item-action");
    row.id = `${this.list.id}-${n}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    Object.assign(row.dataset, { code: one.code, name: one.name, more: one.more ? "1" : "" });
    const shut = one.doubtful || ("leaf" in this.root.dataset && !one.code.slice(1));
    if (shut) row.setAttribute("aria-disabled", "true");
    row.append(el("span", one.name, "me-2"), el("span", one.code, "text-secondary num me-2"));
    if (one.more) {
      const into = el("span", "›", "badge bg-secondary-lt float-end");
      into.dataset.into = "";
      into.title = t("Open what lies below (→)");
      row.append(into);
    }
    if (one.path) row.append(el("div", one.path, "gh-why"));
    return row;
  }

  open() {
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  close() {
    clearTimeout(this.timer);
    this.asked += 1;
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  rows() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  move(to) {
    const rows = this.rows();
    if (!rows.length) return;
    this.at = (to + rows.length) % rows.length;
    rows.forEach((row, n) => {
      row.setAttribute("aria-selected", String(n === this.at));
      row.classList.toggle("active", n === this.at);
    });
    this.input.setAttribute("aria-activedescendant", rows[this.at].id);
    rows[this.at].scrollIntoView({ block: "nearest" });
  }

  into(row) {
    if (!row.more) return;
    this.up.push(row.code);
    this.look(row.code);
  }

  key(event) {
    const row = this.rows()[this.at];
    if (event.key === "Escape") return this.close();
    if (event.key === "ArrowDown" && this.list.hidden) return void this.look();
    if (event.key === "Enter") {
      event.preventDefault(); // also where nothing is shown: the form is sent by its button
      if (row && !row.getAttribute("aria-disabled")) this.take(row.dataset);
      else if (row) this.into(row.dataset);
      return;
    }
    const inText = this.input.value && this.up.length === 0;
    if (event.key === "ArrowDown") this.move(this.at + 1);
    else if (event.key === "ArrowUp") this.move(this.at - 1);
    else if (event.key === "ArrowRight" && row?.dataset.more && (!inText || this.input.selectionEnd === this.input.value.length)) this.into(row.dataset);
    else if (event.key === "ArrowLeft" && this.up.length) {
      this.up.pop();
      const above = this.up.at(-1);
      if (above === undefined) this.look();
      else this.look(above);
    } else return;
    event.preventDefault();
  }

  take({ code, name }) {
    const { name: field } = this.root.dataset;
    if ("single" in this.root.dataset) {
      const box = el("p", `${name} `, "mb-1 fw-bold");
      const hidden = Object.assign(el("input"), { type: "hidden", name: field, value: code });
      box.append(el("span", code, "text-secondary num"), hidden);
      this.chosen.replaceChildren(box);
    } else if (![...this.chosen.querySelectorAll("input")].some((one) => one.value === code)) {
      const box = el("label", undefined, "form-check");
      const tick = Object.assign(el("input", undefined, "form-check-input"), { type: "checkbox", name: field, value: code, checked: true });
      const said = el("span", `${name} `, "form-check-label");
      said.append(el("span", code, "text-secondary num"));
      box.append(tick, said);
      this.chosen.append(box);
    } else for (const one of this.chosen.querySelectorAll("input")) if (one.value === code) one.checked = true;
    this.input.value = "";
    this.close();
    this.chosen.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

for (const root of document.querySelectorAll("[data-pick]")) new Picker(root);

/** Every box of a list at once. */
document.addEventListener("change", (event) => {
  const all = event.target;
  if (!(all instanceof HTMLInputElement) || !all.dataset.all) return;
  for (const one of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) one.checked = all.checked;
});

/** Pictures: uploaded like any file, drawn anew by the server, shown as they will be seen. */
document.addEventListener("change", async (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.matches("[data-pictures]")) return;
  const form = field.form;
  const box = form.querySelector("[data-breaches]");
  const status = form.querySelector("[data-status]");
  clearError(box);
  field.disabled = true;
  try {
    for (const file of field.files) {
      status.textContent = t("Uploading %(name)s: %(part)s %", { name: file.name, part: 0 });
      const own = await sha256hex(new Uint8Array(await file.arrayBuffer()));
      const stored = await upload(file, undefined, { name: file.name });
      if (stored.sha256 !== own) throw new Error(t("The server stored other bytes than this file."));
      const { sha256 } = await post("/mall/supply/pictures", { sha256: own });
      form.querySelector("[data-shown]").append(shown(sha256, file.name));
    }
  } catch (error) {
    showError(box, error);
  } finally {
    [status.textContent, field.value, field.disabled] = ["", "", false];
  }
});

function shown(sha256, name) {
  const box = el("label", undefined, "ml-picture");
  const tick = Object.assign(el("input", undefined, "form-check-input"), { type: "checkbox", name: "pictures", value: sha256, checked: true });
  tick.setAttribute("aria-label", t("Show %(name)s", { name }));
  box.append(Object.assign(el("img"), { src: `/mall/pictures/${sha256}`, alt: name }), tick);
  return box;
}

/** A template's rows: one more, one less; sent as the act's list of fields. */
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-add-row], [data-drop-row]");
  if (!button) return;
  const rows = document.querySelector("[data-rows]");
  if ("dropRow" in button.dataset) button.closest("[data-row]").remove();
  else {
    rows.append(document.getElementById("row").content.cloneNode(true));
    rows.lastElementChild.querySelector("input").focus();
  }
  gather(rows.closest("form"));
});

/** The hidden field `fields` says what the rows say. */
function gather(form) {
  const rows = [...form.querySelectorAll("[data-row]")].map((row) => {
    const at = (key) => row.querySelector(`[data-key="${key}"]`);
    const choices = at("choices").value.split(/[,，、;；\n]+/).map((one) => one.trim()).filter(Boolean);
    return { name: at("name").value.trim(), kind: at("kind").value, required: at("required").checked, unit: at("unit").value.trim(), choices };
  });
  form.elements.namedItem("fields").value = JSON.stringify(rows);
}

const kept = document.querySelector("[data-rows]")?.closest("form");
if (kept) {
  kept.addEventListener("input", () => gather(kept));
  kept.addEventListener("change", () => gather(kept));
  gather(kept);
}
