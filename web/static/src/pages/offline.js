/** A bid that was sealed without this page: two files, checked against each other and against what the desk asks for. */
import { checkCiphertext, readManifest, sha256hex, unb64 } from "../crypto/index.js";
import { me } from "./net.js";
import { t } from "./words.js";

const files = (form) => ["ciphertext", "manifest"].map((name) => form.elements.namedItem(name).files[0]);

/** Whether the bidder has chosen such files. @param {HTMLFormElement} form */
export const chosen = (form) => files(form).some(Boolean);

const keysOf = async (custodians) =>
  Object.fromEntries(await Promise.all(Object.entries(custodians).map(async ([role, spki]) => [role, await sha256hex(unb64(spki, role))])));

/** The first thing that differs from what the desk asks for; what the server would refuse is said before the upload. */
async function odd(manifest, { sealing, key }) {
  const { certificate } = await me();
  const wanted = { kind: sealing.kind, lot: sealing.lot, sealer: certificate?.fingerprint };
  const asked = await keysOf(sealing.custodians);
  const held = Object.fromEntries(Object.entries(manifest.shares ?? {}).map(([role, share]) => [role, share.key]));
  const found = [
    ...Object.keys(wanted).filter((name) => manifest[name] !== wanted[name]),
    ...(manifest.owner.key === key?.id ? [] : ["owner"]),
    ...Object.keys({ ...asked, ...held }).filter((role) => role !== "threshold" && asked[role] !== held[role]),
  ];
  return found[0];
}

/** @param {HTMLFormElement} form @param {any} desk @param {(words: string) => (done: number, total: number) => void} meter */
export async function sealedOffline(form, desk, meter) {
  const [ciphertext, file] = files(form);
  if (!ciphertext || !file) throw new Error(t("Choose both the sealed file and its manifest."));
  const manifest = readManifest(new Uint8Array(await file.arrayBuffer()));
  const what = await odd(manifest, desk);
  if (what) throw new Error(t("The manifest was sealed for another %(what)s than this desk asks for.", { what }));
  const say = meter("Checking the sealed file: %(part)s % · %(speed)s MB/s · %(left)s s left");
  await checkCiphertext(manifest, ciphertext, (done) => say(done, ciphertext.size));
  return { manifest, ciphertext };
}
