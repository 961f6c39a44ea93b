/** HPKE (RFC 9180) with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; output is enc || ciphertext. */
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";
import { concat } from "./bytes.js";
import { Fault } from "./faults.js";

const ENC = 65;
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

/** @param {CryptoKey} recipientPublicKey @param {Uint8Array} secret @param {Uint8Array} info @returns {Promise<Uint8Array>} */
export async function sealTo(recipientPublicKey, secret, info) {
  const sender = await suite.createSenderContext({ recipientPublicKey, info });
  const sealed = await sender.seal(secret);
  return concat(new Uint8Array(sender.enc), new Uint8Array(sealed));
}

/** @param {import("./keys.js").HeldKey} key @param {Uint8Array} wrapped @param {Uint8Array} info @param {string} what @returns {Promise<Uint8Array>} */
export async function openFrom(key, wrapped, info, what) {
  // The pair spares the library from exporting a private key that cannot be exported.
  const recipientKey = { privateKey: key.privateKey, publicKey: key.publicKey };
  try {
    const recipient = await suite.createRecipientContext({ recipientKey, enc: wrapped.slice(0, ENC), info });
    return new Uint8Array(await recipient.open(wrapped.slice(ENC)));
  } catch {
    throw new Fault(`the wrapped ${what} does not open: it was changed or belongs to another seal`);
  }
}
