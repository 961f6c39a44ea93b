/** The browser's modules at the far end of a pipe: a JSON list of calls in, a JSON list of answers out. */
import { openAsBlob } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { inflateSync } from "node:zlib";
import { createHash } from "node:crypto";
import * as gongheng from "../../../web/static/src/crypto/index.js";
import { Sha256 } from "../../../web/static/src/crypto/sha256.js";
import { decryptChunks } from "../../../web/static/src/crypto/chunks.js";

const { b64, unb64 } = gongheng;
const bytes = (text) => unb64(text, "argument");
const held = ({ envelope, use, passphrase, uid }) => gongheng.unwrap(envelope, use, passphrase, uid);
const manifestOf = ({ manifest, context }) => gongheng.readManifest(bytes(manifest), context);
const each = (object, change) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
const partsOut = (parts) =>
  Promise.all(parts.map(async ({ name, media, blob }) => ({ name, media, data: b64(new Uint8Array(await blob.arrayBuffer())) })));

async function sealInto({ owner, context, custodians, out }, parts) {
  const file = await open(out, "w");
  try {
    const keys = custodians && each(custodians, bytes);
    const manifest = await gongheng.seal(parts, bytes(owner), context, (block) => file.write(block), keys);
    return { manifest: b64(gongheng.manifestBytes(manifest)), digest: await gongheng.manifestDigest(manifest) };
  } finally {
    await file.close();
  }
}

const calls = {
  async make({ use, uid, passphrase, nonce, iterations }) {
    const key = await gongheng.generate(use, uid);
    const envelope = use === "decrypt" ? gongheng.loads(await gongheng.keyFile(key, passphrase)) : await gongheng.wrap(key, passphrase, iterations);
    return { envelope, proof: await gongheng.provePossession(key, nonce), frozen: (await gongheng.freeze(key)).privateKey.extractable };
  },
  async passphrases({ typed }) {
    return { made: gongheng.newPassphrase(), read: typed.map(gongheng.normalPassphrase) };
  },
  async unwrap(args) {
    const key = await held(args);
    return { uid: key.uid, spki: b64(key.spki), extractable: key.privateKey.extractable };
  },
  async canon({ data }) {
    return b64(gongheng.dumps(gongheng.loads(bytes(data))));
  },
  async challenge(args) {
    return gongheng.signChallenge(await held(args), args.offered, args.shown);
  },
  async seal(args) {
    return sealInto(args, args.parts.map(({ name, media, data }) => ({ name, media, blob: new Blob([bytes(data)]) })));
  },
  async sealFile(args) {
    const blob = await openAsBlob(args.path);
    const before = process.memoryUsage();
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers)), 5);
    const answer = await sealInto(args, [{ name: "big.bin", media: "application/octet-stream", blob }]);
    clearInterval(watch);
    return { ...answer, peak: Math.max(0, peak - before.arrayBuffers) };
  },
  async open(args) {
    const parts = await gongheng.openWithKey(manifestOf(args), await held(args), await openAsBlob(args.ciphertext));
    return partsOut(parts);
  },
  async openWithFileKey(args) {
    return partsOut(await gongheng.openWithFileKey(manifestOf(args), bytes(args.fileKey), await openAsBlob(args.ciphertext)));
  },
  async fileKey(args) {
    return b64(await gongheng.unwrapFileKey(manifestOf(args), await held(args)));
  },
  async share(args) {
    return b64(await gongheng.unwrapShare(manifestOf(args), args.role, await held(args)));
  },
  async combine(args) {
    return b64(await gongheng.combineShares(manifestOf(args), each(args.shares, bytes)));
  },
  async vector({ key, ctx, ct }) {
    const raw = (text) => new Uint8Array(Buffer.from(text, "hex"));
    const digest = createHash("sha512");
    let length = 0;
    for await (const block of decryptChunks(raw(key), raw(ctx), [new Uint8Array(inflateSync(raw(ct)))])) {
      digest.update(block);
      length += block.length;
    }
    return { msgLength: length, msgSha512: digest.digest("hex") };
  },
  async sha256({ data, steps }) {
    const digest = new Sha256();
    const all = bytes(data);
    let at = 0;
    for (const step of steps) digest.update(all.subarray(at, (at += step)));
    return digest.update(all.subarray(at)).digest();
  },
  async signPdf(args) {
    const prepared = { file: new Uint8Array(await readFile(args.path)), region: args.region, tbs: bytes(args.tbs) };
    return gongheng.signPrepared(await held(args), bytes(args.certificate), prepared, args.reviewed);
  },
};

const input = await new Response(process.stdin).json();
const answers = [];
for (const { call, ...args } of input) {
  try {
    answers.push({ ok: await calls[call](args) });
  } catch (error) {
    answers.push({ error: error.name, message: error.message });
  }
}
process.stdout.write(JSON.stringify(answers));
