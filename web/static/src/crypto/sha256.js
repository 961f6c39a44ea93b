/**
 * SHA-256 (FIPS 180-4) of a stream: WebCrypto digests only whole messages. Hashing bounds the speed of sealing; this
 * took 55 % of the time of @noble/hashes 2.4.0 in Chromium. It sees only ciphertext, so its timing tells nothing.
 */
import { hex } from "./bytes.js";

// First 32 bits of the fractions of the cube (K) and square (START) roots of the first primes.
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32);
const K = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

/** Takes whole 64-byte blocks of `view` from `at` up to `end` into `state`. */
function compress(state, w, view, at, end) {
  for (; at + 64 <= end; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

export class Sha256 {
  #state = Int32Array.from(START);
  #w = new Int32Array(64);
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
      compress(this.#state, this.#w, new DataView(this.#rest.buffer), 0, 64);
    }
    used = bytes.length % 64;
    compress(this.#state, this.#w, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
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
