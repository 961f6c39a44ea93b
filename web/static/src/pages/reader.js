/**
 * The readers of a page: each opens its file where it was left or where the address says, two may scroll together, and what
 * names a page elsewhere (`data-goto`, `data-take-page`) is answered by the first.
 */
import "../css/reader.css";
import { Reader } from "../reader/reader.js";

const readers = [...document.querySelectorAll("[data-reader]")].map((node) => new Reader(node));
const first = readers[0];
const asked = Number.parseInt(new URLSearchParams(location.search).get("page") ?? "", 10) || undefined;
readers.forEach((reader, place) => reader.open(place ? undefined : asked));

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("[data-goto], [data-take-page]") : undefined;
  if (!target || !first) return;
  if ("goto" in target.dataset) {
    first.go(Number(target.dataset.goto), target.dataset.gotoFile);
    if (target.matches("button")) first.node.scrollIntoView({ block: "nearest" });
  } else {
    const field = target.closest("form").elements.namedItem("page");
    field.value = first.place;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
});

/** Both move by the same part of a page; the one that was moved leads until it rests. */
const together = document.querySelector("[data-together]");
let leader;
let rest;
for (const reader of readers) {
  let last = 0;
  reader.moved.addEventListener("moved", () => {
    const step = reader.scroll.scrollTop - last;
    last = reader.scroll.scrollTop;
    if (!together?.checked || (leader && leader !== reader)) return;
    leader = reader;
    clearTimeout(rest);
    rest = setTimeout(() => (leader = undefined), 150);
    for (const other of readers) if (other !== reader) other.scroll.scrollTop += step;
  });
}
