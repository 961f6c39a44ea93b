/** Typed texts, as certs/typed.py: all that a person's key signs besides PDF attributes. */
import { utf8 } from "./bytes.js";
import { Unusable } from "./faults.js";

const PATTERNS = {
  word: /^[\x21-\x7e]{1,120}$/,
  nonce: /^[A-Za-z0-9_-]{16,64}$/,
  act: /^[a-z][a-z0-9_.-]{0,63}$/,
  digest: /^[0-9a-f]{64}$/,
  time: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+08:00$/,
};

/** @param {keyof PATTERNS} kind @param {unknown} value @param {string} [what] @returns {string} */
export function check(kind, value, what = kind) {
  // `$` also matches nothing but the end here: no m flag, so a newline never passes.
  if (typeof value !== "string" || !PATTERNS[kind].test(value)) throw new Unusable(`not a valid ${what}: ${String(value).slice(0, 150)}`);
  return value;
}

/** @param {string} kind first line @param {Record<string, string>} fields in order @returns {Uint8Array} */
export function compose(kind, fields) {
  return utf8([kind, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`), ""].join("\n"));
}
