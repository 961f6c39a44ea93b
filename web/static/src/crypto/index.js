/** Everything a page may use; nothing here signs bytes chosen by a server. */
export { Fault, Unusable } from "./faults.js";
export { b64, sha256hex, unb64 } from "./bytes.js";
export { dumps, loads, loadsCanonical } from "./canon.js";
export { freeze, generate, importPublic, keyFile, newPassphrase, normalPassphrase, provePossession, readKeyFile, unwrap, wrap } from "./keys.js";
export * as store from "./store.js";
export { composeChallenge, objectOf, signChallenge } from "./challenge.js";
export { manifestBytes, manifestDigest, readManifest, ROLES } from "./manifest.js";
export { seal, sealToBlob } from "./seal.js";
export { checkCiphertext, checkFileKey, openWithFileKey, openWithKey, unwrapFileKey } from "./open.js";
export { checkShare, combineShares, unwrapShare } from "./shares.js";
export { signPrepared } from "./pdfsign.js";
