/**
 * The quote desk: seals prices in this browser with the modules of the bid desk, hands them in, unlocks them by itself once
 * the end has come, and lets custodians release shares. Keys stay in this browser.
 */
import { b64, dumps, unb64, unwrapFileKey, unwrapShare } from "../crypto/index.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { meter, send, showReceipt } from "./handin.js";
import { reload } from "./live.js";
import { me } from "./net.js";
import { heldKey } from "./openkey.js";
import { drop, keptSealed, sealAndKeep } from "./sealed.js";
import { cancel, forget } from "./tus.js";
import { t } from "./words.js";

const desk = JSON.parse(document.getElementById("desk").textContent);
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-quote]"));
let sealed;

// -- what is quoted ----------------------------------------------------------------------------------------------------

/** Fen, exactly; undefined for what is no price. @param {string} text */
function fen(text) {
  const found = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text.replace(/[,，\s]/g, ""));
  return found ? BigInt(found[1]) * 100n + BigInt((found[2] ?? "").padEnd(2, "0")) : undefined;
}

const plain = (amount) => (amount % 100n === 0n ? String(amount / 100n) : `${amount / 100n}.${String(amount % 100n).padStart(2, "0").replace(/0$/, "")}`);
const rows = () => [...form.querySelectorAll("[data-line-of]")];

function total() {
  let sum = 0n;
  for (const row of rows()) {
    const price = fen(row.querySelector("[data-price]").value.trim());
    if (!price) return undefined;
    sum += price * BigInt(row.dataset.quantity);
  }
  return sum;
}

function showTotal() {
  const sum = total();
  form.querySelector("[data-total]").textContent = sum === undefined ? "—" : plain(sum);
  const over = sum !== undefined && sum > fen(desk.ceiling);
  form.querySelector("[data-over]").textContent = over ? t("The total is above the ceiling: such a quote is not compared.") : "";
}

/** quote.json as it is sealed. */
function sheet() {
  if (total() === undefined) throw new Error(t("A price for every line, please."));
  const value = (name) => form.elements.namedItem(name)?.value.trim() ?? "";
  const lines = rows().map((row) => ({
    position: Number(row.dataset.lineOf),
    price: plain(fen(row.querySelector("[data-price]").value.trim())),
    brand: row.querySelector("[data-brand]").value.trim(),
    model: row.querySelector("[data-model]").value.trim(),
  }));
  const small = Boolean(form.elements.namedItem("small_firm")?.checked);
  const body = { schema: "quote/1", lines, delivery_days: Number(value("delivery_days")), small_firm: small, note: value("note") };
  return { name: "quote.json", media: "application/json", blob: new Blob([dumps(body)]) };
}

async function seal() {
  const part = sheet();
  const { certificate } = await me();
  if (!certificate) throw new Error(t("No signing certificate: make one on the page “My certificates”."));
  if (!desk.key) throw new Error(t("Your organisation has no decryption key yet."));
  const bid = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const context = { kind: desk.sealing.kind, lot: desk.sealing.lot, bid, sealer: certificate.fingerprint };
  const custodians = Object.fromEntries(Object.entries(desk.sealing.custodians).map(([role, spki]) => [role, unb64(spki, "spki")]));
  const shares = Object.keys(custodians).length ? custodians : undefined;
  const say = meter(form, "Sealing in this browser: %(part)s % · %(speed)s MB/s · %(left)s s left");
  return sealAndKeep(desk.request, [part], unb64(desk.key.spki, "spki"), context, shares, (done) => say(done, part.blob.size));
}

const uploadKey = () => `quote:${desk.request}:${sealed.manifest.ciphertext.sha256}`;

async function handIn() {
  sealed ??= await seal();
  const { manifest } = sealed;
  await send(form, sealed, { key: uploadKey(), purpose: "quote", about: desk.request });
  form.querySelector("[data-status]").textContent = t("Sealed. Please sign to submit.");
  const payload = { manifest, ciphertext_sha256: manifest.ciphertext.sha256, size: manifest.ciphertext.size };
  const documents = [{ name: t("Sealed quote"), sha256: manifest.ciphertext.sha256 }];
  const done = await act("quote.submit", { case: desk.request, payload, signed: true, title: t("Seal and submit the quote"), documents });
  if (!done) throw new Error(t("Nothing was signed; nothing was sent."));
  forget(uploadKey());
  await drop(desk.request);
  sealed = undefined;
  const { receipt } = done;
  showReceipt(receipt, t("The quote was received. The receipt is saved on this computer."), `receipt-${receipt.bid}-v${receipt.version}.json`);
}

async function giveUp() {
  if (!sealed || sealed.sending) return;
  const key = uploadKey();
  sealed = undefined;
  await Promise.all([cancel(key), drop(desk.request)]);
}

// -- keys --------------------------------------------------------------------------------------------------------------

async function lookForKey() {
  const id = desk.own?.manifest.owner.key ?? desk.key?.id;
  if (!id) return undefined;
  const key = await heldKey(desk.org, id);
  for (const part of document.querySelectorAll("[data-need=key]")) part.hidden = Boolean(key);
  for (const line of document.querySelectorAll("[data-key-state]")) line.textContent = key ? t("The decryption key lies in this browser.") : t("The decryption key is not in this browser: load the key file.");
  return key;
}

async function unlock() {
  const key = await lookForKey();
  if (!key) throw new Error(t("The decryption key is not in this browser: load the key file."));
  const fileKey = await unwrapFileKey(desk.own.manifest, key);
  await act("quote.unlock", { case: desk.request, payload: { file_key: b64(fileKey) } });
  location.reload();
}

/** By itself when the time has come and the key is here; otherwise the button waits. */
async function unlockByItself() {
  const box = document.querySelector("form[data-unlock-quote]");
  if (!box || !desk.own || desk.own.how || desk.state !== "OPENING" || !(await lookForKey())) return;
  box.querySelector("[data-status]").textContent = t("Your quote is being unlocked…");
  await unlock();
}

async function release(node) {
  const manifest = JSON.parse(node.querySelector("script").textContent);
  const key = await heldKey(desk.org, manifest.shares[desk.role].key);
  for (const part of document.querySelectorAll("[data-need=key]")) part.hidden = Boolean(key);
  if (!key) throw new Error(t("The decryption key is not in this browser: load the key file."));
  const share = await unwrapShare(manifest, desk.role, key);
  const payload = { quote: node.dataset.release, share: b64(share) };
  const done = await act("quote.release", { case: desk.request, payload, signed: true, title: t("Release a share of a quote") });
  if (done) location.reload();
}

const WORK = { quote: handIn, unlockQuote: unlock, release };

document.addEventListener("submit", async (event) => {
  const node = event.target;
  const name = node instanceof HTMLFormElement && Object.keys(WORK).find((one) => one in node.dataset);
  if (!name) return;
  event.preventDefault();
  const box = node.querySelector("[data-breaches]");
  const button = node.querySelector("button");
  clearError(box);
  button.disabled = true;
  try {
    await WORK[name](node);
    node.querySelector("[data-status]").textContent = "";
  } catch (error) {
    showError(box, error);
    if (name === "quote" && sealed && !sealed.stored) node.querySelector("[data-status]").textContent = t("Not sent; the sealed file is kept here. Press again to send the same file.");
  } finally {
    button.disabled = button.hasAttribute("data-closed");
    const bar = node.querySelector("progress");
    if (bar) bar.hidden = true;
  }
});

form?.addEventListener("input", () => {
  showTotal();
  giveUp();
});

const failed = (error) => {
  const box = document.querySelector("form[data-unlock-quote] [data-breaches]");
  if (box) showError(box, error);
};

// What begins or ends a stage concerns this desk: the page is read again. After the end no price is taken any more.
document.addEventListener("gh:live", (event) => {
  const { kind, data } = event.detail;
  if (kind === "quote.moved" && data.request === desk.request && data.state !== desk.state) reload();
});
document.addEventListener("gh:over", () => setTimeout(reload, 1500));
document.addEventListener("gh:key", () => lookForKey().then(unlockByItself).catch(failed));
lookForKey().then(unlockByItself).catch(failed);
if (form) keptSealed(desk.request).then((kept) => (sealed ??= kept));
