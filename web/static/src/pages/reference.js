/** The tenderer's reference price, sealed here like a bid. */
import { dumps, sealToBlob, unb64 } from "../crypto/index.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { me } from "./net.js";
import { upload } from "./tus.js";
import { t } from "./words.js";

const desk = JSON.parse(document.getElementById("desk").textContent);

document.querySelector("form[data-reference]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const box = form.querySelector("[data-breaches]");
  clearError(box);
  try {
    const price = form.elements.namedItem("price").value.trim();
    if (!/^\d{1,12}(\.\d{1,6})?$/.test(price)) throw new Error(t("The price must be a number."));
    const { certificate } = await me();
    if (!certificate) throw new Error(t("No signing certificate: make one on the page “My certificates”."));
    const context = { kind: "reference", lot: desk.case, bid: desk.case, sealer: certificate.fingerprint };
    const blob = new Blob([dumps({ schema: "reference-price/1", price })]);
    const { manifest, ciphertext } = await sealToBlob([{ name: "reference.json", media: "application/json", blob }], unb64(desk.key.spki, "spki"), context);
    const { sha256, size } = await upload(ciphertext, undefined, { purpose: "reference" });
    const payload = { manifest, ciphertext_sha256: sha256, size };
    const done = await act("reference.seal", { case: desk.case, payload, signed: true, title: t("Seal the reference price") });
    if (done) location.reload();
  } catch (error) {
    showError(box, error);
  }
});
