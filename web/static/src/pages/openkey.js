/** An organisation's decryption key: from this browser's store, or from its key file. It never goes to the server. */
import { readKeyFile, sha256hex, store } from "../crypto/index.js";
import { clearError, showError } from "./breaches.js";
import { t } from "./words.js";

/**
 * The organisation's key with this id (SHA-256 of its public key), if it lies in this browser.
 * @param {string} org @param {string} id
 */
export async function heldKey(org, id) {
  for (const key of await store.find(org, "decrypt")) if ((await sha256hex(key.spki)) === id) return key;
  return undefined;
}

/** Loads keys from files on this page; tells by the event gh:key. */
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("keyfile" in form.dataset)) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const [file] = form.querySelector("input[type=file]").files;
  const passphrase = form.querySelector("input[type=password]");
  clearError(box);
  try {
    if (!file || !passphrase.value) throw new Error(t("Choose the key file and type its passphrase."));
    const key = await readKeyFile(await file.text(), passphrase.value, form.dataset.keyfile);
    const needed = form.dataset.key;
    if (needed && (await sha256hex(key.spki)) !== needed) throw new Error(t("The key file and its passphrase belong to another key."));
    await store.keep(key);
    passphrase.value = "";
    form.querySelector("[data-status]").textContent = t("The key is ready in this browser.");
    document.dispatchEvent(new CustomEvent("gh:key"));
  } catch (error) {
    showError(box, error);
    document.dispatchEvent(new CustomEvent("gh:key-failed"));
  }
});
