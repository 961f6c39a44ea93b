/**
 * SHA-256 (FIPS 180-4) of a stream: WebCrypto digests only whole messages. Hashing bounds the speed of sealing. It sees
 * only ciphertext, so its timing tells nothing.
 */
import { hex } from "./bytes.js";
import { compress, START } from "./rounds.js";

// Short calls: a young function is recompiled for speed by the number of its calls.
const STEP = 1 << 16;

export class Sha256 {
  #state = Int32Array.from(START);
  #rest = new Uint8Array(64);
  #length = 0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    let used = this.#length % 64;
    this.#length += bytes.length;
    if (used) {
      const taken = Math.min(64 - used, bytes.length);
      this.#rest.set(bytes.subarray(0, taken), used);
      bytes = bytes.subarray(taken);
      if (used + taken < 64) return this;
      compress(this.#state, new DataView(this.#rest.buffer), 0, 64);
    }
    used = bytes.length % 64;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += STEP) compress(this.#state, view, at, Math.min(at + STEP, bytes.length));
    this.#rest.set(bytes.subarray(bytes.length - used));
    return this;
  }

  /** The digest of everything so far; nothing may follow. @returns {string} lower-case hex */
  digest() {
    const bits = this.#length * 8;
    const padding = new Uint8Array(((119 - (this.#length % 64)) % 64) + 9);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(padding.length - 4, bits % 2 ** 32);
    this.update(padding);
    const out = new Uint8Array(32);
    this.#state.forEach((word, i) => new DataView(out.buffer).setInt32(i * 4, word));
    return hex(out);
  }
}
