/** Talking to the server: JSON out, JSON in; a refusal is an error that carries every breach. */
import { dumps } from "../crypto/index.js";
import { t } from "./words.js";

/** @typedef {{rule: string, article: string, action: string, required: string, found: string, field: string, text: string}} Breach */

export class RefusedError extends Error {
  /** @param {string} message @param {Breach[]} breaches @param {number} status */
  constructor(message, breaches, status) {
    super(message);
    this.breaches = breaches;
    this.status = status;
  }
}

/** The JSON of an answer; a refusal is thrown. @param {Response} response */
export async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const breaches = body.breaches ?? [];
  throw new RefusedError(body.error ?? breaches.map((one) => one.text).join(" ") ?? t("The server gave no answer."), breaches, response.status);
}

const HEADERS = { "X-Gongheng": "1", Accept: "application/json" };

async function ask(path, init) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch {
    throw new RefusedError(t("The line to the server is cut. Nothing was lost; please try again."), [], 0);
  }
  return answerOf(response);
}

/** @param {string} path @param {Record<string, string>} [query] */
export const get = (path, query) => ask(query ? `${path}?${new URLSearchParams(query)}` : path, { headers: HEADERS });

/** Canonical JSON. @param {string} path @param {unknown} value */
export const post = (path, value) =>
  ask(path, { method: "POST", headers: { ...HEADERS, "Content-Type": "application/json" }, body: dumps(value) });

/** A file as the body; the answer is JSON. @param {string} path @param {Blob} file */
export const postFile = (path, file) =>
  ask(path, { method: "POST", headers: { ...HEADERS, "Content-Type": "application/octet-stream" }, body: file });

/** Who is logged in, with the signing certificate in force. Asked once a page. */
let mine;
export const me = () => (mine ??= get("/api/v1/me"));
