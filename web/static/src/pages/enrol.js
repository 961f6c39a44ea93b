/** New keys, made here: a signing key is wrapped and stored, a decryption key only saved as a file. */
import { freeze, generate, keyFile, newPassphrase, provePossession, sha256hex, store, wrap } from "../crypto/index.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { get, RefusedError } from "./net.js";
import { t } from "./words.js";

/** Shows the passphrase once; true when its end was typed back. */
async function noted(passphrase) {
  const dialog = document.getElementById("gh-new-key");
  const field = dialog.querySelector("[name=repeat]");
  const box = dialog.querySelector("[data-breaches]");
  dialog.querySelector("[data-passphrase]").textContent = passphrase;
  field.value = "";
  box.hidden = true;
  for (;;) {
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "sign") return false;
    if (field.value.trim().toUpperCase() === passphrase.slice(-4)) return true;
    showError(box, new Error(t("These are not the last four characters.")));
  }
}

function save(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function proof(key, name) {
  const offered = await get("/api/v1/nonce", { act: name, case: "", object: await sha256hex(key.spki) });
  return { ...(await provePossession(key, offered.nonce)), nonce: offered.nonce };
}

async function enrolSigning(uid, passphrase) {
  const key = await generate("sign", uid);
  const envelope = await wrap(key, passphrase);
  const { fingerprint } = await act("cert.enrol", { payload: await proof(key, "cert.enrol") });
  await act("keyblob.store", { payload: { certificate: fingerprint, envelope } });
  await store.keep(await freeze(key));
}

async function enrolDecryption(uid, use, passphrase) {
  const key = await generate("decrypt", uid);
  save(await keyFile(key, passphrase), `gongheng-key-${use}.json`);
  const payload = { use, ...(await proof(key, "cert.enrol_org")) };
  const done = await act("cert.enrol_org", { payload, signed: true, title: t("Certificate of a decryption key") });
  if (done) await store.keep(await freeze(key));
  return done;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.enrol) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  clearError(box);
  form.setAttribute("aria-busy", "true");
  try {
    const passphrase = newPassphrase();
    if (!(await noted(passphrase))) return;
    if (form.dataset.enrol === "sign") await enrolSigning(form.dataset.uid, passphrase);
    else if (!(await enrolDecryption(form.dataset.uid, form.dataset.use, passphrase))) return;
    location.reload();
  } catch (error) {
    showError(box, error);
  } finally {
    form.removeAttribute("aria-busy");
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-password]")) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  clearError(box);
  const response = await fetch("/me/password", { method: "POST", headers: { "X-Gongheng": "1", Accept: "application/json" }, body: new FormData(form) });
  const body = await response.json();
  if (response.ok) location.reload();
  else showError(box, new RefusedError(body.error ?? "", body.breaches ?? [], response.status));
});
