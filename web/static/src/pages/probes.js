/**
 * What bidding asks of a computer, tried for real with the modules that handle bids. Each probe answers
 * {state: good | weak | bad | skip, text, todo}; nothing of what is tried stays.
 */
import { freeze, generate, objectOf, openWithKey, sha256hex, signChallenge, store, unb64 } from "../crypto/index.js";
import { downSpeed, upSpeed } from "./bandwidth.js";
import { beijing, serverNow } from "./clock.js";
import { line, send } from "./live.js";
import { get, me } from "./net.js";
import { heldKey } from "./openkey.js";
import { drop, keptSealed, sealAndKeep } from "./sealed.js";
import { heldKey as heldSigningKey } from "./sign.js";
import { t } from "./words.js";

/** @typedef {{state: "good" | "weak" | "bad" | "skip", text: string, todo?: string}} Found */

const GIGABYTE = 1e9;
const DAY = 86_400_000;
const PLACE = "environment-check";
/** @type {(state: Found["state"]) => (text: string, todo?: string) => Found} */
const found = (state) => (text, todo) => ({ state, text, todo });
const good = found("good");
const weak = found("weak");
const bad = found("bad");

/** The quickest of some answers tells the time best. @param {boolean} demo whether the server's clock is moved on purpose */
export async function clock(demo) {
  let best = { off: 0, trip: Infinity };
  for (let tries = 0; tries < 5; tries += 1) {
    const at = Date.now();
    const began = performance.now();
    const { ms } = await get("/api/v1/time");
    const trip = performance.now() - began;
    if (trip < best.trip) best = { off: ms - (at + trip / 2), trip };
  }
  const seconds = (Math.abs(best.off) / 1000).toFixed(1);
  if (Math.abs(best.off) < 2000) return good(t("Within %(seconds)s s of the server's clock.", { seconds }));
  if (demo) return good(t("The demonstration's clock is moved on purpose; this computer's says nothing about it."));
  return weak(t("%(seconds)s s off the server's clock.", { seconds }), t("Let this computer set its time by itself. Go by the time at the top of every page: it is the server's."));
}

const OWN = () => t("Make or renew it on the page “My certificates”.");

export async function certificate() {
  const person = await me();
  if (!person.certificate) return bad(t("You have no signing certificate in force."), OWN());
  const day = person.certificate.not_after.slice(0, 10);
  const ends = Date.parse(person.certificate.not_after) - serverNow();
  return ends < 30 * DAY ? weak(t("Ends on %(day)s.", { day }), OWN()) : good(t("Valid until %(day)s.", { day }));
}

/** Whether a signature made by this key is one of it: over a typed text of no act. @param {any} key */
async function signs(key) {
  const shown = { act: "environment.check", case: "-", object: await objectOf({}) };
  const nonce = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const { text, signature } = await signChallenge(key, { ...shown, nonce, time: `${beijing(serverNow()).replace(" ", "T")}+08:00` }, shown);
  return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key.publicKey, unb64(signature, "signature"), unb64(text, "text"));
}

export async function signingKey() {
  const person = await me();
  if (!person.certificate) return bad(t("Without a certificate there is no key."), OWN());
  const key = await heldSigningKey(person, person.certificate);
  if (!key) return weak(t("Locked: the first signature asks for its passphrase."), t("Have the passphrase at hand, or open the key now."));
  return (await signs(key)) ? good(t("Open in this browser; a signature was made and checked.")) : bad(t("The key does not make signatures of its certificate."), OWN());
}

/** @param {string} org @param {{id: string} | null} held the organisation's certificate in force */
export async function decryptionKey(org, held) {
  if (!held) return bad(t("Your organisation has no decryption key yet."), t("Whoever manages your organisation's account makes it on the page “My certificates”."));
  if (await heldKey(org, held.id)) return good(t("The decryption key lies in this browser."));
  return weak(t("The decryption key is not in this browser."), t("Have the key file and its passphrase ready, or load them now."));
}

function filler() {
  const block = crypto.getRandomValues(new Uint8Array(1 << 16));
  return new Blob(Array.from({ length: 16 }, () => block));
}

/** A megabyte sealed into this browser's files, read from there, opened, compared; a text signed and checked. */
export async function sealing() {
  if (!globalThis.isSecureContext || !crypto.subtle) {
    const none = bad(t("This browser cannot encrypt here."), t("Open the page over https with a current browser."));
    return { seal: none, storage: none };
  }
  try {
    const blob = filler();
    const owner = await freeze(await generate("decrypt", PLACE));
    const context = { kind: "rehearsal", lot: PLACE, bid: PLACE, sealer: await sha256hex(owner.spki) };
    const sealed = await sealAndKeep(PLACE, [{ name: "check.bin", media: "application/octet-stream", blob }], owner.spki, context);
    const kept = await keptSealed(PLACE);
    const [part] = await openWithKey(sealed.manifest, owner, (kept ?? sealed).ciphertext);
    const digests = await Promise.all([blob, part.blob].map(async (one) => sha256hex(new Uint8Array(await one.arrayBuffer()))));
    const works = digests[0] === digests[1] && (await signs(await freeze(await generate("sign", PLACE))));
    const seal = works
      ? good(t("A file was sealed, opened again and found the same; a signature was made and checked."))
      : bad(t("What was sealed came out changed."), t("Use another browser or computer."));
    return { seal, storage: await room(Boolean(kept)) };
  } finally {
    await drop(PLACE);
  }
}

async function room(kept) {
  if (!kept) return weak(t("This browser keeps no files for pages."), t("Use a window that is not private. Otherwise leave the page of the bid open until its receipt is there."));
  const { quota = 0, usage = 0 } = (await navigator.storage.estimate?.()) ?? {};
  const free = ((quota - usage) / GIGABYTE).toFixed(1);
  if (quota - usage < GIGABYTE) return weak(t("Sealed files are kept, but only %(free)s GB are free.", { free }), t("Make room on this computer's disk."));
  return good(t("Sealed files are kept over a closed page; %(free)s GB are free.", { free }));
}

const speedOf = (bytes) => (bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1);

/** @param {(part: number) => void} [say] */
export async function upload(say) {
  const bytes = await upSpeed(say);
  const minutes = Math.max(1, Math.ceil(GIGABYTE / bytes / 60));
  const text = t("%(speed)s MB/s: a bid of 1 GB takes about %(minutes)s min.", { speed: speedOf(bytes), minutes });
  return minutes <= 60 ? good(text) : weak(text, t("Begin to upload hours before the deadline; after a cut the upload goes on where it was."));
}

/** @param {(part: number) => void} [say] */
export async function download(say) {
  const bytes = await downSpeed(say);
  const text = t("%(speed)s MB/s.", { speed: speedOf(bytes) });
  return bytes > 1e5 ? good(text) : weak(text, t("Tender files open slowly on this line; take them early."));
}

/** The line on which halls and rooms tell what happens: there and back, five times. */
export async function socket() {
  const trips = [];
  try {
    line();
    for (let tries = 0; tries < 5; tries += 1) {
      const began = performance.now();
      await send("ping", {});
      if (tries) trips.push(performance.now() - began); // the first one also connects
    }
  } catch {
    return bad(t("No lasting connection comes about."), t("Ask whoever runs your network to let WebSocket (wss) through. Without it the hall does not renew itself; reload it by hand."));
  }
  const ms = Math.round(trips.sort((a, b) => a - b)[2]);
  return ms < 500 ? good(t("Connected; there and back in %(ms)s ms.", { ms })) : weak(t("Connected; there and back in %(ms)s ms.", { ms }), t("The line is slow: have nothing else use it at the opening."));
}
