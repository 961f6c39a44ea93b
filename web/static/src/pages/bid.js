/** The bid desk: checks, seals in this browser, uploads, signs, keeps the receipt. */
import { unb64 } from "../crypto/index.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { beijing } from "./clock.js";
import { Desk } from "./desk.js";
import { handleFiles } from "./files.js";
import * as handIn from "./handin.js";
import { get, me } from "./net.js";
import { refresh } from "./live.js";
import { chosen, sealedOffline } from "./offline.js";
import { heldKey } from "./openkey.js";
import { drop, keptSealed, sealAndKeep } from "./sealed.js";
import { cancel, forget } from "./tus.js";
import { t } from "./words.js";

const desk = JSON.parse(document.getElementById("desk").textContent);
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-bid]"));
const files = form && new Desk(desk, form);
/** What was sealed but not yet handed in; kept over a reload, sealed anew when the form changes. */
let sealed;

function mark(name, ok, text) {
  const line = document.querySelector(`[data-check="${name}"]`);
  line.dataset.ok = ok ? "yes" : "no";
  line.textContent = text;
  return ok;
}

async function checkClock() {
  const sent = Date.now();
  const { ms } = await get("/api/v1/time");
  const off = Math.abs(ms - (sent + Date.now()) / 2) / 1000;
  const seconds = off.toFixed(1);
  if (off >= 60 && desk.demo) return mark("clock", true, t("The demonstration's clock is moved on purpose; this computer's says nothing about it."));
  return mark("clock", off < 60, off < 60 ? t("Clock: within %(seconds)s s of the server", { seconds }) : t("Your clock is %(seconds)s s off; deadlines go by the server's clock.", { seconds }));
}

async function checkKey() {
  const key = desk.key && (await heldKey(desk.org, desk.key.id));
  document.querySelector("[data-need=key]").hidden = Boolean(key);
  const missing = desk.key ? t("The decryption key is not in this browser: load the key file.") : t("Your organisation has no decryption key yet.");
  return mark("key", Boolean(key), key ? t("The decryption key lies in this browser.") : missing);
}

async function check() {
  const secure = Boolean(globalThis.isSecureContext && crypto.subtle);
  mark("crypto", secure, secure ? t("This browser can encrypt and sign.") : t("This browser cannot encrypt here: open the page over https with a current browser."));
  const { certificate } = await me();
  const signs = mark("certificate", Boolean(certificate), certificate ? t("Signing certificate valid until %(day)s", { day: certificate.not_after.slice(0, 10) }) : t("No signing certificate: make one on the page “My certificates”."));
  await checkClock(); // a wrong clock is told, it stops nothing: the server's decides
  const held = await checkKey();
  document.querySelector("[data-step=check]").toggleAttribute("data-done", secure && signs && held);
}

const value = (name) => form.elements.namedItem(name).value.trim();

/** What the sheet says of the core products' brands; nothing where the tender names none. */
function brands() {
  const fields = [...form.querySelectorAll("input[name=brand]")];
  return fields.length ? { brands: Object.fromEntries(fields.map((one) => [one.dataset.core, one.value.trim()])) } : {};
}

function sheet() {
  return handIn.priceSheet({
    price: files.price,
    duration_days: value("duration_days"),
    quality: value("quality"),
    manager: { name: value("manager_name"), certificate: value("manager_certificate") },
    flags: [...form.querySelectorAll("input[name=flags]:checked")].map((box) => box.value),
    ...brands(),
    ...files.small(),
  });
}

async function parts() {
  const why = await files.mayBeSealed();
  if (why) throw new Error(why);
  const [pdf, ...rest] = await files.parts();
  const found = [pdf, sheet(), ...rest];
  const names = new Set();
  for (const { name } of found) {
    if (names.has(name)) throw new Error(t("Two files have the same name: %(name)s", { name }));
    names.add(name);
  }
  return found;
}

async function sealAll() {
  const all = await parts();
  const { certificate } = await me();
  if (!certificate) throw new Error(t("No signing certificate: make one on the page “My certificates”."));
  if (!desk.key) throw new Error(t("Your organisation has no decryption key yet."));
  const bid = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const context = { kind: desk.sealing.kind, lot: desk.sealing.lot, bid, sealer: certificate.fingerprint };
  const custodians = Object.fromEntries(Object.entries(desk.sealing.custodians).map(([role, spki]) => [role, unb64(spki, "spki")]));
  const total = all.reduce((sum, part) => sum + part.blob.size, 0);
  const say = meter("Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left");
  const shares = Object.keys(custodians).length ? custodians : undefined;
  localStorage.setItem(kindKey, files.kind);
  return sealAndKeep(desk.case, all, unb64(desk.key.spki, "spki"), context, shares, (done) => say(Math.min(done, total), total));
}

/** What the sealed version was meant as, kept over a reload like the sealed file itself. */
const kindKey = `gh-bid-kind:${desk.case}`;
const uploadKey = () => `bid:${desk.case}:${sealed.manifest.ciphertext.sha256}`;

const send = () => handIn.send(form, sealed, { key: uploadKey(), purpose: "bid", about: desk.case });
const meter = (words) => handIn.meter(form, words);

/** Seals what is not sealed, sends, signs, hands in. A cut line loses nothing: the sealed file stays in this browser. */
async function handInBid() {
  sealed ??= chosen(form) ? await sealedOffline(form, desk, meter) : await sealAll();
  const { manifest } = sealed;
  const kind = chosen(form) ? files.kind : localStorage.getItem(kindKey);
  await send();
  form.querySelector("[data-status]").textContent = t("Sealed. Please sign to submit.");
  const payload = { manifest, ciphertext_sha256: manifest.ciphertext.sha256, size: manifest.ciphertext.size, ...(kind && { kind }) };
  const documents = [{ name: t("Sealed bid"), sha256: manifest.ciphertext.sha256 }];
  const result = await act("bid.submit", { case: desk.case, payload, signed: true, title: t("Seal and submit the bid"), documents });
  if (result === undefined) throw new Error(t("Nothing was signed; nothing was sent."));
  forget(uploadKey());
  await drop(desk.case);
  localStorage.removeItem(kindKey);
  sealed = undefined;
  desk.live = { bid: manifest.bid, manifest };
  document.getElementById("kind").hidden = false;
  showKept();
  return result;
}

function showKept() {
  const box = document.querySelector("[data-kept]");
  const waits = Boolean(sealed?.kept);
  box.hidden = !waits;
  if (waits) box.querySelector("[data-when]").textContent = beijing(sealed.ciphertext.lastModified ?? Date.now());
}

async function giveUp() {
  if (!sealed || form.hasAttribute("aria-busy")) return;
  const key = uploadKey();
  sealed = undefined;
  showKept();
  await Promise.all([cancel(key), drop(desk.case)]);
}

/** A sealed bid of an earlier page: its transfer goes on at once, only the signature needs its owner. */
async function takeUp() {
  sealed = await keptSealed(desk.case);
  if (!sealed || sealed.manifest.sealer !== (await me()).certificate?.fingerprint) {
    sealed = undefined;
    return;
  }
  showKept();
  await send();
  form.querySelector("[data-status]").textContent = t("The sealed bid is on the server. Press the button to sign and hand it in.");
}

let over = false;

/** A deadline set anew takes bids again; who took the file is told. @param {CustomEvent} event */
function setAnew({ detail: { kind, data } }) {
  if (kind !== "deadline.postponed" || data.case !== desk.case) return;
  over = false;
  form.querySelector("button.btn-lg").disabled = form.hasAttribute("aria-busy");
  form.querySelector("[data-status]").textContent = "";
}

/** What was not in at the deadline is of no more use here; the desk says what became of it. */
async function tooLate() {
  over = true;
  if (sealed) forget(uploadKey());
  sealed = undefined;
  await Promise.all([drop(desk.case), refresh()]);
}

async function submit() {
  const box = form.querySelector("[data-breaches]");
  const button = form.querySelector("button.btn-lg");
  const status = form.querySelector("[data-status]");
  clearError(box);
  button.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    const { receipt } = await handInBid();
    handIn.showReceipt(receipt, t("The bid was received. The receipt is saved on this computer."), `receipt-${receipt.bid}-v${receipt.version}.json`);
    status.textContent = "";
    await refresh();
  } catch (error) {
    const late = (error.breaches ?? []).some((one) => one.rule === "E-02");
    if (late) await tooLate();
    showError(box, error);
    status.textContent = late ? t("Too late: nothing more is taken. A version that was handed in before the deadline stands.") : sealed && !sealed.stored ? t("Not sent; the sealed file is kept here. Press again to send the same file.") : "";
    showKept();
  } finally {
    button.disabled = over;
    form.removeAttribute("aria-busy");
    form.querySelector("progress").hidden = true;
  }
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.noValidate = true; // the review says everything at once, and what is sealed offline says it all
  handleFiles(desk, form);
  document.querySelector("[data-give-up]").addEventListener("click", giveUp);
  document.querySelector("[data-review]").addEventListener("click", () => files.mayBeSealed().catch((error) => showError(form.querySelector("[data-breaches]"), error)));
  for (const name of ["bill", "price"]) form.elements.namedItem(name)?.addEventListener("change", () => files.showBill());
  form.addEventListener("input", (event) => {
    if (event.target.name === "confirmed") return;
    giveUp();
    const price = Number(value("price"));
    const over = desk.ceiling && price > Number(desk.ceiling);
    document.getElementById("price-why").textContent = over ? t("The price is above the ceiling of %(ceiling)s: such a bid is rejected.", { ceiling: `${desk.ceiling} ${desk.unit}` }) : "";
  });
  document.addEventListener("gh:key", checkKey);
  document.addEventListener("gh:live", setAnew);
  takeUp().catch((error) => showError(form.querySelector("[data-breaches]"), error));
  check().catch((error) => showError(form.querySelector("[data-breaches]"), error));
}
