import { Unusable } from "./faults.js";

export const subtle = globalThis.crypto?.subtle;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {string} text @returns {Uint8Array} */
export const utf8 = (text) => encoder.encode(text);

/** @param {Uint8Array} bytes @returns {string} */
export function fromUtf8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Unusable("the text is not UTF-8");
  }
}

/** @param {number} count @returns {Uint8Array} */
export const random = (count) => crypto.getRandomValues(new Uint8Array(count));

/** @param {Uint8Array} bytes @returns {string} */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** @param {Uint8Array} bytes @returns {string} */
export function b64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/**
 * Standard base64 with padding, in its one canonical spelling.
 * @param {unknown} text @param {string} what @param {number} [size] @returns {Uint8Array}
 */
export function unb64(text, what, size) {
  let bytes;
  try {
    bytes = typeof text === "string" ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : null;
  } catch {
    bytes = null;
  }
  if (!bytes || b64(bytes) !== text) throw new Unusable(`${what} is not canonical base64`);
  if (size !== undefined && bytes.length !== size) throw new Unusable(`${what} has ${bytes.length} bytes, ${size} required`);
  return bytes;
}

/** @param {...Uint8Array} pieces @returns {Uint8Array} */
export function concat(...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Without an early exit. @param {Uint8Array} a @param {Uint8Array} b @returns {boolean} */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let odd = 0;
  for (let i = 0; i < a.length; i++) odd |= a[i] ^ b[i];
  return odd === 0;
}

/** @param {Uint8Array} bytes @returns {Promise<string>} lower-case hex */
export const sha256hex = async (bytes) => hex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
