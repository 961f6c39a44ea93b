/** The buyer's form of an auction: lines that can be added, categories by search, saved as a draft or published at once. */
import "../css/auction.css";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { get } from "./net.js";
import { t } from "./words.js";

const form = document.querySelector("form[data-auction]");
const lines = form.querySelector("[data-lines]");
const found = document.getElementById("found-categories");
let next = lines.children.length + 1;
let asked = "";

function add() {
  const fresh = document.importNode(form.querySelector("template").content, true);
  for (const node of fresh.querySelectorAll("[id], [for]")) for (const name of ["id", "for"]) if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace("-N", `-${next}`));
  next += 1;
  lines.append(fresh);
  lines.lastElementChild.querySelector("input").focus();
}

/** @param {string} text lines of `name: text` */
function specs(text) {
  const pairs = text.split("\n").map((line) => line.split(/[:：]/)).filter(([name, ...rest]) => name.trim() && rest.join("").trim());
  return Object.fromEntries(pairs.map(([name, ...rest]) => [name.trim(), rest.join(":").trim()]));
}

function lineOf(row) {
  const value = (name) => row.querySelector(`[data-name=${name}]`).value.trim();
  const made = { category: value("category"), name: value("name"), unit: value("unit"), quantity: value("quantity"), specs: specs(value("specs")) };
  for (const name of ["brand", "model"]) if (value(name)) made[name] = value(name);
  return made;
}

function payload() {
  const value = (name) => form.elements.namedItem(name).value.trim();
  const made = { lines: [...lines.querySelectorAll("[data-goods]")].map(lineOf) };
  for (const name of ["regime", "title", "region", "address", "receiver", "entrants", "ceiling", "step", "opens_at", "ends_at", "window", "extend", "most_extensions", "far"]) made[name] = value(name);
  if (value("note")) made.note = value("note");
  if (made.entrants === "invited") made.invited = value("invited").split(/[\s,，、;；]+/).filter(Boolean);
  return made;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const buttons = [...form.querySelectorAll("button")];
  const publish = event.submitter?.value !== "save";
  clearError(box);
  buttons.forEach((button) => (button.disabled = true));
  try {
    const { auction } = await act("auction.save", { case: form.dataset.auction, payload: payload() });
    form.dataset.auction = auction; // a second try changes this draft
    if (publish && !(await act("auction.publish", { case: auction, payload: {}, signed: true, title: t("Publish the auction") }))) return;
    location.assign(`/mall/auctions/${auction}`);
  } catch (error) {
    showError(box, error);
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
});

form.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : undefined;
  if (target?.closest("[data-add]")) add();
  const remove = target?.closest("[data-remove]");
  if (remove && lines.children.length > 1) remove.closest("[data-goods]").remove();
});

form.addEventListener("input", async (event) => {
  if (event.target.dataset.name !== "category") return;
  const words = event.target.value.trim();
  if (words.length < 2 || words === asked) return;
  asked = words;
  const { rows } = await get("/mall/auctions/categories", { words });
  if (words !== asked) return;
  found.replaceChildren(...rows.map((one) => Object.assign(document.createElement("option"), { value: one.code, label: `${one.code} ${one.name}` })));
});
