/** What the bid desk and the rehearsal share: a meter, sending what was sealed, the receipt on screen and on disk. */
import { dumps } from "../crypto/index.js";
import { el } from "./breaches.js";
import { pace, upload } from "./tus.js";
import { t } from "./words.js";

/** Shows part, speed and time left of a piece of work in a form. @param {HTMLFormElement} form @param {string} words */
export function meter(form, words) {
  const bar = form.querySelector("progress");
  const status = form.querySelector("[data-status]");
  bar.hidden = false;
  return pace(({ part, speed, left }) => {
    bar.value = part;
    status.textContent = t(words, { part: part.toFixed(0), speed: (speed / 1e6).toFixed(1), left: left ?? "…" });
  });
}

/**
 * Sends what was sealed; goes on by itself after a cut line, and where it was after a reload. A second call waits for
 * the first.
 * @param {HTMLFormElement} form @param {any} sealed {ciphertext, stored?}
 * @param {{key: string, purpose: string, about: string}} what
 */
export async function send(form, sealed, { key, purpose, about }) {
  const status = form.querySelector("[data-status]");
  const say = meter(form, "Uploading: %(part)s % · %(speed)s MB/s · %(left)s s left");
  const state = (now) => now === "waiting" && (status.textContent = t("Line cut; going on by itself where it stopped…"));
  sealed.sending ??= upload(sealed.ciphertext, say, { key, name: "bid.sealed", purpose, about, state });
  try {
    sealed.stored = await sealed.sending;
  } finally {
    sealed.sending = undefined;
  }
}

/**
 * price.json as it is sealed; throws in words when the price is no number.
 * @param {{price: string, duration_days: string, quality: string, manager: Record<string, string>, flags: string[], brands?: Record<string, string>, small?: Record<string, string>}} said
 */
export function priceSheet({ price, duration_days, ...rest }) {
  if (!/^\d{1,12}(\.\d{1,6})?$/.test(price)) throw new Error(t("The price must be a number."));
  const sheet = { schema: "price-sheet/1", price, duration_days: Number.parseInt(duration_days, 10), ...rest };
  return { name: "price.json", media: "application/json", blob: new Blob([dumps(sheet)]) };
}

/** @param {HTMLElement} box @param {Uint8Array} bytes @param {string} name */
function save(box, bytes, name) {
  const link = box.querySelector("[data-save]");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/json" }));
  link.download = name;
  link.click();
}

/** The receipt's facts in a box, its bytes as they were signed on this computer. @param {any} receipt @param {string} text @param {string} name */
export function showReceipt(receipt, text, name) {
  const box = document.getElementById("receipt");
  box.querySelector("[data-text]").textContent = text;
  const facts = box.querySelector("[data-facts]");
  facts.replaceChildren();
  const shown = ["purpose", "server_time", "version", "size", "ciphertext_sha256", "entry_hash"].filter((one) => one in receipt);
  for (const one of shown) facts.append(el("dt", one), el("dd", String(receipt[one]), "hash"));
  box.hidden = false;
  save(box, dumps(receipt), name);
}
