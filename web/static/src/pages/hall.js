/** The opening hall: bidders unlock, custodians release, prices are read aloud. Keys stay in this browser. */
import { b64, unwrapFileKey, unwrapShare } from "../crypto/index.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { refresh } from "./live.js";
import { heldKey } from "./openkey.js";
import { t } from "./words.js";

const hall = JSON.parse(document.getElementById("hall").textContent);

/** The key this page will need, by its id; asks for the key file when it is not here. */
async function keyOf(id) {
  const key = await heldKey(hall.org, id);
  for (const part of document.querySelectorAll("[data-need-key]")) part.hidden = Boolean(key);
  if (!key) throw new Error(t("The decryption key is not in this browser: load the key file."));
  return key;
}

const WORK = {
  async unlock() {
    if (!hall.manifest) throw new Error(t("Your sealed bid was not found."));
    const fileKey = await unwrapFileKey(hall.manifest, await keyOf(hall.manifest.owner.key));
    return act("opening.unlock", { case: hall.case, payload: { file_key: b64(fileKey) }, signed: true, title: t("Unlock the bid") });
  },
  async referenceUnlock() {
    const fileKey = await unwrapFileKey(hall.reference, await keyOf(hall.reference.owner.key));
    return act("reference.unlock", { case: hall.case, payload: { file_key: b64(fileKey) }, signed: true, title: t("Unlock the reference price") });
  },
  async release(form) {
    const manifest = JSON.parse(form.querySelector("script").textContent);
    const { release: bid, role } = form.dataset;
    const share = await unwrapShare(manifest, role, await keyOf(manifest.shares[role].key));
    return act("opening.release", { case: hall.case, payload: { bid, share: b64(share) }, signed: true, title: t("Release a share") });
  },
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const name = form instanceof HTMLFormElement && Object.keys(WORK).find((one) => one in form.dataset);
  if (!name) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const button = form.querySelector("button");
  clearError(box);
  button.disabled = true;
  try {
    await WORK[name](form);
    button.blur();
    await refresh();
  } catch (error) {
    showError(box, error);
  } finally {
    button.disabled = button.hasAttribute("data-closed");
  }
});

/** Reads the published prices in the page's language. */
function readAloud() {
  const say = document.getElementById("hall-say");
  if (!globalThis.speechSynthesis) {
    say.textContent = t("This browser cannot read aloud.");
    return;
  }
  speechSynthesis.cancel();
  for (const row of document.querySelectorAll("[data-row]")) {
    const { number, name, price, days } = row.dataset;
    const words = price
      ? t("Number %(number)s, %(name)s, price %(price)s, duration %(days)s days.", { number, name, price: `${price} ${hall.unit}`, days })
      : t("Number %(number)s, %(name)s, not opened.", { number, name });
    const spoken = new SpeechSynthesisUtterance(words);
    spoken.lang = document.documentElement.lang || "zh-CN";
    speechSynthesis.speak(spoken);
  }
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-read-aloud]")) readAloud();
});
document.addEventListener("gh:live", (event) => {
  if (event.detail.kind === "opening.opened") document.getElementById("hall-say").textContent = t("All prices are published.");
});
document.addEventListener("gh:over", () => setTimeout(refresh, 1500));

/** Before the key is needed: is it here? */
async function lookForKey() {
  const manifest = hall.manifest ?? hall.reference;
  const share = document.querySelector("form[data-release] script");
  let id = manifest?.owner.key;
  if (!id && share) id = JSON.parse(share.textContent).shares[share.parentElement.dataset.role].key;
  if (id) await keyOf(id).catch(() => undefined);
}

document.addEventListener("gh:key", lookForKey);
document.addEventListener("gh:refreshed", lookForKey);
lookForKey();
