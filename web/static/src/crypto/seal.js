/** Sealing in the browser: files go in as Blobs, ciphertext comes out block by block, memory stays bounded. */
import { b64, concat, random, sha256hex } from "./bytes.js";
import { encryptChunks, HEADER } from "./chunks.js";
import { running } from "./digest.js";
import { sealTo } from "./hpke.js";
import { importPublic } from "./keys.js";
import { contextFields, payloadContext, wrapInfo } from "./manifest.js";
import { pack } from "./parts.js";
import { wrapShares } from "./shares.js";

/**
 * @param {import("./parts.js").Part[]} parts @param {Uint8Array} owner SPKI of the sealer's decryption key
 * @param {import("./manifest.js").Context} context
 * @param {(block: Uint8Array) => unknown} write takes the ciphertext; when its promise is kept the block is gone
 * @param {Record<string, Uint8Array>} [custodians] role → SPKI, only with a fallback clause
 * @returns {Promise<import("./manifest.js").Manifest>} still to be signed
 */
export async function seal(parts, owner, context, write, custodians) {
  const publicKey = await importPublic(owner, "decrypt");
  const fileKey = random(32);
  let size = 0;
  let header = new Uint8Array(0);
  let ciphertext;
  const digest = await running();
  try {
    for await (const block of encryptChunks(fileKey, payloadContext(context), pack(parts))) {
      if (header.length < HEADER) header = concat(header, block.subarray(0, HEADER - header.length));
      size += block.length;
      await write(block);
      await digest.update(block);
    }
    ciphertext = await digest.digest();
  } finally {
    digest.close();
  }
  const wrapped = await sealTo(publicKey, fileKey, wrapInfo(context, ciphertext, "owner"));
  return {
    ...contextFields(context),
    ciphertext: { sha256: ciphertext, size, header: b64(header) },
    owner: { key: await sha256hex(owner), wrapped: b64(wrapped) },
    shares: custodians ? await wrapShares(fileKey, custodians, context, ciphertext) : null,
  };
}

/**
 * The same into one Blob; each block is handed to the browser as it comes.
 * @param {import("./parts.js").Part[]} parts @param {Uint8Array} owner @param {import("./manifest.js").Context} context
 * @param {Record<string, Uint8Array>} [custodians] @param {(bytes: number) => void} [progress] ciphertext bytes so far
 */
export async function sealToBlob(parts, owner, context, custodians, progress) {
  const blocks = [];
  let size = 0;
  const write = (block) => {
    blocks.push(new Blob([block]));
    progress?.((size += block.length));
  };
  const manifest = await seal(parts, owner, context, write, custodians);
  return { manifest, ciphertext: new Blob(blocks, { type: "application/octet-stream" }) };
}
