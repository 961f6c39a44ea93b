/** The tender file editor: the form becomes the saved object; rules and sample scores answer while one types. */
import { act } from "./acts.js";
import { clearError, el, showError } from "./breaches.js";
import { beijing, serverNow } from "./clock.js";
import { post } from "./net.js";
import { t } from "./words.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-tender-file]"));
const check = document.getElementById("check");
const preview = document.getElementById("preview");
let saved = "";
let waiting;

function put(target, path, value) {
  const steps = path.split(".");
  const last = steps.pop();
  let here = target;
  for (const step of steps) here = here[step] ??= {};
  here[last] = value;
}

/** A field's value; undefined when it is empty and may be left out. */
function valueOf(field) {
  if (field.type === "checkbox") return field.checked;
  const text = field.value.trim();
  if (text === "") return "keep" in field.dataset ? "" : undefined;
  if (field.dataset.kind === "bool") return text === "true";
  if (field.dataset.kind === "names") return text.split(/\s*[,，、;；]\s*/).filter(Boolean); // names may have spaces
  if (field.dataset.kind === "list") return text.split(/[\s,，、;；]+/).filter(Boolean);
  return field.dataset.kind === "int" ? Number.parseInt(text, 10) : text;
}

const shut = (field) => field.closest("[data-when][hidden], [data-unless][hidden]") !== null;

function rowsOf(list) {
  const found = [];
  for (const item of list.querySelectorAll("[data-item]")) {
    const row = {};
    for (const field of item.querySelectorAll("[data-key]")) {
      const value = valueOf(field);
      if (value !== undefined) put(row, field.dataset.key, value);
    }
    found.push(row);
  }
  return found;
}

/** The object that file.save takes. */
function read() {
  const file = {};
  for (const field of form.querySelectorAll("[name]")) {
    if (shut(field)) continue;
    const value = valueOf(field);
    if (value !== undefined) put(file, field.name, value);
  }
  for (const list of form.querySelectorAll("[data-list]")) if (!shut(list)) put(file, list.dataset.list, rowsOf(list));
  return tidy(file);
}

/** From the form's shape to the file's: lists to objects, empty options left out. */
function tidy(file) {
  const { tie_by_price: tie, own_grounds: grounds, deductions, sites, bond_forms: forms, ...rest } = file;
  const { evaluation } = rest;
  rest.settings.bond_forms = Object.keys(forms).filter((form) => forms[form]);
  name(rest.settings.components ?? [], "part");
  if (evaluation.brands?.core?.length) name(evaluation.brands.core, "core");
  else delete evaluation.brands;
  if (evaluation.blind?.layout) {
    const { asked, ...layout } = evaluation.blind.layout;
    evaluation.blind.layout = layout;
    if (!asked) delete evaluation.blind.layout;
  }
  evaluation.ties = tie ? ["price"] : [];
  evaluation.reject_grounds = grounds;
  if (deductions.length) evaluation.price.deductions = Object.fromEntries(deductions.map((one) => [one.flag ?? "", one.rate ?? ""]));
  if (!deductions.some((one) => one.flag === "small_share")) delete evaluation.price.least_share;
  const benchmark = evaluation.price.benchmark;
  if (benchmark && !benchmark.trim?.length) delete benchmark.trim;
  for (const criterion of evaluation.criteria) if (criterion.trim) criterion.trim = [criterion.trim];
  if (!evaluation.criteria.length) delete evaluation.criteria;
  rest.remote = rest.remote?.mode ? { ...rest.remote, members_by_site: Object.fromEntries((sites ?? []).map((one) => [one.region, one.count])) } : {};
  for (const key of Object.keys(rest.sections ?? {})) rest.sections[key] ??= "";
  return rest;
}

/** A row added here gets an id that no other has. */
function name(rows, prefix) {
  const taken = new Set(rows.map((one) => one.id));
  let n = 0;
  for (const one of rows) {
    while (!one.id && taken.has(`${prefix}${++n}`));
    one.id ||= `${prefix}${n}`;
    taken.add(one.id);
  }
}

/** Parts that belong to one choice only. */
function fold() {
  const value = (name) => {
    const field = form.querySelector(`[name="${name}"]`);
    return field.type === "checkbox" ? String(field.checked) : field.value;
  };
  for (const part of form.querySelectorAll("[data-when], [data-unless]")) {
    const [name, wanted] = (part.dataset.when ?? part.dataset.unless).split("=");
    part.hidden = (value(name) === wanted) === ("unless" in part.dataset);
  }
}

function breachRow(breach) {
  const row = el("div", undefined, "mb-3");
  const tone = breach.action === "W" ? "orange" : "red";
  row.append(el("span", t(breach.action === "W" ? "Warning, needs a reason" : "Blocks the issue"), `badge bg-${tone}-lt`), el("p", breach.text, "mb-0 fw-bold"));
  const facts = el("dl", undefined, "gh-facts mb-0");
  for (const [name, value] of [[t("Article"), breach.article], [t("Required"), breach.required], [t("Found"), breach.found]]) {
    if (value) facts.append(el("dt", name), el("dd", value));
  }
  row.append(facts);
  return row;
}

function showCheck({ error, breaches }) {
  const own = form.querySelectorAll("[aria-invalid]");
  own.forEach((field) => field.removeAttribute("aria-invalid"));
  for (const breach of breaches) form.querySelector(`[name="${CSS.escape(breach.field)}"]`)?.setAttribute("aria-invalid", "true");
  if (error) check.replaceChildren(el("p", error, "text-danger mb-0"));
  else if (!breaches.length) check.replaceChildren(el("p", t("No rule objects."), "text-success mb-0"));
  else check.replaceChildren(...breaches.map(breachRow));
}

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Points over price as a picture; the table below says the same in numbers. */
function curve({ bids, price_scores: points, percents }) {
  const values = bids.map((bid) => Number(points[bid.id]));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i) => 40 + (i * 240) / (bids.length - 1);
  const y = (value) => 120 - (high > low ? ((value - low) / (high - low)) * 90 : 45);
  const picture = shape("svg", { viewBox: "0 0 320 160", class: "gh-curve", role: "img", "aria-label": t("Price points by price, in percent of the ceiling") });
  picture.append(shape("line", { x1: 30, y1: 130, x2: 300, y2: 130, class: "axis" }), shape("polyline", { points: values.map((value, i) => `${x(i)},${y(value)}`).join(" "), class: "path" }));
  values.forEach((value, i) => {
    picture.append(shape("circle", { cx: x(i), cy: y(value), r: 4 }), shape("text", { x: x(i), y: y(value) - 10, "text-anchor": "middle" }, points[bids[i].id]), shape("text", { x: x(i), y: 148, "text-anchor": "middle" }, `${percents[i]}%`));
  });
  return picture;
}

function table(scored) {
  const node = el("table", undefined, "table table-sm mb-2");
  const head = el("tr");
  for (const name of ["Sample bid", "Price", "Price points", "Total", "Rank"]) head.append(Object.assign(el("th", t(name)), { scope: "col" }));
  const body = el("tbody");
  for (const bid of scored.bids) {
    const line = el("tr");
    const rank = scored.ranking.indexOf(bid.id) + 1;
    for (const text of [bid.id, bid.price, scored.price_scores[bid.id], scored.totals[bid.id], rank ? String(rank) : "—"]) line.append(el("td", text, "num"));
    body.append(line);
  }
  const top = el("thead");
  top.append(head);
  node.append(top, body);
  return node;
}

function showPreview(scored) {
  if (!scored || scored.error) {
    preview.replaceChildren(el("p", scored ? t("This cannot be scored yet: %(why)s", { why: scored.error }) : "—", "text-secondary mb-0"));
    return;
  }
  const steps = el("details");
  steps.append(el("summary", t("Steps of the calculation")));
  const list = el("ol", undefined, "small ps-3");
  for (const step of scored.derivation) list.append(el("li", `${step.step}: ${step.formula} = ${typeof step.result === "object" ? JSON.stringify(step.result) : step.result}`, "hash"));
  steps.append(list);
  preview.replaceChildren(el("p", t("Benchmark %(value)s", { value: scored.benchmark ?? "—" }), "mb-1"), curve(scored), table(scored), steps);
}

async function ask() {
  try {
    const answer = await post(`/cases/${form.dataset.case}/file/check`, read());
    showCheck(answer);
    if (answer.preview || !answer.error) showPreview(answer.preview);
  } catch (error) {
    check.replaceChildren(el("p", error.message, "text-danger mb-0"));
  }
}

function changed() {
  fold();
  const status = form.querySelector("[data-status]");
  status.textContent = JSON.stringify(read()) === saved ? "" : t("There are changes that are not saved.");
  clearTimeout(waiting);
  waiting = setTimeout(ask, 400);
}

form.addEventListener("input", changed);
form.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-add], [data-remove]");
  if (!button) return;
  const list = button.closest("[data-list]");
  if ("add" in button.dataset) {
    list.querySelector("[data-items]").append(list.querySelector("template").content.cloneNode(true));
    list.querySelector("[data-item]:last-child [data-key]").focus();
  } else {
    button.closest("[data-item]").remove();
    list.querySelector("[data-add]").focus();
  }
  changed();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = form.querySelector(":scope > fieldset > [data-breaches]");
  clearError(box);
  try {
    const file = read();
    await act("file.save", { case: form.dataset.case, payload: file });
    saved = JSON.stringify(file);
    form.querySelector("[data-status]").textContent = t("Saved at %(time)s", { time: beijing(serverNow()) });
    ask();
  } catch (error) {
    showError(box, error);
  }
});

addEventListener("beforeunload", (event) => {
  if (saved && JSON.stringify(read()) !== saved) event.preventDefault();
});

fold();
if ("fresh" in form.dataset) form.querySelector("[data-status]").textContent = t("There are changes that are not saved.");
else saved = JSON.stringify(read());
ask();
