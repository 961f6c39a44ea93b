/** What stands inside a sealed payload; layout in certs/sealing_parts.py. */
import { concat } from "./bytes.js";
import { dumps, exactKeys, loadsCanonical } from "./canon.js";
import { Fault, Unusable } from "./faults.js";

const SCHEMA = "gongheng/parts/1";
const PAD = 4096;
const MAX_HEADER = 1 << 16;
const MAX_PARTS = 64;
const NAME = /^[^\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,120}$/u;
const MEDIA = /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}$/;

/** @typedef {{name: string, media: string, blob: Blob}} Part a File is a Blob: nothing is read before its turn */

/** As the browser reads it; several times faster than slices. @param {Blob} blob @returns {AsyncGenerator<Uint8Array>} */
export async function* blobBlocks(blob) {
  const reader = blob.stream().getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel();
  }
}

function checkTable(table) {
  if (!Array.isArray(table) || table.length < 1 || table.length > MAX_PARTS) throw new Unusable(`a payload has 1 to ${MAX_PARTS} parts`);
  for (const part of table) {
    exactKeys(part, ["name", "media", "size"], "part");
    if (typeof part.name !== "string" || !NAME.test(part.name) || part.name.startsWith(".")) throw new Unusable(`not a usable name of a part: ${part.name}`);
    if (typeof part.media !== "string" || !MEDIA.test(part.media)) throw new Unusable(`not a media type: ${part.media}`);
    if (!Number.isSafeInteger(part.size) || part.size < 0 || part.size >= 2 ** 48) throw new Unusable(`not a size in bytes: ${part.size}`);
  }
  if (new Set(table.map((part) => part.name)).size !== table.length) throw new Unusable("two parts have the same name");
}

/** @param {Part[]} parts @returns {AsyncGenerator<Uint8Array>} */
export async function* pack(parts) {
  const table = parts.map(({ name, media, blob }) => ({ name, media, size: blob.size }));
  checkTable(table);
  const header = dumps({ schema: SCHEMA, parts: table });
  if (header.length > MAX_HEADER) throw new Unusable("the names of the parts are too long");
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length);
  yield concat(length, header);
  let total = 4 + header.length;
  for (const { blob } of parts) {
    yield* blobBlocks(blob);
    total += blob.size;
  }
  yield new Uint8Array((PAD - (total % PAD)) % PAD);
}

/** Exact reads over blocks of any size. */
class Tape {
  #source;
  #rest = new Uint8Array(0);
  position = 0;

  /** @param {AsyncGenerator<Uint8Array>} blocks */
  constructor(blocks) {
    this.#source = blocks;
  }

  async *take(count) {
    while (count > 0) {
      while (!this.#rest.length) {
        const { value, done } = await this.#source.next();
        if (done) throw new Fault("the sealed payload ends early");
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, count);
      this.#rest = this.#rest.subarray(piece.length);
      count -= piece.length;
      this.position += piece.length;
      yield piece;
    }
  }

  async exactly(count) {
    const pieces = [];
    for await (const piece of this.take(count)) pieces.push(piece);
    return concat(...pieces);
  }

  async remainder() {
    let rest = this.#rest;
    for (let step = await this.#source.next(); !step.done; step = await this.#source.next()) {
      rest = concat(rest, step.value);
      if (rest.length > PAD) throw new Fault("the sealed payload goes on after its last part");
    }
    return rest;
  }
}

function readTable(bytes) {
  try {
    const header = exactKeys(loadsCanonical(bytes), ["schema", "parts"], "payload");
    if (header.schema !== SCHEMA) throw new Unusable(`not ${SCHEMA}`);
    checkTable(header.parts);
    return header.parts;
  } catch (error) {
    if (error instanceof Unusable) throw new Fault(`the sealed payload has a wrong header: ${error.message}`);
    throw error;
  }
}

/**
 * The parts as Blobs; small pieces are handed to the browser as they come, so the page's memory stays bounded.
 * @param {AsyncGenerator<Uint8Array>} blocks @returns {Promise<Part[]>}
 */
export async function unpack(blocks) {
  const tape = new Tape(blocks);
  const length = new DataView((await tape.exactly(4)).buffer).getUint32(0);
  if (length > MAX_HEADER) throw new Fault("the sealed payload has no header");
  const parts = [];
  for (const { name, media, size } of readTable(await tape.exactly(length))) {
    const pieces = [];
    for await (const piece of tape.take(size)) pieces.push(new Blob([piece]));
    parts.push({ name, media, blob: new Blob(pieces, { type: media }) });
  }
  const padding = await tape.remainder();
  if (padding.length !== (PAD - (tape.position % PAD)) % PAD || padding.some((byte) => byte)) throw new Fault("the sealed payload has a wrong padding");
  return parts;
}
