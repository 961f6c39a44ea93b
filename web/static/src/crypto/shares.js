/** The fallback: a file key split 2 of 3, each share wrapped to one custodian; as certs/shares.py. */
import { combine, split } from "shamir-secret-sharing";
import { b64, concat, sha256hex, unb64, utf8 } from "./bytes.js";
import { checkCommitment } from "./chunks.js";
import { Fault, Unusable } from "./faults.js";
import { openFrom, sealTo } from "./hpke.js";
import { importPublic } from "./keys.js";
import { payloadContext, ROLES, THRESHOLD, wrapInfo } from "./manifest.js";

const SHARE = 33;
const commitmentOf = (share, info) => sha256hex(concat(utf8("gongheng/share/1\n"), info, utf8("\n"), share));

/**
 * @param {Uint8Array} fileKey @param {Record<string, Uint8Array>} custodians role → SPKI
 * @param {import("./manifest.js").Context} context @param {string} ciphertextSha256
 */
export async function wrapShares(fileKey, custodians, context, ciphertextSha256) {
  const keys = await Promise.all(ROLES.map((role) => custodians[role] && sha256hex(custodians[role])));
  if (Object.keys(custodians).length !== ROLES.length || keys.includes(undefined) || new Set(keys).size !== ROLES.length) {
    throw new Unusable(`shares need three different custodian keys, one each for ${ROLES.join(", ")}`);
  }
  const shares = await split(fileKey, ROLES.length, THRESHOLD);
  const held = { threshold: THRESHOLD };
  for (const [index, role] of ROLES.entries()) {
    const info = wrapInfo(context, ciphertextSha256, role);
    const wrapped = await sealTo(await importPublic(custodians[role], "decrypt"), shares[index], info);
    held[role] = { key: keys[index], wrapped: b64(wrapped), commitment: await commitmentOf(shares[index], info) };
  }
  return held;
}

function heldShare(manifest, role) {
  if (!ROLES.includes(role) || !manifest.shares) throw new Fault(`the manifest holds no share for ${role}`);
  return { held: manifest.shares[role], info: wrapInfo(manifest, manifest.ciphertext.sha256, role) };
}

/** Fault unless a released share is the committed one. @param {import("./manifest.js").Manifest} manifest @param {string} role @param {Uint8Array} share */
export async function checkShare(manifest, role, share) {
  const { held, info } = heldShare(manifest, role);
  if (share.length !== SHARE || (await commitmentOf(share, info)) !== held.commitment) throw new Fault("the share is not the one its sealer committed to");
}

/** A custodian's share, to be released only after the opening hour. @param {import("./manifest.js").Manifest} manifest @param {string} role @param {import("./keys.js").HeldKey} key @returns {Promise<Uint8Array>} */
export async function unwrapShare(manifest, role, key) {
  const { held, info } = heldShare(manifest, role);
  if ((await sha256hex(key.spki)) !== held.key) throw new Fault("this share is wrapped to another custodian's key");
  const share = await openFrom(key, unb64(held.wrapped, "wrapped share"), info, "share");
  await checkShare(manifest, role, share);
  return share;
}

/** The file key from two or three released shares by role. @param {import("./manifest.js").Manifest} manifest @param {Record<string, Uint8Array>} released @returns {Promise<Uint8Array>} */
export async function combineShares(manifest, released) {
  for (const [role, share] of Object.entries(released)) await checkShare(manifest, role, share);
  const shares = Object.values(released);
  if (new Set(shares.map((share) => share[SHARE - 1])).size < THRESHOLD) throw new Fault(`${THRESHOLD} different shares are needed`);
  const header = unb64(manifest.ciphertext.header, "header");
  for (let i = 0; i < shares.length; i++) {
    for (let j = i + 1; j < shares.length; j++) {
      if (shares[i][SHARE - 1] === shares[j][SHARE - 1]) continue;
      const fileKey = await combine([shares[i], shares[j]]);
      try {
        await checkCommitment(fileKey, header, payloadContext(manifest));
        return fileKey;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
  }
  throw new Fault("the shares do not give the key: the sealer put in wrong ones");
}
