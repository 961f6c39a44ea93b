/**
 * A sealed bid on its way stays in this browser's own files (OPFS) until it is handed in: ciphertext and manifest, both
 * unreadable without the bidder's key. So a reload goes on, and a gigabyte never stands in memory. A browser without
 * such files keeps it in memory for as long as the page lives.
 */
import { seal } from "../crypto/index.js";

const folder = async () => (await navigator.storage.getDirectory()).getDirectoryHandle("gongheng-sealed", { create: true });

async function place(name) {
  try {
    const file = await (await folder()).getFileHandle(name, { create: true });
    return file.createWritable ? file : undefined;
  } catch {
    return undefined; // a private window, an old browser
  }
}

/**
 * Seal into the browser's files.
 * @param {string} key the case @param {Parameters<typeof seal>[0]} parts @param {Uint8Array} owner
 * @param {Parameters<typeof seal>[2]} context @param {Record<string, Uint8Array>} [custodians]
 * @param {(bytes: number) => void} [progress] ciphertext bytes so far
 * @returns {Promise<{manifest: import("../crypto/manifest.js").Manifest, ciphertext: Blob, kept: boolean}>}
 */
export async function sealAndKeep(key, parts, owner, context, custodians, progress) {
  await drop(key);
  const file = await place(`${key}.sealed`);
  const blocks = [];
  let size = 0;
  const out = file && (await file.createWritable());
  const write = async (block) => {
    if (out) await out.write(block);
    else blocks.push(new Blob([block]));
    progress?.((size += block.length));
  };
  const manifest = await seal(parts, owner, context, write, custodians);
  if (!out) return { manifest, ciphertext: new Blob(blocks, { type: "application/octet-stream" }), kept: false };
  await out.close();
  const note = await (await place(`${key}.json`)).createWritable();
  await note.write(JSON.stringify(manifest));
  await note.close();
  navigator.storage.persist?.();
  return { manifest, ciphertext: await file.getFile(), kept: true };
}

/** What an earlier page of this browser has sealed for `key` and not handed in. @param {string} key */
export async function keptSealed(key) {
  try {
    const where = await folder();
    const manifest = JSON.parse(await (await (await where.getFileHandle(`${key}.json`)).getFile()).text());
    const ciphertext = await (await where.getFileHandle(`${key}.sealed`)).getFile();
    return ciphertext.size === manifest.ciphertext.size ? { manifest, ciphertext, kept: true } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} key */
export async function drop(key) {
  for (const name of [`${key}.json`, `${key}.sealed`]) {
    try {
      await (await folder()).removeEntry(name);
    } catch {
      // it was not there
    }
  }
}
