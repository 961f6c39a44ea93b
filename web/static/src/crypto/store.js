/** The browser's own store of keys (IndexedDB): CryptoKey objects that no script can export. */
import { sha256hex } from "./bytes.js";
import { Unusable } from "./faults.js";

const DATABASE = "gongheng-keys";
const TABLE = "keys";

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function table(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE, { keyPath: "id" });
  const database = await done(opening);
  const transaction = database.transaction(TABLE, mode);
  transaction.oncomplete = transaction.onabort = () => database.close();
  return transaction.objectStore(TABLE);
}

/** Keep a frozen key. @param {import("./keys.js").HeldKey} key @returns {Promise<string>} its id: SHA-256 of the public key */
export async function keep(key) {
  if (key.privateKey.extractable) throw new Unusable("only a frozen key is kept in the browser");
  const id = await sha256hex(key.spki);
  await done((await table("readwrite")).put({ id, kept: Date.now(), ...key }));
  return id;
}

/** The key of this id, or undefined. @param {string} id @returns {Promise<import("./keys.js").HeldKey | undefined>} */
export const get = async (id) => done((await table("readonly")).get(id));

/** All keys of a holder for one use, newest first. @param {string} uid @param {import("./keys.js").Use} use */
export async function find(uid, use) {
  const all = await done((await table("readonly")).getAll());
  return all.filter((key) => key.uid === uid && key.use === use).sort((a, b) => b.kept - a.kept);
}

/** @param {string} id */
export const forget = async (id) => done((await table("readwrite")).delete(id));
