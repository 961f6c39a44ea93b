/** Signing one act: what is signed is shown and hashed here, and the key never leaves this browser unwrapped. */
import { objectOf, signChallenge, store, unwrap } from "../crypto/index.js";
import { el, showError } from "./breaches.js";
import { get, me, post } from "./net.js";
import { t } from "./words.js";

/** The key of this certificate when it is open in this browser; the frozen keys lie in the browser's own store. */
export async function heldKey(person, certificate) {
  const keys = await store.find(person.id, "sign");
  return keys.find((key) => certificate.spki === btoa(String.fromCharCode(...key.spki)));
}

/** A modal dialog that resolves with true on confirm. @param {HTMLDialogElement} dialog */
function confirmed(dialog) {
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "sign"), { once: true });
    dialog.showModal();
  });
}

function describe(dialog, shown, title, documents) {
  dialog.querySelector("[data-what]").textContent = title;
  const list = dialog.querySelector("[data-facts]");
  list.replaceChildren();
  const rows = [[t("Act"), shown.act], [t("Tender"), shown.case], ...documents.map((one) => [one.name, one.sha256]), ["SHA-256", shown.object]];
  for (const [name, value] of rows) list.append(el("dt", name, "col-sm-3"), el("dd", value, "col-sm-9 hash"));
}

/** The wrapped key from the server, opened with the passphrase here. */
async function unlock(person, certificate, passphrase) {
  const { result } = await post("/api/v1/acts/keyblob.get", { case: "", payload: { certificate: certificate.fingerprint }, proof: {} });
  const key = await unwrap(result.envelope, "sign", passphrase, person.id);
  await store.keep(key);
  return key;
}

/**
 * Shows what is to be signed, unlocks the key when needed and answers with the proof; undefined when the person refused.
 * @param {{act: string, case: string, payload: Record<string, unknown>, secret?: string[], title?: string,
 *          documents?: {name: string, sha256: string}[]}} what
 */
export async function prove(what) {
  const person = await me();
  if (!person.certificate) throw new Error(t("You have no signing certificate yet. Make one on the page “My certificates”."));
  const bound = Object.fromEntries(Object.entries(what.payload).filter(([name]) => !(what.secret ?? []).includes(name)));
  const shown = { act: what.act, case: what.case || "-", object: await objectOf(bound) };
  const key = await confirmAndUnlock(person, shown, what);
  if (!key) return undefined;
  const offered = await get("/api/v1/nonce", { act: what.act, case: what.case, object: shown.object });
  const proof = await signChallenge(key, offered, shown);
  return { certificate: person.certificate.fingerprint, ...proof };
}

/** The key after the holder has seen and confirmed; several tries at the passphrase. */
export async function confirmAndUnlock(person, shown, what) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("gh-sign"));
  const box = /** @type {HTMLElement} */ (dialog.querySelector("[data-breaches]"));
  const field = /** @type {HTMLInputElement} */ (dialog.querySelector("input[name=passphrase]"));
  describe(dialog, shown, what.title ?? what.act, what.documents ?? []);
  box.hidden = true;
  let key = await heldKey(person, person.certificate);
  for (;;) {
    field.closest("[data-unlock]").hidden = Boolean(key);
    field.required = !key;
    if (!(await confirmed(dialog))) return undefined;
    if (key) return key;
    try {
      key = await unlock(person, person.certificate, field.value);
      return key;
    } catch (error) {
      showError(box, error);
    } finally {
      field.value = "";
    }
  }
}
