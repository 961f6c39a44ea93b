/**
 * Signing a PDF that the server prepared, without trusting it: the bytes to be signed are judged here, and a server that
 * lies gets no signature. The server embeds the result. Revisions of other signers in between are not inspected.
 */
import { b64, concat, equal, hex, sha256hex, subtle } from "./bytes.js";
import { checkOrder, elements, only, TAG } from "./der.js";
import { Fault, Unusable } from "./faults.js";
import { signRaw } from "./keys.js";

const OID = {
  contentType: "2a864886f70d010903",
  messageDigest: "2a864886f70d010904",
  signingCertificateV2: "2a864886f70d010910022f",
  data: "2a864886f70d010701",
  sha256: "608648016503040201",
};
const ZERO = 0x30;
// A B-T signature with its chain and timestamp needs about 6,500 hex digits; less room would be a broken document.
const MIN_PLACEHOLDER = 4096;

/**
 * @typedef {object} Prepared what the server offers
 * @property {Uint8Array} file the whole prepared document
 * @property {{start: number, end: number}} region the placeholder with its angle brackets, in bytes
 * @property {Uint8Array} tbs DER of the signed attributes
 *
 * @typedef {object} Reviewed what the page has fetched, shown and hashed itself
 * @property {number} length bytes of the first revision
 * @property {string} sha256 of the first revision
 */

/** (1) The document begins with the revision that was reviewed. */
async function checkPrefix(file, reviewed) {
  if (!Number.isSafeInteger(reviewed?.length) || reviewed.length < 1 || file.length <= reviewed.length) throw new Fault("the prepared document is shorter than the one shown");
  if ((await sha256hex(file.subarray(0, reviewed.length))) !== reviewed.sha256) throw new Fault("the prepared document is not the one shown");
}

/** (2) The hole in the digest is an empty placeholder behind that revision, and the document says so itself. */
function checkHole(file, { start, end }, reviewed) {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < reviewed.length || end > file.length) throw new Fault("the placeholder is outside the new revision");
  const inside = file.subarray(start + 1, end - 1);
  if (file[start] !== 0x3c || file[end - 1] !== 0x3e || inside.length < MIN_PLACEHOLDER || inside.length % 2) throw new Fault("there is no placeholder where the server says");
  if (inside.some((byte) => byte !== ZERO)) throw new Fault("the placeholder is not empty");
  const text = new TextDecoder("latin1").decode(file.subarray(reviewed.length));
  const found = /^\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/.exec(text.slice(text.lastIndexOf("/ByteRange")));
  const range = found?.slice(1).map(Number);
  if (String(range) !== String([0, start, end, file.length - end])) throw new Fault("the byte range is not the whole document around the placeholder");
}

/** Exactly three attributes, one value each: OID in hex → DER of the value. */
function readAttributes(tbs) {
  const found = elements(only(tbs, TAG.set, "set").content);
  checkOrder(found);
  const attributes = {};
  for (const { tag, content } of found) {
    const pair = elements(content);
    if (tag !== TAG.sequence || pair.length !== 2 || pair[0].tag !== TAG.oid || pair[1].tag !== TAG.set) throw new Fault("the signed attributes have a wrong shape");
    const name = hex(pair[0].content);
    if (name in attributes) throw new Fault("a signed attribute stands twice");
    attributes[name] = pair[1].content;
  }
  const wanted = [OID.contentType, OID.messageDigest, OID.signingCertificateV2];
  if (String(Object.keys(attributes).sort()) !== String(wanted.sort())) throw new Fault("the signed attributes are not content type, digest and certificate");
  return attributes;
}

/** signing-certificate-v2 (RFC 5035) names one certificate by SHA-256 and no policy. */
function certificateHash(value) {
  const outer = elements(only(value, TAG.sequence, "certificate").content);
  const certs = outer.length === 1 && outer[0].tag === TAG.sequence ? elements(outer[0].content) : [];
  if (certs.length !== 1 || certs[0].tag !== TAG.sequence) throw new Fault("the signed attributes name no single certificate");
  const fields = elements(certs[0].content);
  if (fields[0]?.tag === TAG.sequence) {
    const algorithm = elements(fields.shift().content);
    if (algorithm[0]?.tag !== TAG.oid || hex(algorithm[0].content) !== OID.sha256) throw new Fault("the certificate is not named by SHA-256");
  }
  if (fields[0]?.tag !== TAG.octets || fields.length > 2) throw new Fault("the signed attributes name no certificate");
  return hex(fields[0].content);
}

/** (3) The attributes are about these bytes and this signer. */
async function checkAttributes(tbs, covered, certificate) {
  const attributes = readAttributes(tbs);
  if (hex(only(attributes[OID.contentType], TAG.oid, "content type").content) !== OID.data) throw new Fault("the signed content type is not data");
  const digest = only(attributes[OID.messageDigest], TAG.octets, "digest").content;
  if (!equal(digest, new Uint8Array(await subtle.digest("SHA-256", covered)))) throw new Fault("the signed digest is not the one of the prepared document");
  if (certificateHash(attributes[OID.signingCertificateV2]) !== (await sha256hex(certificate))) throw new Fault("the signature would name another certificate");
}

const includes = (bytes, part) => hex(bytes).includes(hex(part));

/**
 * Checks everything, then signs the attributes.
 * @param {import("./keys.js").HeldKey} key @param {Uint8Array} certificate the signer's own, DER
 * @param {Prepared} prepared @param {Reviewed} reviewed @returns {Promise<string>} r || s, 64 bytes in base64
 */
export async function signPrepared(key, certificate, { file, region, tbs }, reviewed) {
  if (key.use !== "sign") throw new Unusable("only a signing key signs");
  if (!includes(certificate, key.spki)) throw new Fault("the certificate is not the one of this key");
  await checkPrefix(file, reviewed);
  checkHole(file, region, reviewed);
  await checkAttributes(tbs, concat(file.subarray(0, region.start), file.subarray(region.end)), certificate);
  return b64(await signRaw(key.privateKey, tbs));
}
