/**
 * Sending a file so that a cut line, a closed laptop or a killed server costs one piece at most (tus 1.0). The address of
 * an upload is kept under the name its caller gives; the server alone says how far it is.
 */
import { RefusedError, answerOf } from "./net.js";
import { t } from "./words.js";

const PIECE = 8 << 20;
const STILL = 60_000;
const WAITS = [0, 500, 1000, 2000, 4000, 8000, 15000];
const TUS = { "Tus-Resumable": "1.0.0", "X-Gongheng": "1" };
const BODY = { "Content-Type": "application/offset+octet-stream" };

/** An answer that trying again may change: no line, a server that starts, another connection that still holds on. */
const passing = (status) => status === 0 || status === 409 || status === 423 || status === 460 || (status >= 500 && status !== 507);

/** One request; XMLHttpRequest, because only it tells how much of a body has left. A line that stands still is cut. */
function ask(method, url, headers, body, sent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STILL);
    };
    request.open(method, url);
    request.withCredentials = true;
    for (const [name, value] of Object.entries({ ...TUS, ...headers })) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      alive();
      sent?.(event.loaded);
    };
    request.onload = () => {
      if (request.status < 300) resolve(request);
      else answerOf(new Response(request.responseText || null, { status: request.status })).catch(reject);
    };
    request.onloadend = () => clearTimeout(timer);
    request.onerror = request.onabort = () => reject(new RefusedError(t("The line to the server is cut."), [], 0));
    alive();
    request.send(body);
  });
}

const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const told = (facts) => Object.entries(facts).filter(([, value]) => value).map(([key, value]) => `${key} ${encode(value)}`).join(",");
const place = () => document.body.dataset.uploads || "/uploads";
const offsetIn = (request) => Number(request.getResponseHeader("Upload-Offset"));

/** Where an upload kept under `key` goes on, or undefined when the server knows it no longer. */
async function known(key, size) {
  const url = key && localStorage.getItem(`gh-upload:${key}`);
  if (!url) return undefined;
  try {
    const request = await ask("HEAD", url);
    if (Number(request.getResponseHeader("Upload-Length")) === size) return { url, request };
  } catch (error) {
    if (passing(error.status)) throw error;
  }
  forget(key);
  return undefined;
}

async function created(blob, { key, name = "", purpose = "", about = "" }) {
  const headers = { "Upload-Length": String(blob.size), "Upload-Metadata": told({ filename: name, purpose, case: about }) };
  const request = await ask("POST", place(), headers);
  const url = new URL(request.getResponseHeader("Location"), new URL(place(), location.href)).href;
  if (key) localStorage.setItem(`gh-upload:${key}`, url);
  return { url, request };
}

/** Forget where an upload was, once its file has been handed in. @param {string} key */
export const forget = (key) => localStorage.removeItem(`gh-upload:${key}`);

/** Give an upload up, also on the server: at the deadline it would count as begun and withdrawn. @param {string} key */
export async function cancel(key) {
  const url = localStorage.getItem(`gh-upload:${key}`);
  forget(key);
  if (url) await ask("DELETE", url).catch(() => undefined);
}

/** Until the browser says that there is a line again, or for a while. */
const pause = (ms) =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve(undefined);
    }
    addEventListener("online", done);
  });

async function pieces(blob, options, progress) {
  const { url, request } = (await known(options.key, blob.size)) ?? (await created(blob, options));
  let last = request;
  let offset = offsetIn(request);
  options.state?.("sending");
  progress?.(offset, blob.size);
  while (!last.getResponseHeader("X-Content-SHA256")) {
    const piece = blob.slice(offset, offset + PIECE);
    const sent = (bytes) => progress?.(Math.min(offset + bytes, blob.size), blob.size);
    last = await ask("PATCH", url, { ...BODY, "Upload-Offset": String(offset) }, piece, sent);
    offset = offsetIn(last);
    options.moved?.();
    progress?.(offset, blob.size);
  }
  return { sha256: last.getResponseHeader("X-Content-SHA256"), size: blob.size };
}

/**
 * Send a file; goes on by itself after whatever may pass, and ends with a RefusedError for what may not.
 * @param {Blob} blob @param {(sent: number, total: number) => void} [progress]
 * @param {{key?: string, name?: string, purpose?: string, about?: string,
 *          state?: (now: "sending" | "waiting") => void}} [options]
 *   key: the same file under the same key goes on where it stopped, also after a reload; about: the case of a bid
 * @returns {Promise<{sha256: string, size: number}>}
 */
export async function upload(blob, progress, options = {}) {
  const kept = { ...options, key: options.key ?? `once:${crypto.randomUUID()}` };
  let tries = 0;
  for (;;) {
    try {
      const done = await pieces(blob, { ...kept, moved: () => (tries = 0) }, progress);
      if (!options.key) forget(kept.key);
      return done;
    } catch (error) {
      if (!(error instanceof RefusedError) || !passing(error.status)) {
        if (!options.key) forget(kept.key);
        throw error;
      }
      options.state?.("waiting");
      await pause(WAITS[Math.min((tries += 1), WAITS.length - 1)]);
    }
  }
}

/** Says how far a transfer is: part, speed over the last seconds, time left. @param {(line: {part: number, speed: number, left: number | undefined}) => void} say */
export function pace(say) {
  /** @type {{at: number, sent: number}[]} */
  let marks = [];
  return (sent, total) => {
    const now = performance.now();
    if (marks.length && sent < marks[marks.length - 1].sent) marks = [];
    marks.push({ at: now, sent });
    while (marks.length > 2 && now - marks[0].at > 5000) marks.shift();
    const seconds = (now - marks[0].at) / 1000;
    const speed = seconds > 0.2 ? (sent - marks[0].sent) / seconds : 0;
    say({ part: total ? (100 * sent) / total : 100, speed, left: speed ? Math.ceil((total - sent) / speed) : undefined });
  };
}
