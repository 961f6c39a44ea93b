/**
 * The rehearsal: sealing, upload, receipt, unlocking and reading aloud by the modules of the bid desk and the hall, for a
 * rehearsal instead of a tender. What failed on the way is kept in this browser, for the summary.
 */
import "../css/check.css";
import { b64, unb64, unwrapFileKey } from "../crypto/index.js";
import { act } from "./acts.js";
import { clearError, el, showError } from "./breaches.js";
import { meter, priceSheet, send, showReceipt } from "./handin.js";
import { reload } from "./live.js";
import { me } from "./net.js";
import { heldKey } from "./openkey.js";
import { inState, listed, run, runSealing } from "./probelines.js";
import * as probes from "./probes.js";
import { drop, keptSealed, sealAndKeep } from "./sealed.js";
import { cancel, forget } from "./tus.js";
import { reader } from "./voice.js";
import { t } from "./words.js";

const desk = JSON.parse(document.getElementById("desk").textContent);
const KEPT = `gh-rehearsal:${desk.rehearsal}`;
const NEEDED = ["certificate", "key", "decryption", "seal", "storage"];
const ORDER = ["begun", "handed", "unlocked", "opened"];
/** {price: as typed, failed: {step: words}} */
const notes = JSON.parse(localStorage.getItem(KEPT) ?? '{"price":"","failed":{}}');
let sealed;
let state = desk.state;

function note(change) {
  Object.assign(notes, change);
  localStorage.setItem(KEPT, JSON.stringify(notes));
}

// -- the summary -------------------------------------------------------------------------------------------------------

/** A decimal as the server writes it. @param {string} text */
const plain = (text) => text.replace(/^0+(?=\d)/, "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
const reached = (wanted) => ORDER.indexOf(state) >= ORDER.indexOf(wanted);

/** What came out, beside what was typed. */
function outcome() {
  const { price, problem } = desk.row ?? {};
  if (!desk.row) return ["skip", t("not yet")];
  if (!price) return ["bad", t("The price could not be read: %(problem)s", { problem })];
  if (notes.price && plain(notes.price) !== plain(price)) return ["bad", t("Another price came out than you typed: %(found)s, not %(typed)s.", { found: price, typed: notes.price })];
  return ["good", t("It came out as you typed it: %(price)s.", { price })];
}

function steps() {
  const bad = inState(NEEDED, "bad");
  const weak = inState(NEEDED, "weak");
  const checked = bad.length ? ["bad", listed(bad)] : weak.length ? ["weak", listed(weak)] : ["good", t("done")];
  const by = (wanted) => (reached(wanted) ? ["good", t("done")] : ["skip", t("not yet")]);
  const all = [
    ["check", "This computer", checked],
    ["hand", "Sealed, sent and signed", by("handed")],
    ["receipt", "Receipt", by("handed")],
    ["unlock", "Unlocked", by("unlocked")],
    ["opened", "Opened and read out", outcome()],
  ];
  return all.map(([step, name, [found, text]]) => {
    const failed = notes.failed[step];
    if (!failed) return { step, name: t(name), found, text };
    return found === "good" ? { step, name: t(name), found: "weak", text: t("failed at first: %(what)s", { what: failed }) } : { step, name: t(name), found: "bad", text: failed };
  });
}

function sentence(all) {
  const bad = all.filter((one) => one.found === "bad");
  if (bad.length) return ["bad", t("Not ready: %(what)s.", { what: listed(bad.map((one) => one.name)) })];
  if (all.some((one) => one.found === "skip")) return ["skip", t("What you have practised so far worked.")];
  if (all.some((one) => one.found === "weak")) return ["weak", t("You are ready, but mind what failed at first or works with a limit.")];
  return ["good", t("You are ready: everything worked, from the check to the price read out.")];
}

function summarise() {
  const all = steps();
  const [found, text] = sentence(all);
  const box = document.getElementById("overall");
  box.dataset.state = found;
  box.querySelector("[data-sentence]").textContent = text;
  const lines = all.map((one) => {
    const line = el("li", undefined, "gh-probe");
    line.dataset.state = one.found;
    line.append(el("span"), el("strong", one.name), ` ${one.text}`);
    line.firstChild.dataset.stateWord = "";
    document.querySelector(`[data-step="${one.step}"]`).toggleAttribute("data-done", one.found === "good" || one.found === "weak");
    return line;
  });
  box.querySelector("[data-summary]").replaceChildren(...lines);
}

// -- seal and hand in --------------------------------------------------------------------------------------------------

const value = (form, name) => form.elements.namedItem(name).value.trim();

/** A file of that many megabytes that only looks like a PDF: how it is read does not matter here, how large it is does. */
function practiceFile(megabytes) {
  const block = crypto.getRandomValues(new Uint8Array(1 << 16));
  return new Blob(["%PDF-1.7\n", ...Array.from({ length: megabytes * 16 }, () => block)], { type: "application/pdf" });
}

async function parts(form) {
  const price = value(form, "price").replace(/[,，\s]/g, "");
  const sheet = priceSheet({ price, duration_days: value(form, "duration_days"), quality: "—", manager: {}, flags: [] });
  const [own] = form.elements.namedItem("pdf").files;
  if (own && new TextDecoder().decode(await own.slice(0, 5).arrayBuffer()) !== "%PDF-") throw new Error(t("This is not a PDF file."));
  note({ price });
  return [
    { name: "bid.pdf", media: "application/pdf", blob: own ?? practiceFile(Number(value(form, "size"))) },
    sheet,
  ];
}

async function seal(form) {
  const { certificate } = await me();
  if (!certificate) throw new Error(t("You have no signing certificate in force."));
  if (!desk.key) throw new Error(t("Your organisation has no decryption key yet."));
  const context = { kind: "rehearsal", lot: desk.rehearsal, bid: desk.rehearsal, sealer: certificate.fingerprint };
  const all = await parts(form);
  const total = all.reduce((sum, part) => sum + part.blob.size, 0);
  const say = meter(form, "Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left");
  return sealAndKeep(desk.rehearsal, all, unb64(desk.key.spki, "spki"), context, undefined, (done) => say(Math.min(done, total), total));
}

const uploadKey = () => `rehearsal:${desk.rehearsal}:${sealed.manifest.ciphertext.sha256}`;

async function handIn(form) {
  sealed ??= await seal(form);
  const { manifest } = sealed;
  await send(form, sealed, { key: uploadKey(), purpose: "rehearsal", about: desk.rehearsal });
  form.querySelector("[data-status]").textContent = t("Sealed. Please sign to submit.");
  const payload = { manifest, ciphertext_sha256: manifest.ciphertext.sha256, size: manifest.ciphertext.size };
  const documents = [{ name: t("Practice bid, sealed"), sha256: manifest.ciphertext.sha256 }];
  const title = t("Rehearsal without legal effect: hand in a practice bid");
  const done = await act("rehearsal.submit", { case: desk.rehearsal, payload, signed: true, title, documents });
  if (!done) throw new Error(t("Nothing was signed; nothing was sent."));
  forget(uploadKey());
  await drop(desk.rehearsal);
  sealed = undefined;
  desk.manifest = manifest;
  state = "handed";
  const text = t("The practice bid was received. Its receipt says rehearsal, and whoever verifies it is told so.");
  showReceipt(done.receipt, text, `rehearsal-receipt-v${done.receipt.version}.json`);
  document.querySelector("[data-had]").hidden = true;
  const unlock = document.querySelector("form[data-unlock-rehearsal] button");
  unlock.disabled = false;
  unlock.removeAttribute("data-closed");
  document.getElementById("unlock-why")?.remove();
  await run("key", probes.signingKey); // the signature has opened it
}

// -- unlock ------------------------------------------------------------------------------------------------------------

async function unlock() {
  const key = await heldKey(desk.org, desk.manifest.owner.key);
  if (!key) throw new Error(t("The decryption key is not in this browser."));
  const fileKey = await unwrapFileKey(desk.manifest, key);
  const title = t("Rehearsal without legal effect: unlock the practice bid");
  const done = await act("rehearsal.unlock", { case: desk.rehearsal, payload: { file_key: b64(fileKey) }, signed: true, title });
  if (!done) throw new Error(t("Nothing was signed; nothing was sent."));
  state = "unlocked";
  document.querySelector("form[data-unlock-rehearsal] [data-status]").textContent = t("The bid is being opened…");
}

async function leave() {
  if (sealed) await cancel(uploadKey());
  await drop(desk.rehearsal);
  localStorage.removeItem(KEPT);
  await act("rehearsal.leave", { case: desk.rehearsal });
  location.assign("/rehearsal");
}

const WORK = { rehearse: ["hand", handIn], unlockRehearsal: ["unlock", unlock], leave: ["", leave] };

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const name = form instanceof HTMLFormElement && Object.keys(WORK).find((one) => one in form.dataset);
  if (!name) return;
  event.preventDefault();
  const [step, work] = WORK[name];
  const box = form.querySelector("[data-breaches]");
  const button = form.querySelector("button");
  clearError(box);
  button.disabled = true;
  try {
    await work(form);
    if (step === "hand") form.querySelector("[data-status]").textContent = "";
  } catch (error) {
    if (step) note({ failed: { ...notes.failed, [step]: t(error.message) } });
    showError(box, error);
    if (sealed && !sealed.stored) form.querySelector("[data-status]").textContent = t("Not sent; the sealed file is kept here. Press again to send the same file.");
  } finally {
    button.disabled = step === "unlock" && state !== "handed";
    const bar = form.querySelector("progress");
    if (bar) bar.hidden = true;
    summarise();
  }
});

/** A changed form is sealed anew. */
document.querySelector("form[data-rehearse]")?.addEventListener("input", async () => {
  if (!sealed || sealed.sending) return;
  const key = uploadKey();
  sealed = undefined;
  await Promise.all([cancel(key), drop(desk.rehearsal)]);
});

// What was practised comes out on the server; the page is read again with it.
document.addEventListener("gh:live", (event) => {
  if (event.detail.kind === "rehearsal.opened" && event.detail.data.rehearsal === desk.rehearsal && state !== "opened") reload();
});
const voice = reader(() => [...document.querySelectorAll("[data-row]")]);
document.addEventListener("click", (event) => {
  const read = event.target instanceof Element && event.target.closest("[data-read]");
  if (read) voice[read.dataset.read]();
});
document.addEventListener("gh:key", () => run("decryption", () => probes.decryptionKey(desk.org, desk.key)).then(summarise));

async function check() {
  await run("clock", () => probes.clock(desk.demo));
  await run("certificate", probes.certificate);
  await run("key", probes.signingKey);
  await run("decryption", () => probes.decryptionKey(desk.org, desk.key));
  await runSealing();
  sealed = await keptSealed(desk.rehearsal);
  summarise();
}
check();
