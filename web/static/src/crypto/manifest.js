/** The public side of a seal, as certs/sealing.py reads it. */
import { sha256hex, unb64 } from "./bytes.js";
import { dumps, exactKeys, loadsCanonical } from "./canon.js";
import { Fault, Unusable } from "./faults.js";
import { SUITE } from "./keys.js";
import { check } from "./typed.js";

const SCHEMA = "gongheng/sealed/1";
const KINDS = ["bid", "reference", "rehearsal", "quote", "response"];
export const ROLES = ["tenderer", "centre", "regulator"];
export const THRESHOLD = 2;

/**
 * @typedef {{kind: "bid" | "reference" | "rehearsal" | "quote" | "response", lot: string, bid: string, sealer: string}} Context
 *   sealer: SHA-256 (hex) of the sealer's signing certificate in DER
 * @typedef {{key: string, wrapped: string, commitment: string}} HeldShare
 * @typedef {Context & {schema: string, suite: string, ciphertext: {sha256: string, size: number, header: string},
 *   owner: {key: string, wrapped: string}, shares: null | Record<string, HeldShare | number>}} Manifest
 */

/** @param {Context} context @returns {Record<string, string>} */
export function contextFields({ kind, lot, bid, sealer }) {
  if (!KINDS.includes(kind)) throw new Unusable(`a seal is for one of ${KINDS.join(", ")}, not ${kind}`);
  check("word", lot, "lot");
  check("word", bid, "bid");
  check("digest", sealer, "sealer");
  return { schema: SCHEMA, suite: SUITE, kind, lot, bid, sealer };
}

/** Bound into the payload's key derivation. @param {Context} context */
export const payloadContext = (context) => dumps(contextFields(context));

/** Bound into a wrapped key or share. @param {Context} context @param {string} ciphertextSha256 @param {string} role */
export const wrapInfo = (context, ciphertextSha256, role) => dumps({ ...contextFields(context), ciphertext: ciphertextSha256, role });

/** What is uploaded, and signed by its digest. @param {Manifest} manifest @returns {Uint8Array} */
export const manifestBytes = (manifest) => dumps(manifest);

/** @param {Manifest} manifest @returns {Promise<string>} */
export const manifestDigest = (manifest) => sha256hex(dumps(manifest));

function checkShares(shares) {
  if (shares === null) return;
  exactKeys(shares, [...ROLES, "threshold"], "shares");
  if (shares.threshold !== THRESHOLD) throw new Unusable(`the threshold of shares is ${THRESHOLD}`);
  for (const role of ROLES) {
    exactKeys(shares[role], ["key", "wrapped", "commitment"], `share of ${role}`);
    check("digest", shares[role].key, "custodian key");
    check("digest", shares[role].commitment, "commitment");
    unb64(shares[role].wrapped, "wrapped share", 65 + 33 + 16);
  }
}

/** @param {Uint8Array} data @param {Context} [context] what it must stand for @returns {Manifest} */
export function readManifest(data, context) {
  const keys = ["schema", "suite", "kind", "lot", "bid", "sealer", "ciphertext", "owner", "shares"];
  const manifest = exactKeys(loadsCanonical(data), keys, "manifest");
  if (manifest.schema !== SCHEMA || manifest.suite !== SUITE) throw new Unusable(`not a ${SCHEMA} manifest of ${SUITE}`);
  contextFields(manifest);
  exactKeys(manifest.ciphertext, ["sha256", "size", "header"], "ciphertext");
  check("digest", manifest.ciphertext.sha256);
  unb64(manifest.ciphertext.header, "header", 56);
  if (!Number.isSafeInteger(manifest.ciphertext.size) || manifest.ciphertext.size < 72) throw new Unusable("the size of the ciphertext is impossible");
  exactKeys(manifest.owner, ["key", "wrapped"], "owner");
  check("digest", manifest.owner.key, "owner key");
  unb64(manifest.owner.wrapped, "wrapped key", 65 + 32 + 16);
  checkShares(manifest.shares);
  for (const name of context ? ["kind", "lot", "bid", "sealer"] : []) {
    if (manifest[name] !== context[name]) throw new Fault(`the manifest stands for another ${name}`);
  }
  return manifest;
}
