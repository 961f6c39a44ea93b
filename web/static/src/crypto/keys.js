/** Keys made in the holder's browser. Envelopes are those of certs/keys.py. */
import { b64, concat, equal, random, sha256hex, subtle, unb64, utf8 } from "./bytes.js";
import { dumps, exactKeys, loads } from "./canon.js";
import { Fault, Unusable } from "./faults.js";
import { check, compose } from "./typed.js";

export const SUITE = "gongheng/suite/p256/1";
export const MIN_ITERATIONS = 600_000;
const MAX_ITERATIONS = 5_000_000;
const FORMATS = { sign: "gongheng/key/1", decrypt: "gongheng/keyfile/1" };
const ALGORITHMS = {
  sign: { name: "ECDSA", namedCurve: "P-256" },
  decrypt: { name: "ECDH", namedCurve: "P-256" },
};
const USAGES = { sign: ["sign"], decrypt: ["deriveBits"] };
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford base32: no I, L, O, U
const ENVELOPE = ["format", "use", "suite", "uid", "kdf", "cipher", "spki", "nonce", "ciphertext"];
// DER of SubjectPublicKeyInfo for an uncompressed P-256 point, up to the point itself.
const SPKI_HEAD = unb64("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", "head");

/**
 * @typedef {"sign" | "decrypt"} Use
 * @typedef {{use: Use, uid: string, spki: Uint8Array, privateKey: CryptoKey, publicKey: CryptoKey}} HeldKey
 */

/** 100 random bits as five groups of four letters. @returns {string} */
export function newPassphrase() {
  const letters = Array.from(random(20), (byte) => ALPHABET[byte & 31]).join("");
  return letters.match(/.{4}/g).join("-");
}

/** The passphrase as typed → as made. @param {string} text @returns {string} */
export function normalPassphrase(text) {
  const letters = text.trim().toUpperCase().replace(/[- ]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (letters.length !== 20 || [...letters].some((letter) => !ALPHABET.includes(letter))) {
    throw new Unusable("a passphrase is five groups of four letters or digits, as it was generated");
  }
  return letters.match(/.{4}/g).join("-");
}

/** @param {Uint8Array} spki DER @param {Use} use @returns {Promise<CryptoKey>} */
export async function importPublic(spki, use) {
  if (spki.length !== 91 || !equal(spki.subarray(0, SPKI_HEAD.length), SPKI_HEAD)) throw new Unusable("the public key is not on P-256");
  try {
    return await subtle.importKey("spki", spki, ALGORITHMS[use], true, use === "sign" ? ["verify"] : []);
  } catch {
    throw new Unusable("the public key cannot be read");
  }
}

/** A new key pair, extractable until `freeze`: to be wrapped and proved first. @param {Use} use @param {string} uid @returns {Promise<HeldKey>} */
export async function generate(use, uid) {
  check("word", uid, "uid");
  const pair = await subtle.generateKey(ALGORITHMS[use], true, use === "sign" ? ["sign", "verify"] : ["deriveBits"]);
  const spki = new Uint8Array(await subtle.exportKey("spki", pair.publicKey));
  return { use, uid, spki, privateKey: pair.privateKey, publicKey: pair.publicKey };
}

/** The same key, no longer extractable: for the store. @param {HeldKey} key @returns {Promise<HeldKey>} */
export async function freeze(key) {
  const pkcs8 = await subtle.exportKey("pkcs8", key.privateKey);
  const privateKey = await subtle.importKey("pkcs8", pkcs8, ALGORITHMS[key.use], false, USAGES[key.use]);
  return { ...key, privateKey };
}

async function wrappingKey(passphrase, salt, iterations, usage) {
  const base = await subtle.importKey("raw", utf8(normalPassphrase(passphrase)), "PBKDF2", false, ["deriveKey"]);
  const kdf = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return subtle.deriveKey(kdf, base, { name: "AES-GCM", length: 256 }, false, [usage]);
}

/** Additional data: everything in the envelope that stands outside the cipher. */
function bound({ nonce, ciphertext, ...rest }) {
  return dumps(rest);
}

/**
 * The envelope of a key. One of a signing key may be sent to the server, one of a decryption key never.
 * @param {HeldKey} key extractable @param {string} passphrase from newPassphrase @param {number} [iterations]
 */
export async function wrap(key, passphrase, iterations = MIN_ITERATIONS) {
  const salt = random(16);
  const iv = random(12);
  const envelope = {
    format: FORMATS[key.use],
    use: key.use,
    suite: SUITE,
    uid: check("word", key.uid, "uid"),
    kdf: { name: "PBKDF2-SHA256", iterations, salt: b64(salt) },
    cipher: "AES-256-GCM",
    spki: b64(key.spki),
  };
  checkIterations(iterations);
  const under = await wrappingKey(passphrase, salt, iterations, "wrapKey");
  const cipher = { name: "AES-GCM", iv, additionalData: bound(envelope) };
  const sealed = await subtle.wrapKey("pkcs8", key.privateKey, under, cipher);
  return { ...envelope, nonce: b64(iv), ciphertext: b64(new Uint8Array(sealed)) };
}

function checkIterations(iterations) {
  if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    throw new Unusable(`PBKDF2 needs ${MIN_ITERATIONS} to ${MAX_ITERATIONS} iterations`);
  }
}

function checkEnvelope(value, use) {
  const envelope = exactKeys(value, ENVELOPE, "wrapped key");
  if (envelope.use !== use || envelope.format !== FORMATS[use] || envelope.suite !== SUITE) throw new Unusable(`not a wrapped key to ${use}`);
  exactKeys(envelope.kdf, ["name", "iterations", "salt"], "kdf");
  if (envelope.kdf.name !== "PBKDF2-SHA256" || envelope.cipher !== "AES-256-GCM") throw new Unusable("unknown key derivation or cipher");
  checkIterations(envelope.kdf.iterations);
  check("word", envelope.uid, "uid");
  return envelope;
}

/**
 * The key of an envelope, not extractable.
 * @param {any} value @param {Use} use @param {string} passphrase @param {string} [uid] the holder expected @returns {Promise<HeldKey>}
 */
export async function unwrap(value, use, passphrase, uid) {
  const envelope = checkEnvelope(value, use);
  if (uid !== undefined && envelope.uid !== uid) throw new Fault("the wrapped key belongs to another holder");
  const spki = unb64(envelope.spki, "spki");
  const publicKey = await importPublic(spki, use);
  const under = await wrappingKey(passphrase, unb64(envelope.kdf.salt, "salt", 16), envelope.kdf.iterations, "unwrapKey");
  const cipher = { name: "AES-GCM", iv: unb64(envelope.nonce, "nonce", 12), additionalData: bound(envelope) };
  try {
    const sealed = unb64(envelope.ciphertext, "ciphertext");
    const privateKey = await subtle.unwrapKey("pkcs8", sealed, under, cipher, ALGORITHMS[use], false, USAGES[use]);
    return { use, uid: envelope.uid, spki, privateKey, publicKey };
  } catch (error) {
    if (error instanceof Unusable) throw error;
    throw new Fault("the passphrase does not open this key, or the key was changed");
  }
}

/** Text of the file a holder keeps for a decryption key. @param {HeldKey} key @param {string} passphrase @param {number} [iterations] */
export async function keyFile(key, passphrase, iterations) {
  if (key.use !== "decrypt") throw new Unusable("a key file is for a decryption key");
  return new TextDecoder().decode(concat(dumps(await wrap(key, passphrase, iterations)), utf8("\n")));
}

/** @param {string | Uint8Array} data @param {string} passphrase @param {string} [uid] @returns {Promise<HeldKey>} */
export const readKeyFile = (data, passphrase, uid) => unwrap(loads(data), "decrypt", passphrase, uid);

/**
 * ECDSA over SHA-256(message), r || s. Not exported by index.js: pages sign through typed texts and checked PDFs only.
 * @param {CryptoKey} privateKey @param {Uint8Array} message @returns {Promise<Uint8Array>} 64 bytes
 */
export const signRaw = async (privateKey, message) =>
  new Uint8Array(await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, message));

/**
 * Proves once that the holder has a new key; the text is composed here.
 * A decryption key signs this one text too, before `freeze` (NIST SP 800-57 part 1 rev. 5, 5.2).
 * @param {HeldKey} key @param {string} nonce @returns {Promise<{text: string, signature: string, spki: string}>} base64
 */
export async function provePossession(key, nonce) {
  const fields = { use: key.use, uid: check("word", key.uid, "uid"), nonce: check("nonce", nonce), spki: await sha256hex(key.spki) };
  const text = compose("gongheng/pop/1", fields);
  let signer = key.privateKey;
  if (key.use === "decrypt") {
    const pkcs8 = await subtle.exportKey("pkcs8", key.privateKey);
    signer = await subtle.importKey("pkcs8", pkcs8, ALGORITHMS.sign, false, ["sign"]);
  }
  return { text: b64(text), signature: b64(await signRaw(signer, text)), spki: b64(key.spki) };
}
