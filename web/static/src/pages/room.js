/**
 * The evaluation room. Acts go over the open line and, when it is cut, over HTTP; each carries an id of its own (`once`), so
 * that sending it again after a cut does it only once. Findings and points not yet confirmed lie in this browser's store
 * and are sent again after a reload. What a page shows always comes from the server.
 */
import "../css/room.css";
import { get } from "./net.js";
import { clearError, showError } from "./breaches.js";
import { deliver } from "./deliver.js";
import { line, reload, send, typing, unfolded } from "./live.js";
import { prove } from "./sign.js";
import { t } from "./words.js";

const room = document.querySelector("[data-room]");
const CASE = room.dataset.room;
const KEY = `gongheng-room-${CASE}-${room.dataset.person}`;
const BEAT = 5000;

// -- sending ----------------------------------------------------------------------------------------------------------

/** Do an act of the room; undefined when the person did not confirm the signature. */
async function perform(name, payload, { signed = false, title } = {}) {
  const body = { case: CASE, payload: { ...payload, once: crypto.randomUUID() }, proof: {} };
  if (signed) {
    const proof = await prove({ act: name, case: CASE, payload: body.payload, title });
    if (!proof) return undefined;
    body.proof = proof;
  }
  return deliver(name, body, () => saved(t("The line is cut; it is sent again by itself.")));
}

// -- drafts: what the server has not confirmed ------------------------------------------------------------------------

const read = () => JSON.parse(localStorage.getItem(KEY) ?? "{}");
function keep(key, value) {
  const all = read();
  if (value === undefined) delete all[key];
  else all[key] = value;
  localStorage.setItem(KEY, JSON.stringify(all));
}

function saved(text) {
  for (const node of document.querySelectorAll("[data-saved]")) node.textContent = text;
}

function progress(kind, { done, of }) {
  const button = document.querySelector(`[data-lock="${kind}"]`);
  const why = button?.closest("form").querySelector("[data-lock-why]");
  if (!why) return;
  const found = why.querySelector("[data-lock-found]");
  if (found) found.textContent = String(done);
  if (done >= of) {
    button.disabled = false;
    button.removeAttribute("data-closed");
    why.hidden = true;
  }
}

/** Stages that come before the one in which a finding or points are taken. */
const BEFORE = { "prelim.mark": ["SIGN_IN", "LEADER"], "score.save": ["SIGN_IN", "LEADER", "PRELIM", "LACK"] };
/** A refusal that ends by itself, when a pause is over or a place filled: what was typed meanwhile is no error. */
const comesLater = (error, name) =>
  (error.breaches ?? []).some(({ rule }) => rule === "PAUSED" || rule === "INCOMPLETE" || (rule === "STAGE" && BEFORE[name]?.includes(room.dataset.stage)));

/** One after the other for a key, the newest value last: two changes never overtake each other. */
const lanes = new Map();
function save(form, key, name, payload) {
  const kind = name === "prelim.mark" ? "review" : "scores";
  keep(key, { name, payload });
  saved(t("Saving…"));
  const run = async () => {
    if (JSON.stringify(read()[key]?.payload) !== JSON.stringify(payload)) return;
    const box = form?.querySelector("[data-breaches]");
    if (box) clearError(box);
    try {
      const answer = await perform(name, payload);
      if (JSON.stringify(read()[key]?.payload) === JSON.stringify(payload)) keep(key, undefined);
      if (form) form.dataset.done = "yes";
      progress(kind, answer);
      saved(t("Saved."));
    } catch (error) {
      if (comesLater(error, name)) {
        saved(t("The sitting stands still; this is kept here and saved when it goes on."));
        return;
      }
      keep(key, undefined);
      if (form) delete form.dataset.sent;
      saved("");
      if (box) showError(box, error);
    }
  };
  const lane = (lanes.get(key) ?? Promise.resolve()).then(run);
  lanes.set(key, lane);
  return lane;
}

// -- findings and points ----------------------------------------------------------------------------------------------

function finding(form) {
  const value = (name) => form.elements.namedItem(name).value.trim();
  const verdict = value("pass");
  if (!verdict) return undefined;
  const base = { bid: form.dataset.mark, item: form.dataset.item, pass: verdict === "true" };
  if (base.pass) return base;
  const whole = { ...base, ground: value("ground"), page: value("page"), reason: value("reason"), unclear: form.elements.namedItem("unclear").checked };
  return whole.page && whole.reason ? whole : undefined;
}

/** A fail that is still being written lies in this browser until it is whole. */
const halfKey = (form) => `half-mark-${form.dataset.mark}-${form.dataset.item}`;
function half(form) {
  const fields = ["ground", "page", "reason"].map((name) => [name, form.elements.namedItem(name).value]);
  const { mark: bid, item } = form.dataset;
  keep(halfKey(form), { bid, item, unclear: form.elements.namedItem("unclear").checked, fields: { ...Object.fromEntries(fields), pass: "false" } });
  form.dataset.done = "no";
}

/** A lock signs what the server has: not while this page shows a fail that is begun, or points that cannot be read. */
function whole(name) {
  const begun = Object.entries(read()).find(([key]) => key.startsWith("half-mark-"))?.[1];
  if (name === "prelim.lock" && begun) {
    location.assign(`?bid=${encodeURIComponent(begun.bid)}#item-${encodeURIComponent(begun.item)}`);
    throw new Error(t("Ground, page and reason are still needed."));
  }
  const unread = document.querySelector("form[data-score] [aria-invalid]");
  if (unread && ["score.lock", "blind.lock"].includes(name)) {
    unread.focus();
    throw new Error(t("Points are a number with at most two decimals."));
  }
}

function onFinding(form) {
  const verdict = form.elements.namedItem("pass").value;
  form.querySelector(".rm-fail").hidden = verdict !== "false";
  const found = finding(form);
  const key = `mark-${form.dataset.mark}-${form.dataset.item}`;
  if (found) save(form, key, "prelim.mark", found);
  else if (verdict === "false") {
    half(form);
    saved(t("Ground, page and reason are still needed."));
  }
  if (found) keep(halfKey(form), undefined);
}

function onPoints(form) {
  const field = form.elements.namedItem("points");
  const points = field.value.trim().replace("，", ".").replace("。", ".");
  const key = `score-${form.dataset.score}-${form.dataset.criterion}`;
  clearTimeout(slow.get(form));
  field.removeAttribute("aria-invalid");
  if (points === "" ? form.dataset.done !== "yes" : points === form.dataset.sent) return;
  if (!/^\d+([.]\d{1,2})?$/.test(points)) {
    field.setAttribute("aria-invalid", "true");
    showError(form.querySelector("[data-breaches]"), new Error(t("Points are a number with at most two decimals.")));
    return;
  }
  form.dataset.sent = points;
  save(form, key, form.dataset.saves ?? "score.save", { bid: form.dataset.score, criterion: form.dataset.criterion, points });
}

async function passRest(button) {
  const bid = button.dataset.passRest;
  const open = [...document.querySelectorAll(`form[data-mark="${bid}"]`)].filter((form) => !form.elements.namedItem("pass").value);
  if (!open.length) return;
  button.disabled = true;
  const marks = open.map((form) => ({ bid, item: form.dataset.item, pass: true }));
  try {
    saved(t("Saving…"));
    const answer = await perform("prelim.mark", { marks });
    for (const form of open) {
      form.querySelector('input[name="pass"][value="true"]').checked = true;
      form.dataset.done = "yes";
    }
    progress("review", answer);
    saved(t("Saved."));
  } catch (error) {
    saved("");
    showError(open[0].querySelector("[data-breaches]"), error);
  } finally {
    button.disabled = false;
  }
}

/** What a reload or a cut line left unconfirmed. */
function resume() {
  for (const [key, one] of Object.entries(read())) {
    if (one.name) {
      const form = [...document.querySelectorAll("form[data-mark], form[data-score]")].find((node) => key.endsWith(`${node.dataset.mark ?? node.dataset.score}-${node.dataset.item ?? node.dataset.criterion}`));
      if (form?.dataset.score) form.elements.namedItem("points").value = form.dataset.sent = one.payload.points;
      save(form, key, one.name, one.payload);
      continue;
    }
    const form = [...document.querySelectorAll("form[data-mark]")].find((node) => key === halfKey(node));
    if (!form || !one.fields) continue;
    for (const [name, value] of Object.entries(one.fields)) form.elements.namedItem(name).value = value;
    form.elements.namedItem("unclear").checked = one.unclear;
    form.querySelector(".rm-fail").hidden = false;
    form.dataset.done = "no";
  }
}

// -- other acts -------------------------------------------------------------------------------------------------------

function collect(form) {
  const payload = {};
  for (const field of form.elements) {
    if (!field.name || (field.type === "radio" && !field.checked)) continue;
    if (field.dataset.kind === "bool") payload[field.name] = field.type === "checkbox" ? field.checked : field.value === "true";
    else if (field.dataset.kind === "json") payload[field.name] = JSON.parse(field.value);
    else if (field.dataset.kind === "int") payload[field.name] = Number.parseInt(field.value, 10);
    else payload[field.name] = field.value.trim();
  }
  return payload;
}

/** The sheet that is signed: as the server has it, so that nothing unseen is locked. */
async function sheet() {
  const { result } = await get("/api/v1/ask/room.view", { case: CASE });
  const valid = new Set(result.bids.map((bid) => bid.id).filter((id) => !(id in result.rejected)));
  return Object.fromEntries(Object.entries(result.mine.scores).filter(([bid]) => valid.has(bid)));
}

async function submit(form) {
  const box = form.querySelector("[data-breaches]");
  const buttons = [...form.querySelectorAll("button")];
  const { roomAct: name, title, then } = form.dataset;
  clearError(box);
  buttons.forEach((button) => (button.disabled = true));
  form.setAttribute("aria-busy", "true");
  try {
    await Promise.all(lanes.values());
    whole(name);
    const payload = "scores" in form.dataset ? { scores: await sheet() } : collect(form);
    const done = await perform(name, payload, { signed: "signed" in form.dataset, title });
    if (done === undefined) return;
    for (const field of form.querySelectorAll("[data-draft]")) keep(`text-${field.dataset.draft}`, undefined);
    if (then === "tasks") await renewTasks(true);
    else if (then === "reload") location.reload();
    else location.assign(then);
  } catch (error) {
    showError(box, error);
  } finally {
    form.removeAttribute("aria-busy");
    buttons.forEach((button) => (button.disabled = button.hasAttribute("data-closed")));
  }
}

/** The locks as they stand now: a page that came during a pause, or before a place was filled, opens them without a reload. */
function renewLocks(page) {
  for (const lock of document.querySelectorAll(".rm-lock")) {
    const fresh = page.querySelector(`.rm-lock[data-room-act="${lock.dataset.roomAct}"]`);
    const closed = lock.querySelector("button").hasAttribute("data-closed");
    if (fresh && closed) lock.replaceWith(document.importNode(fresh, true));
  }
}

async function renewTasks(force = false) {
  const node = document.getElementById("room-tasks");
  if (!node) return;
  const response = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => undefined);
  // Whoever was taken out of the committee has no room any more: nothing of it stays on the screen.
  if (response?.status === 404) location.assign("/invitations");
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("room-tasks");
  const stage = page.querySelector("[data-room]")?.dataset.stage;
  if (!fresh || stage !== room.dataset.stage) reload();
  else {
    renewLocks(page);
    if (force || !(typing(node) || node.querySelector("form[aria-busy]"))) {
      const unfold = unfolded(node);
      node.replaceChildren(...[...fresh.childNodes].map((one) => document.importNode(one, true)));
      unfold(node);
    }
  }
  recall();
}

/** Half-written reasons come back after a reload. */
function recall() {
  const all = read();
  for (const field of document.querySelectorAll("[data-draft]")) {
    const text = all[`text-${field.dataset.draft}`];
    if (text && !field.value) field.value = text;
  }
}

// -- listening --------------------------------------------------------------------------------------------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.dataset.mark || form.dataset.score) event.preventDefault();
  if (!form.dataset.roomAct) return;
  event.preventDefault();
  submit(form);
});

document.addEventListener("change", (event) => {
  const field = event.target;
  const form = field.form;
  if (field.matches("[data-beside]")) {
    const address = new URL(location.href);
    if (field.value) address.searchParams.set("beside", field.value);
    else address.searchParams.delete("beside");
    location.assign(address);
  } else if (form?.dataset.mark) onFinding(form);
  else if (form?.dataset.score) onPoints(form);
});

const slow = new Map();
document.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset?.draft) keep(`text-${field.dataset.draft}`, field.value || undefined);
  else if (field.form?.dataset.mark && field.type !== "radio") half(field.form);
  else if (field.form?.dataset.score) {
    // Points are saved while they are typed, too: a reload before leaving the field must not lose them.
    clearTimeout(slow.get(field.form));
    slow.set(field.form, setTimeout(() => onPoints(field.form), 700));
  }
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-pass-rest]");
  if (button) passRest(button);
});

/** What others do that changes my tasks; the page is asked whether the stage has really moved. */
const TOGETHER = ["sitting.stage", "sitting.paused", "sitting.resumed", "review.locked", "score.locked", "reject.voted", "lack.voted", "leader.voted", "leader.counted", "report.made", "anomaly.answered", "clarification.asked", "clarification.answered", "lowprice.doubted", "lowprice.voted", "brand.stated", "figures.asked", "figures.answered", "unlock.asked", "unlock.decided", "blind.locked", "blind.prepared", "pledge.signed", "seat.revealed", "halt.confirmed", "duty.assigned", "seat.changed", "seat.change_asked", "member.offline", "member.back", "flaw.voted", "flaw.settled", "committee.void"];
/** Every finding and point of a member is told to the room; only those who watch see it move. */
const PROGRESS = ["review.progress", "score.progress"];
document.addEventListener("gh:live", (told) => {
  const { kind, data } = told.detail;
  if (room.dataset.again?.split(" ").includes(kind) || (["seat.changed", "member.rejoined"].includes(kind) && data.member === room.dataset.member)) reload();
  else if (PROGRESS.includes(kind) && room.dataset.member && data.member !== room.dataset.member) told.preventDefault();
  else if (TOGETHER.includes(kind)) renewTasks();
  if (kind === "sitting.resumed") resume();
});
document.addEventListener("gh:out", () => renewTasks());

function there({ member, there: present }) {
  for (const dot of document.querySelectorAll(`[data-member="${CSS.escape(member)}"]`)) dot.dataset.there = present ? "yes" : "no";
}

/** A heartbeat every five seconds; the server tells the room who comes and who falls silent. */
if (room.dataset.member) {
  const beat = () => line().connected && send("beat", { case: CASE }).catch(() => undefined);
  line().on("connect", beat);
  setInterval(beat, BEAT);
}
line().on("heartbeat", there);

/** The address names the bid that is shown: a refresh of the list must not choose the next one beside this one's form. */
const shown = document.querySelector("#room-bids > .here > a");
if (shown && !new URLSearchParams(location.search).has("bid")) history.replaceState(null, "", shown.href);
recall();
resume();
