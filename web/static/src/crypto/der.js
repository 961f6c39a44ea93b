/** As much strict DER as signed attributes need. */
import { hex } from "./bytes.js";
import { Fault } from "./faults.js";

export const TAG = { octets: 0x04, oid: 0x06, sequence: 0x30, set: 0x31 };

/**
 * One element at `at`. Indefinite and non-minimal lengths are refused: they would allow two readings of one byte string.
 * @param {Uint8Array} bytes @param {number} at @returns {{tag: number, content: Uint8Array, whole: Uint8Array, end: number}}
 */
function element(bytes, at) {
  const tag = bytes[at];
  let length = bytes[at + 1];
  let start = at + 2;
  if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) throw new Fault("the signed attributes are not DER");
  if (length & 0x80) {
    const count = length & 0x7f;
    if (count < 1 || count > 3) throw new Fault("the signed attributes have a length that DER forbids");
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? NaN);
    start += count;
    if (!(length >= 0x80 && length >= 256 ** (count - 1))) throw new Fault("the signed attributes have a length that DER forbids");
  }
  const end = start + length;
  if (end > bytes.length) throw new Fault("the signed attributes end early");
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end), end };
}

/** All elements of `bytes`, to its last byte. @param {Uint8Array} bytes */
export function elements(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; at = found.at(-1).end) found.push(element(bytes, at));
  return found;
}

/** The one element `bytes` consists of, with this tag. @param {Uint8Array} bytes @param {number} tag @param {string} what */
export function only(bytes, tag, what) {
  const found = elements(bytes);
  if (found.length !== 1 || found[0].tag !== tag) throw new Fault(`the signed attributes have no proper ${what}`);
  return found[0];
}

/** Fault unless the elements of a SET OF stand in DER's order, each once. @param {{whole: Uint8Array}[]} found */
export function checkOrder(found) {
  const encodings = found.map(({ whole }) => hex(whole));
  for (let i = 1; i < encodings.length; i++) {
    if (encodings[i - 1] >= encodings[i]) throw new Fault("the signed attributes are not in DER's order");
  }
}
