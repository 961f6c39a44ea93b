/**
 * Responses and quotes of framework agreements: priced items are sealed in this browser by the modules of the bid desk,
 * sent, signed and handed in; after the end they are unlocked here by the organisation's key.
 */
import { b64, dumps, unb64, unwrapFileKey } from "../crypto/index.js";
import { hex, random } from "../crypto/bytes.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { meter, send, showReceipt } from "./handin.js";
import { reload } from "./live.js";
import { me } from "./net.js";
import { heldKey } from "./openkey.js";
import { drop, sealAndKeep } from "./sealed.js";
import { cancel, forget } from "./tus.js";
import { t } from "./words.js";

const desk = JSON.parse(document.getElementById("desk").textContent);
const KEPT = `framework-${desk.subject}`;
let sealed;

const key = () => `framework:${desk.subject}:${sealed.manifest.ciphertext.sha256}`;
const quoting = desk.acts.submit !== "framework.respond";

/** A price against its ceiling without a float: both in fen. @param {string} text */
function fen(text) {
  const [whole, part = ""] = text.split(".");
  return BigInt(whole + part.padEnd(2, "0"));
}

/** response.json as it is sealed; throws in words what is wrong with a price. */
function sheet(form) {
  const items = desk.items.map((item) => {
    const row = form.querySelector(`[data-item="${item.id}"]`);
    const value = (name) => row.querySelector(`[name="${name}"]`).value.trim();
    const price = value("price").replace(/[,，\s]/g, "");
    if (!/^\d{1,10}(\.\d{1,2})?$/.test(price) || !fen(price)) throw new Error(t("The price of “%(name)s” must be a number with at most two decimals.", { name: item.name }));
    if (fen(price) > fen(item.ceiling)) throw new Error(t("The price of “%(name)s” is above %(ceiling)s.", { name: item.name, ceiling: item.ceiling }));
    return { item: item.id, price, brand: value("brand"), model: value("model") };
  });
  const body = dumps({ schema: "framework-response/1", items });
  return { name: "response.json", media: "application/json", blob: new Blob([body]) };
}

async function parts(form) {
  const all = [sheet(form)];
  const file = form.elements.namedItem("pdf")?.files[0];
  if (file && new TextDecoder().decode(await file.slice(0, 5).arrayBuffer()) !== "%PDF-") throw new Error(t("This is not a PDF file."));
  if (file) all.push({ name: "response.pdf", media: "application/pdf", blob: file });
  return all;
}

async function seal(form) {
  const all = await parts(form);
  const { certificate } = await me();
  if (!certificate) throw new Error(t("You have no signing certificate in force."));
  if (!desk.key) throw new Error(t("Your organisation has no decryption key yet."));
  const context = { kind: "response", lot: desk.subject, bid: hex(random(8)), sealer: certificate.fingerprint };
  const total = all.reduce((sum, part) => sum + part.blob.size, 0);
  const say = meter(form, "Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left");
  return sealAndKeep(KEPT, all, unb64(desk.key.spki, "spki"), context, undefined, (done) => say(Math.min(done, total), total));
}

async function handIn(form) {
  sealed ??= await seal(form);
  const { manifest } = sealed;
  await send(form, sealed, { key: key(), purpose: "", about: "" });
  form.querySelector("[data-status]").textContent = t("Sealed. Please sign to submit.");
  const payload = { manifest, ciphertext_sha256: manifest.ciphertext.sha256, size: manifest.ciphertext.size };
  const title = quoting ? t("Seal and hand in the quote") : t("Seal and hand in the response");
  const documents = [{ name: t("Sealed response"), sha256: manifest.ciphertext.sha256 }];
  const done = await act(desk.acts.submit, { case: desk.subject, payload, signed: true, title, documents });
  if (!done) throw new Error(t("Nothing was signed; nothing was sent."));
  forget(key());
  await drop(KEPT);
  sealed = undefined;
  showReceipt(done.receipt, t("The response was received. The receipt is saved on this computer."), `receipt-${done.response}-v${done.version}.json`);
}

async function unlock() {
  const held = await heldKey(desk.org, desk.manifest.owner.key);
  if (!held) throw new Error(t("The decryption key is not in this browser: load the key file."));
  const fileKey = await unwrapFileKey(desk.manifest, held);
  const done = await act(desk.acts.unlock, { case: desk.subject, payload: { file_key: b64(fileKey) }, signed: true, title: t("Unlock the response") });
  if (!done) throw new Error(t("Nothing was signed; nothing was sent."));
  location.reload();
}

const WORK = { respond: handIn, unlockResponse: unlock };

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
    form.querySelector("[data-status]").textContent = "";
  } catch (error) {
    showError(box, error);
    if (sealed && !sealed.stored) form.querySelector("[data-status]").textContent = t("Not sent; the sealed file is kept here. Press again to send the same file.");
  } finally {
    button.disabled = false;
    const bar = form.querySelector("progress");
    if (bar) bar.hidden = true;
  }
});

/** A changed form is sealed anew. */
document.querySelector("form[data-respond]")?.addEventListener("input", async () => {
  if (!sealed || sealed.sending) return;
  const before = key();
  sealed = undefined;
  await Promise.all([cancel(before), drop(KEPT)]);
});

// The page goes on to unlocking by itself. What was said before comes again on a fresh page: it reloads only out of the
// phase that has ended.
document.addEventListener("gh:live", ({ detail: { kind, data } }) => {
  const ours = kind === "framework.unlock" && (data.need ?? data.framework) === desk.subject;
  if (ours && document.querySelector("form[data-respond]") && !sealed) reload();
});
