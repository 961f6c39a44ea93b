/**
 * Cobblestone-256 (c2sp.org/chunked-encryption, AES-256-GCM) on WebCrypto, streamed: salt (24), commitment (32), then
 * 16 KiB chunks with the counter XORed into the nonce; the last chunk is shorter than 16 KiB.
 */
import { concat, equal, random, subtle, utf8 } from "./bytes.js";
import { Fault, Unusable } from "./faults.js";

export const HEADER = 56;
const CHUNK = 16384;
const TAG = 16;
// 64 chunks make a block of 1 MiB; two blocks are in the engine at once.
const BATCH = 64;
const MAX_CHUNKS = 2 ** 38;

/** @typedef {AsyncIterable<Uint8Array> | Iterable<Uint8Array>} Blocks */

/** HKDF-Expand with SHA-512 (RFC 5869, 2.3): the file key is uniformly random already. */
async function derive(fileKey, salt, context) {
  if (fileKey.length !== 32) throw new Unusable("a file key has 32 bytes");
  const info = concat(utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"), salt, context);
  const mac = await subtle.importKey("raw", fileKey, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  const first = new Uint8Array(await subtle.sign("HMAC", mac, concat(info, Uint8Array.of(1))));
  const second = new Uint8Array(await subtle.sign("HMAC", mac, concat(first, info, Uint8Array.of(2))));
  const out = concat(first, second);
  const key = await subtle.importKey("raw", out.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]);
  return { key, nonce: out.slice(32, 44), commitment: out.slice(44, 76) };
}

function nonceOf(base, counter) {
  if (counter >= MAX_CHUNKS) throw new Unusable("the payload is too large");
  const iv = base.slice();
  const view = new DataView(iv.buffer);
  view.setUint8(7, view.getUint8(7) ^ Math.floor(counter / 2 ** 32));
  view.setUint32(8, view.getUint32(8) ^ counter % 2 ** 32);
  return iv;
}

/** Lists of pieces of exactly `size` bytes, then one piece that is shorter (perhaps empty). @param {Blocks} blocks @param {number} size */
async function* rechunk(blocks, size) {
  let rest = new Uint8Array(0);
  for await (const block of blocks) {
    const pieces = [];
    let at = 0;
    if (rest.length) {
      at = Math.min(size - rest.length, block.length);
      rest = concat(rest, block.subarray(0, at));
      if (rest.length < size) continue;
      pieces.push(rest);
    }
    for (; at + size <= block.length; at += size) pieces.push(block.subarray(at, at + size));
    rest = block.slice(at);
    yield pieces;
  }
  yield [rest];
}

/** Runs `work` on each piece, a batch at once, and yields the results in order, a batch to a block. */
async function* pipeline(pieces, work) {
  let batch = [];
  let running;
  let counter = 0;
  const start = () => {
    const at = counter;
    counter += batch.length;
    const started = Promise.all(batch.map((piece, i) => work(piece, at + i)));
    // A failure is thrown where its block is awaited; until then it must not count as unhandled.
    started.catch(() => undefined);
    batch = [];
    return started;
  };
  const joined = async (results) => concat(...(await results).map((result) => new Uint8Array(result)));
  for await (const some of pieces) {
    for (const piece of some) {
      batch.push(piece);
      if (batch.length < BATCH) continue;
      const next = start();
      if (running) yield await joined(running);
      running = next;
    }
  }
  const last = start();
  if (running) yield await joined(running);
  yield await joined(last);
}

/** @param {Uint8Array} fileKey @param {Uint8Array} context @param {Blocks} blocks @returns {AsyncGenerator<Uint8Array>} */
export async function* encryptChunks(fileKey, context, blocks) {
  const salt = random(24);
  const { key, nonce, commitment } = await derive(fileKey, salt, context);
  yield concat(salt, commitment);
  yield* pipeline(rechunk(blocks, CHUNK), (piece, counter) => subtle.encrypt({ name: "AES-GCM", iv: nonceOf(nonce, counter) }, key, piece));
}

/** Fault unless `header` commits to this key for this context. @param {Uint8Array} fileKey @param {Uint8Array} header @param {Uint8Array} context */
export async function checkCommitment(fileKey, header, context) {
  if (header.length !== HEADER) throw new Fault("the ciphertext is shorter than its header");
  const derived = await derive(fileKey, header.slice(0, 24), context);
  if (!equal(derived.commitment, header.subarray(24))) throw new Fault("the file key is not the one this ciphertext commits to");
  return derived;
}

/** Splits off the first `count` bytes; the rest stays a stream. @param {Blocks} blocks @param {number} count */
async function behead(blocks, count) {
  const source = blocks[Symbol.asyncIterator]?.() ?? blocks[Symbol.iterator]();
  let head = new Uint8Array(0);
  while (head.length < count) {
    const { value, done } = await source.next();
    if (done) break;
    head = concat(head, value);
  }
  async function* tail() {
    yield head.subarray(count);
    for (let step = await source.next(); !step.done; step = await source.next()) yield step.value;
  }
  return { head: head.slice(0, count), tail: tail() };
}

/** Only authenticated bytes come out, but the whole holds only when the generator ends. @param {Uint8Array} fileKey @param {Uint8Array} context @param {Blocks} blocks */
export async function* decryptChunks(fileKey, context, blocks) {
  const { head, tail } = await behead(blocks, HEADER);
  const { key, nonce } = await checkCommitment(fileKey, head, context);
  const work = async (piece, counter) => {
    if (piece.length < TAG) throw new Fault("the ciphertext was cut");
    try {
      return await subtle.decrypt({ name: "AES-GCM", iv: nonceOf(nonce, counter) }, key, piece);
    } catch {
      throw new Fault(`the ciphertext does not decrypt: chunk ${counter} was changed, moved or cut`);
    }
  };
  yield* pipeline(rechunk(tail, CHUNK + TAG), work);
}
