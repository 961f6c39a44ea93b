/** Legal acts: the page composes `gongheng/act/1` from fields it shows; a text made by the server is never signed. */
import { b64, sha256hex } from "./bytes.js";
import { dumps } from "./canon.js";
import { Fault, Unusable } from "./faults.js";
import { signRaw } from "./keys.js";
import { check, compose } from "./typed.js";

/**
 * @typedef {{act: string, case: string, object: string}} Shown what the page shows and has computed itself
 * @typedef {Shown & {nonce: string, time: string}} Fields
 */

/** @param {Fields} fields @returns {Uint8Array} */
export function composeChallenge(fields) {
  return compose("gongheng/act/1", {
    act: check("act", fields.act),
    case: check("word", fields.case, "case"),
    object: check("digest", fields.object, "object"),
    nonce: check("nonce", fields.nonce),
    time: check("time", fields.time),
  });
}

/**
 * Signs the server's offer only if it is about exactly what the page shows.
 * @param {import("./keys.js").HeldKey} key @param {Fields} offered by the server @param {Shown} shown
 * @returns {Promise<{text: string, signature: string}>} base64
 */
export async function signChallenge(key, offered, shown) {
  if (key.use !== "sign") throw new Unusable("only a signing key signs");
  for (const name of ["act", "case", "object"]) {
    if (typeof shown?.[name] !== "string" || offered[name] !== shown[name]) throw new Fault(`the server offers another ${name} than the page shows`);
  }
  const text = composeChallenge({ ...shown, nonce: offered.nonce, time: offered.time });
  return { text: b64(text), signature: b64(await signRaw(key.privateKey, text)) };
}

/** The object of an act about a form: SHA-256 of its canonical JSON. @param {unknown} value @returns {Promise<string>} */
export const objectOf = (value) => sha256hex(dumps(value));
