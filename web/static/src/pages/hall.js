/**
 * The opening hall: bidders unlock, custodians release, prices are read aloud. Keys stay in this browser.
 *
 * An event changes its own row here; only what is small and rare (head, controls, troubles) is fetched anew, without the
 * table. The whole table is fetched once, when the hall opens.
 */
import { b64, unwrapFileKey, unwrapShare } from "../crypto/index.js";
import { Sha256 } from "../crypto/sha256.js";
import { act } from "./acts.js";
import { clearError, el, showError } from "./breaches.js";
import { beijing } from "./clock.js";
import { refresh } from "./live.js";
import { heldKey } from "./openkey.js";
import { reader } from "./voice.js";
import { t } from "./words.js";

const hall = JSON.parse(document.getElementById("hall").textContent);
const say = (words) => (document.getElementById("hall-say").textContent = words);
const LIGHT = `${location.pathname}?rows=no`;
let waiting;

/** The small parts of the page; many browsers do not ask in the same moment. */
function again(spread = 0) {
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh(LIGHT), 150 + Math.random() * spread);
}

// -- keys ------------------------------------------------------------------------------------------------------------

/** The key this page will need, by its id; asks for the key file when it is not here. */
async function keyOf(id) {
  const key = await heldKey(hall.org, id);
  for (const part of document.querySelectorAll("[data-need-key]")) part.hidden = Boolean(key);
  if (!key) throw new Error(t("The decryption key is not in this browser: load the key file."));
  return key;
}

/** What the bidder would report, from how it failed. */
function suspect(what) {
  const report = document.querySelector('#hall-report select[name="what"]');
  if (report) report.value = what;
}

const WORK = {
  async unlock() {
    if (!hall.own.manifest) throw new Error(t("Your sealed bid was not found."));
    suspect("passphrase");
    const key = await keyOf(hall.own.manifest.owner.key);
    suspect("commitment");
    const fileKey = await unwrapFileKey(hall.own.manifest, key);
    return act("opening.unlock", { case: hall.case, payload: { file_key: b64(fileKey) }, signed: true, title: t("Unlock the bid") });
  },
  async referenceUnlock() {
    const fileKey = await unwrapFileKey(hall.reference, await keyOf(hall.reference.owner.key));
    return act("reference.unlock", { case: hall.case, payload: { file_key: b64(fileKey) }, signed: true, title: t("Unlock the reference price") });
  },
  async release(form) {
    const manifest = JSON.parse(form.querySelector("script").textContent);
    const { release: bid, role } = form.dataset;
    const share = await unwrapShare(manifest, role, await keyOf(manifest.shares[role].key));
    return act("opening.release", { case: hall.case, payload: { bid, share: b64(share) }, signed: true, title: t("Release a share") });
  },
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const name = form instanceof HTMLFormElement && Object.keys(WORK).find((one) => one in form.dataset);
  if (!name) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const button = form.querySelector("button");
  clearError(box);
  button.disabled = true;
  try {
    await WORK[name](form);
    button.blur();
    await refresh(LIGHT, { mine: true });
  } catch (error) {
    const report = document.getElementById("hall-report");
    if (name === "unlock" && report) report.open = true;
    showError(box, error);
  } finally {
    button.disabled = button.hasAttribute("data-closed");
  }
});

/** One's own ciphertext, hashed as it comes: nothing of it is kept. */
async function ownDigest(button) {
  const shown = document.querySelector("[data-own-digest]");
  button.disabled = true;
  try {
    const answer = await fetch(`/cases/${hall.case}/bids/${hall.own.bid}/sealed`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(t("The sealed file could not be fetched."));
    const sha = new Sha256();
    const source = answer.body.getReader();
    for (let got = 0, next = await source.read(); !next.done; next = await source.read()) {
      sha.update(next.value);
      got += next.value.length;
      shown.textContent = t("Computing: %(part)s %", { part: Math.floor((100 * got) / hall.own.size) });
    }
    const digest = sha.digest();
    document.querySelector('#hall-report input[name="digest"]').value = digest;
    const same = digest === hall.own.receipt;
    if (!same) suspect("damaged");
    shown.replaceChildren(digest, " ", el("span", t(same ? "The same as in the receipt." : "Not the same as in the receipt."), `badge ${same ? "bg-green-lt" : "bg-red-lt"}`));
  } catch (error) {
    shown.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

// -- rows ------------------------------------------------------------------------------------------------------------

const rowOf = (bid) => document.querySelector(`[data-row="${CSS.escape(bid)}"]`);
const time = (at) => beijing(Date.parse(at)).slice(11);

const WORDS = {
  opened: ["opened", "bg-green-lt"],
  sealed: ["sealed", "bg-secondary-lt"],
  trying: ["unlock failed, another try is open", "bg-orange-lt"],
};

function badge({ status, how, cause }) {
  if (status === "unlocked") return el("span", t(how === "shares" ? "unlocked by custodians" : "unlocked"), "badge bg-green-lt");
  if (status === "failed") return el("span", t(cause === "bidder" ? "not unlocked: the bidder's own cause" : "not unlocked: not the bidder's fault"), "badge bg-red-lt");
  return el("span", t(WORDS[status][0]), `badge ${WORDS[status][1]}`);
}

function show(row, state) {
  row.dataset.status = state.status;
  const cell = row.querySelector('[data-cell="state"]');
  cell.replaceChildren(badge(state));
  if (state.reason) cell.append(el("div", state.reason, "small"));
  if (state.problem) cell.append(el("div", state.problem, "text-danger small"));
  if (hall.host && state.status === "trying") {
    const button = el("button", t("Compare the stored file"), "btn btn-sm mt-1");
    Object.assign(button, { type: "button" }).dataset.check = row.dataset.row;
    cell.append(button);
  }
}

function enter(row, at) {
  if (row.dataset.present === "yes") return;
  row.dataset.present = "yes";
  row.querySelector('[data-cell="present"]').textContent = time(at);
}

function price(row, one) {
  const cell = (name, ...parts) => row.querySelector(`[data-cell="${name}"]`).replaceChildren(...parts);
  row.dataset.say = one.say;
  show(row, { ...one, status: one.how ? "opened" : "failed" });
  if (one.price) cell("price", el("strong", one.price), el("div", one.words, "small text-secondary"));
  cell("days", one.duration_days ? String(one.duration_days) : "—");
  cell("quality", one.quality || "—");
  if (one.manager?.name) cell("manager", one.manager.name, el("div", one.manager.certificate ?? "", "text-secondary small"));
}

const CHANGES = {
  "opening.signed_in": ({ bid, at }) => rowOf(bid) && enter(rowOf(bid), at),
  "opening.unlocked": ({ bid, how, at }) => {
    const row = rowOf(bid);
    if (!row) return;
    if (how === "bidder") enter(row, at);
    show(row, { status: "unlocked", how });
  },
  "opening.unlock_failed": ({ bid }) => {
    const row = rowOf(bid);
    if (row && row.dataset.status === "sealed") show(row, { status: "trying" });
  },
  "opening.decided": ({ bid, cause, reason }) => rowOf(bid) && show(rowOf(bid), { status: "failed", cause, reason }),
  "opening.opened": ({ rows, reference }) => {
    for (const one of rows) if (rowOf(one.bid)) price(rowOf(one.bid), one);
    const place = document.querySelector("[data-reference]");
    if (reference && place) place.textContent = ` · ${place.dataset.word} ${reference} ${place.dataset.unit}`;
    const table = document.querySelector(".gh-hall");
    if (table) table.dataset.phase = "opened";
    for (const part of document.querySelectorAll("[data-voice]")) part.hidden = false;
    say(t("All prices are published."));
  },
};
// Events that change a row and nothing else on this page, unless they are about one's own bid.
const ROW_ONLY = new Set(["opening.signed_in", "opening.unlocked"]);
const SAID = { "opening.suspended": "The hall is suspended.", "opening.resumed": "The hall goes on." };

function recount() {
  const count = (selector) => document.querySelectorAll(selector).length;
  const unlocked = count('[data-row][data-status="unlocked"]');
  if (!count("[data-row]")) return;
  for (const node of document.querySelectorAll('[data-count="unlocked"]')) node.textContent = String(unlocked);
  for (const node of document.querySelectorAll('[data-count="present"]')) node.textContent = String(count('[data-row][data-present="yes"]'));
  for (const node of document.querySelectorAll('[data-count="bar"]')) node.value = unlocked;
}

/** Row events while the table is on its way: they are told again to the table that comes. */
let missed;

/** The table, when the hall opens: until then it holds nobody. */
async function fetchRows() {
  missed = [];
  await new Promise((done) => setTimeout(done, Math.random() * 1000));
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("hall-rows");
    if (fresh) document.getElementById("hall-rows").replaceWith(document.importNode(fresh, true));
    const last = Number(page.querySelector("main").dataset.last);
    for (const event of missed) if (event.seq > last) CHANGES[event.kind](event.data);
  }
  missed = undefined;
  recount();
}

document.addEventListener("gh:live", (event) => {
  const { kind, data } = event.detail;
  event.preventDefault();
  if (SAID[kind]) say(t(SAID[kind]));
  if (kind === "opening.begun") fetchRows();
  if (CHANGES[kind]) {
    missed?.push(event.detail);
    CHANGES[kind](data);
    recount();
  }
  if (!ROW_ONLY.has(kind) || data.bid === hall.own.bid || hall.host) again(hall.host ? 0 : 1500);
});

// -- page ------------------------------------------------------------------------------------------------------------

const voice = reader(() => [...document.querySelectorAll("[data-row]")].filter((row) => row.dataset.say));

document.addEventListener("click", async (event) => {
  const target = event.target instanceof Element ? event.target : undefined;
  const read = target?.closest("[data-read]");
  if (read) voice[read.dataset.read]();
  const digest = target?.closest("[data-digest]");
  if (digest) ownDigest(digest);
  const check = target?.closest("[data-check]");
  if (!check) return;
  check.disabled = true;
  await act("opening.check", { case: hall.case, payload: { bid: check.dataset.check } }).catch((error) => say(error.message));
});
document.addEventListener("gh:done", () => again());
document.addEventListener("gh:over", () => setTimeout(again, 1500));
document.addEventListener("gh:key-failed", () => suspect("passphrase"));

/** While bidders sign in nobody is told; only the host looks whether the hall may be opened. */
setInterval(() => document.querySelector("[data-poll]") && document.visibilityState === "visible" && refresh(LIGHT), 4000);

/** Before the key is needed: is it here? */
async function lookForKey() {
  const manifest = hall.own.manifest ?? hall.reference;
  const share = document.querySelector("form[data-release] script");
  let id = manifest?.owner.key;
  if (!id && share) id = JSON.parse(share.textContent).shares[share.parentElement.dataset.role].key;
  if (id) await keyOf(id).catch(() => undefined);
}

document.addEventListener("gh:key", lookForKey);
document.addEventListener("gh:refreshed", lookForKey);
lookForKey();
