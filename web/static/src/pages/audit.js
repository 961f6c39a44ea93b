/** The audit: the check of integrity in words, live follow and "more" without losing one's place, the replay slider. */
import { clearError, el, showError } from "./breaches.js";
import { get } from "./net.js";
import { t } from "./words.js";

const audit = document.querySelector("[data-audit]");
const replay = document.querySelector("[data-replay]");

// -- does it still hold -----------------------------------------------------------------------------------------------

async function check(button) {
  const shown = audit.querySelector("[data-integrity-result]");
  const box = audit.querySelector("[data-integrity-result] + [data-breaches]");
  clearError(box);
  shown.replaceChildren(el("p", t("Recomputing…"), "text-secondary mb-0"));
  button.disabled = true;
  try {
    const { result } = await get("/api/v1/ask/audit.integrity", { case: audit.dataset.audit });
    const head = result.holds ? el("p", t("It holds: nothing was changed, removed or put in between."), "text-success fw-bold mb-1") : el("p", `${t("It does not hold:")} ${result.fault}`, "text-danger fw-bold mb-1");
    const list = el("ul", undefined, "mb-0 ps-3");
    for (const one of result.streams) {
      const row = el("li", `${one.stream}: ${t("%(n)s entries, %(under)s of them under a checkpoint", { n: one.size, under: one.checkpoint })}`);
      row.append(el("div", one.root, "hash text-secondary"));
      list.append(row);
    }
    shown.replaceChildren(head, list);
  } catch (error) {
    shown.replaceChildren();
    showError(box, error);
  } finally {
    button.disabled = false;
  }
}

// -- more, and what is new --------------------------------------------------------------------------------------------

async function page(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(t("The server gave no answer."));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Lines of a fetched page that are not shown yet; marked when they are news. */
function append(fresh, news) {
  const list = document.getElementById("audit-lines");
  for (const line of fresh.querySelectorAll("#audit-lines > li")) {
    if (document.getElementById(line.id)) continue;
    const own = document.importNode(line, true);
    if (news) own.dataset.new = "";
    list.append(own);
  }
}

async function more(link) {
  const fresh = await page(link.href);
  append(fresh, false);
  const next = fresh.querySelector("[data-more]");
  link.dataset.here = link.href;
  link.href = next.href;
  link.hidden = next.hidden;
  document.querySelector("[data-follow]").textContent = fresh.querySelector("[data-follow]").textContent;
}

/** Only when the end of the list is shown: the newest page is asked for again. */
let busy = false;
async function follow() {
  const link = document.querySelector("[data-more]");
  if (!link.hidden || busy) return;
  busy = true;
  try {
    for (let address = link.dataset.here ?? location.href; ; ) {
      const fresh = await page(address);
      append(fresh, true);
      const next = fresh.querySelector("[data-more]");
      link.dataset.here = address;
      if (next.hidden) return;
      address = next.href;
    }
  } finally {
    busy = false;
  }
}

// -- the slider -------------------------------------------------------------------------------------------------------

const SHOWN = 12;
const SAID = JSON.parse(document.getElementById("replay-words")?.textContent ?? '{"states": {}, "kinds": {}}');
/** What a kind of entry says. @param {string} kind */
const about = (kind) => SAID.kinds[kind] ?? kind;

async function load(subject) {
  const all = { stations: [], events: [] };
  for (let after = ""; ; ) {
    const { result } = await get("/api/v1/ask/audit.replay", after ? { case: subject, after } : { case: subject });
    all.stations = result.stations;
    all.events.push(...result.events);
    if (!result.next) return all;
    after = result.next;
  }
}

const when = (text) => text.slice(0, 19).replace("T", " ");

function draw(node, { stations, events }, index) {
  const now = events[index];
  const state = stations.filter((one) => Date.parse(one.at) <= Date.parse(now.at)).pop();
  node.querySelector("[data-at]").textContent = when(now.at);
  node.querySelector("[data-state]").textContent = state ? (SAID.states[state.state] ?? state.state) : "";
  node.querySelector("[data-place]").textContent = `${index + 1} / ${events.length}`;
  const list = node.querySelector("[data-events]");
  list.replaceChildren();
  for (const one of events.slice(Math.max(0, index - SHOWN + 1), index + 1).reverse()) {
    const line = el("li");
    const what = el("div");
    what.append(el("strong", about(one.kind)), el("div", one.org_name || (one.person === "system" ? t("by itself") : ""), "text-secondary"));
    line.append(el("time", when(one.at), "num"), what);
    list.append(line);
  }
  const counts = new Map();
  for (const one of events.slice(0, index + 1)) counts.set(one.kind, (counts.get(one.kind) ?? 0) + 1);
  const rows = [...counts].map(([kind, count]) => {
    const row = el("li", undefined, "list-group-item d-flex justify-content-between py-1");
    row.append(el("span", about(kind)), el("span", String(count), "num"));
    return row;
  });
  node.querySelector("[data-counts]").replaceChildren(...rows);
}

async function startReplay(node) {
  const told = await load(node.dataset.replay);
  const slider = node.querySelector("#slider");
  if (!told.events.length) return;
  slider.max = String(told.events.length - 1);
  const show = () => draw(node, told, Number(slider.value));
  const go = (by) => {
    slider.value = String(Number(slider.value) + by);
    show();
  };
  let timer;
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };
  slider.addEventListener("input", show);
  node.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step], [data-play]");
    if (!button) return;
    if (button.dataset.step) go(Number(button.dataset.step));
    else if (timer) stop();
    else timer = setInterval(() => (Number(slider.value) >= told.events.length - 1 ? stop() : go(1)), 400);
  });
  show();
}

if (audit) {
  audit.addEventListener("click", (event) => {
    const button = event.target.closest("[data-integrity], [data-more]");
    if (!button) return;
    if ("integrity" in button.dataset) check(button);
    else {
      event.preventDefault();
      more(button).catch(() => location.assign(button.href));
    }
  });
  document.addEventListener("gh:live", () => follow().catch(() => undefined));
}
if (replay) startReplay(replay);
