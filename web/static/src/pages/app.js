/** On every page: acts from forms, the clock, language, files dropped, the printed page. */
import "./acts.js";
import "./clock.js";
import "./live.js";
import { clearError, showError } from "./breaches.js";
import { post } from "./net.js";
import { store } from "../crypto/index.js";

document.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement && event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

/** Choices of a form that nobody has made yet, all at once; what was chosen stays. */
function checkRest(button) {
  for (const field of button.form.querySelectorAll(`input[type=radio][value="${button.dataset.checkRest}"]`)) {
    field.checked ||= !button.form.elements.namedItem(field.name).value;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-print], [data-copy], [data-toggle], [data-check-rest]");
  if (!button) return;
  if ("print" in button.dataset) window.print();
  else if ("checkRest" in button.dataset) checkRest(button);
  else if ("toggle" in button.dataset) {
    const target = document.getElementById(button.dataset.toggle);
    const open = target.classList.toggle("show");
    button.setAttribute("aria-expanded", String(open));
  } else navigator.clipboard.writeText(button.dataset.copy);
});

/** The demo's clock: forward only; the page is read again, for everything on it depends on the time. */
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-demo-clock]")) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  clearError(box);
  try {
    await post("/demo/clock", { to: form.elements.namedItem("to").value });
    location.reload();
  } catch (error) {
    showError(box, error);
  }
});

/** Logging out forgets the unlocked signing keys of this browser; a decryption key stays with its holder. */
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-logout]") || form.dataset.forgotten) return;
  event.preventDefault();
  for (const key of await store.find(form.dataset.logout, "sign")) await store.forget(key.id);
  form.dataset.forgotten = "1";
  form.submit();
});
