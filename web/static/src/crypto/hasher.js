/** The worker behind digest.js: blocks come in, each is answered when it is hashed; null asks for the digest. */
import { Sha256 } from "./sha256.js";

const digest = new Sha256();
self.onmessage = ({ data }) => self.postMessage(data === null ? digest.digest() : digest.update(data) && "");
self.postMessage("ready");
