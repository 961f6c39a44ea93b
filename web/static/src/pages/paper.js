/**
 * Signing a document on the desk. The file the server prepared is judged here (crypto/pdfsign.js) against the revision
 * this browser has fetched and hashed itself; a place taken by another signer at the same moment is tried again.
 */
import { sha256hex, signPrepared, unb64 } from "../crypto/index.js";
import { clearError, showError } from "./breaches.js";
import { me, post } from "./net.js";
import { refresh } from "./live.js";
import { confirmAndUnlock } from "./sign.js";
import { t } from "./words.js";

const TRIES = 40;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The first revision as it stands on the desk: the newest version begins with it. */
async function reviewed(document, wanted, length) {
  const response = await fetch(`/papers/${document}/file`, { credentials: "same-origin" });
  if (!response.ok) throw new Error(t("The server gave no answer."));
  const bytes = new Uint8Array(await response.arrayBuffer()).subarray(0, length);
  const sha256 = await sha256hex(bytes);
  if (sha256 !== wanted) throw new Error(t("The file on the desk is not the one this page shows."));
  return { length, sha256 };
}

async function once(key, certificate, document, field, first) {
  const base = `/api/v1/papers/${document}/${encodeURIComponent(field)}`;
  const { result: offer } = await post(`${base}/prepare`, {});
  const seen = await reviewed(document, first, offer.first_revision.length);
  const prepared = { file: unb64(offer.prepared, "prepared"), region: offer.region, tbs: unb64(offer.tbs, "tbs") };
  const signature = await signPrepared(key, certificate, prepared, seen);
  await post(`${base}/sign`, { signature, lease: offer.lease });
}

/** Whether it is only that somebody else signs at this moment. */
const busy = (error) => error?.status === 0 || (error?.breaches?.length && error.breaches.every((one) => one.rule === "D-LEASE"));

async function sign(form, say) {
  const { paper: document, field, title, first } = form.dataset;
  const person = await me();
  if (!person.certificate) throw new Error(t("You have no signing certificate yet. Make one on the page “My certificates”."));
  const shown = { act: t("Sign"), case: title, object: first };
  const key = await confirmAndUnlock(person, shown, { title });
  if (!key) return false;
  const certificate = unb64(person.certificate.der, "certificate");
  for (let left = TRIES; ; left -= 1) {
    try {
      say(t("Preparing, checking and signing…"));
      await once(key, certificate, document, field, first);
      return true;
    } catch (error) {
      if (!busy(error) || left <= 1) throw error;
      say(t("Another member is signing; yours follows in a moment."));
      await pause(300 + Math.random() * 900);
    }
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.paper) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const status = form.querySelector("[data-status]");
  const button = form.querySelector("button");
  clearError(box);
  button.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    if (await sign(form, (text) => (status.textContent = text))) {
      status.textContent = t("Signed.");
      location.reload();
    }
  } catch (error) {
    status.textContent = "";
    showError(box, error);
    button.disabled = false;
  } finally {
    form.removeAttribute("aria-busy");
    if (!status.textContent) button.disabled = button.hasAttribute("data-closed");
  }
});

/** Other people's signatures appear without asking: their entries reach no channel of ours, so the page looks. */
async function watch() {
  if (document.querySelector('[data-signed="no"]') && document.visibilityState === "visible" && !document.querySelector("form[aria-busy]")) {
    await refresh();
  }
  setTimeout(watch, 5000);
}
setTimeout(watch, 5000);
