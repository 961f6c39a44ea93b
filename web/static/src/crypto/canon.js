/** Canonical JSON, byte for byte what core/canon.py writes: sorted keys, no white space, UTF-8, no floats. */
import { fromUtf8, utf8 } from "./bytes.js";
import { Fault, Unusable } from "./faults.js";

function text(value) {
  if (/\p{Surrogate}/u.test(value)) throw new Unusable("a text holds half a character");
  return JSON.stringify(value);
}

function write(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new Unusable(`number ${value} must be written as a string`);
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const keys = Object.keys(value).sort();
    // Above the basic plane JavaScript sorts otherwise than Python.
    if (keys.some((key) => /[\ud800-\udfff]/.test(key))) throw new Unusable("a key is outside the basic plane");
    return `{${keys.map((key) => `${text(key)}:${write(value[key])}`).join(",")}}`;
  }
  throw new Unusable(`${typeof value} has no canonical form`);
}

/** @param {unknown} value @returns {Uint8Array} */
export const dumps = (value) => utf8(write(value));

/** @param {Uint8Array | string} data @returns {any} */
export function loads(data) {
  try {
    return JSON.parse(typeof data === "string" ? data : fromUtf8(data));
  } catch (error) {
    throw new Unusable(`not JSON: ${error.message}`);
  }
}

/** Parse and demand that the bytes are the canonical form. @param {Uint8Array} data @returns {any} */
export function loadsCanonical(data) {
  const value = loads(data);
  if (write(value) !== fromUtf8(data)) throw new Fault("the JSON is not in canonical form");
  return value;
}

/** `value` when it is an object with exactly these keys. @param {any} value @param {string[]} keys @param {string} what */
export function exactKeys(value, keys, what) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Unusable(`${what} is not an object`);
  const odd = [...keys.filter((key) => !Object.hasOwn(value, key)), ...Object.keys(value).filter((key) => !keys.includes(key))];
  if (odd.length) throw new Unusable(`${what}: missing or unknown keys ${odd.sort().join(", ")}`);
  return value;
}
