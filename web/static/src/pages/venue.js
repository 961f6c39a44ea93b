/** The venue desk: rooms laid out by count and width, boxes of a whole room. */
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";

/** Seats in rows with a free place between any two (domain: at least one seat gap). */
function layout(prefix, count, across, own) {
  return Array.from({ length: count }, (_, n) => ({
    cell: own ? `${prefix}${n + 1}` : prefix,
    label: `${prefix}${n + 1}`,
    x: 2 * (n % across),
    y: 2 * Math.floor(n / across),
  }));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-room]")) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const value = (name) => form.elements.namedItem(name).value.trim();
  clearError(box);
  try {
    const seats = layout(value("prefix"), Number(value("count")), Number(value("across")), value("cells") === "each");
    await act("venue.add_room", { payload: { name: value("name"), purpose: value("purpose"), seats, once: crypto.randomUUID() } });
    location.reload();
  } catch (error) {
    showError(box, error);
  }
});

/** The code of a seat's machine is shown once and kept nowhere. */
document.addEventListener("gh:done", (event) => {
  if (!event.target.matches('[data-act="terminal.offer"]')) return;
  const place = document.getElementById("machine-code");
  place.querySelector("[data-code]").textContent = event.detail.code;
  place.hidden = false;
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-all]");
  if (!button) return;
  const boxes = [...button.closest("fieldset").querySelectorAll("input[type=checkbox]")];
  const on = boxes.some((box) => !box.checked);
  for (const box of boxes) box.checked = on;
});
