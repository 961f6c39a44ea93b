/** Opening: at the opening hour the sealer's browser unwraps the file key; only that key is sent. */
import { equal, sha256hex, unb64 } from "./bytes.js";
import { checkCommitment, decryptChunks, HEADER } from "./chunks.js";
import { Fault, Unusable } from "./faults.js";
import { openFrom } from "./hpke.js";
import { payloadContext, wrapInfo } from "./manifest.js";
import { blobBlocks, unpack } from "./parts.js";
import { Sha256 } from "./sha256.js";

/** Fault unless the manifest's header commits to this key. @param {import("./manifest.js").Manifest} manifest @param {Uint8Array} fileKey */
export async function checkFileKey(manifest, fileKey) {
  await checkCommitment(fileKey, unb64(manifest.ciphertext.header, "header"), payloadContext(manifest));
}

/** @param {import("./manifest.js").Manifest} manifest @param {import("./keys.js").HeldKey} key decryption key @returns {Promise<Uint8Array>} 32 bytes */
export async function unwrapFileKey(manifest, key) {
  if (key.use !== "decrypt") throw new Unusable("a decryption key is needed");
  if ((await sha256hex(key.spki)) !== manifest.owner.key) throw new Fault("this is sealed to another decryption key");
  const info = wrapInfo(manifest, manifest.ciphertext.sha256, "owner");
  const fileKey = await openFrom(key, unb64(manifest.owner.wrapped, "wrapped key"), info, "key");
  await checkFileKey(manifest, fileKey);
  return fileKey;
}

/** The ciphertext's blocks; Fault at the end when they are not those of the manifest. */
async function* checked(manifest, ciphertext) {
  const { sha256, size, header } = manifest.ciphertext;
  if (ciphertext.size !== size) throw new Fault(`the ciphertext has ${ciphertext.size} bytes, not ${size}`);
  const start = new Uint8Array(await ciphertext.slice(0, HEADER).arrayBuffer());
  if (!equal(start, unb64(header, "header"))) throw new Fault("the ciphertext does not begin as its manifest says");
  const digest = new Sha256();
  for await (const block of blobBlocks(ciphertext)) {
    digest.update(block);
    yield block;
  }
  if (digest.digest() !== sha256) throw new Fault("the ciphertext is not the one of the manifest");
}

/** Fault unless the bytes are those of the manifest; needs no key. @param {import("./manifest.js").Manifest} manifest @param {Blob} ciphertext @param {(bytes: number) => void} [progress] */
export async function checkCiphertext(manifest, ciphertext, progress) {
  let done = 0;
  for await (const block of checked(manifest, ciphertext)) progress?.((done += block.length));
}

/**
 * @param {import("./manifest.js").Manifest} manifest @param {Uint8Array} fileKey @param {Blob} ciphertext
 * @returns {Promise<import("./parts.js").Part[]>}
 */
export async function openWithFileKey(manifest, fileKey, ciphertext) {
  await checkFileKey(manifest, fileKey);
  return unpack(decryptChunks(fileKey, payloadContext(manifest), checked(manifest, ciphertext)));
}

/** The sealer opens their own seal. @param {import("./manifest.js").Manifest} manifest @param {import("./keys.js").HeldKey} key @param {Blob} ciphertext */
export async function openWithKey(manifest, key, ciphertext) {
  return openWithFileKey(manifest, await unwrapFileKey(manifest, key), ciphertext);
}
