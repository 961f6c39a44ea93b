/** The verify page: drop a file, see its digest as this browser computes it. */
import { sha256hex } from "../crypto/index.js";

const form = document.querySelector("form[data-verify]");
const drop = form.querySelector("[data-drop]");
const field = form.querySelector("input[name=file]");
const shown = form.querySelector("[data-own-digest]");

async function digest() {
  const file = field.files[0];
  shown.textContent = file ? `SHA-256 ${await sha256hex(new Uint8Array(await file.arrayBuffer()))}` : "";
}

for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) {
      field.files = event.dataTransfer.files;
      digest();
    }
  });
}
field.addEventListener("change", digest);
