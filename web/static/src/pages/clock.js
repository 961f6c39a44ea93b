/** The server's time on every page, and countdowns by it; the office machine's own clock is never believed. */
import { t } from "./words.js";

const clock = document.querySelector("[data-clock]");
let ahead = clock ? Number(clock.dataset.clock) - Date.now() : 0;
const pad = (number) => String(number).padStart(2, "0");

/** Server time now, in milliseconds. */
export const serverNow = () => Date.now() + ahead;

/** Beijing wall clock whatever the machine's zone. @param {number} ms */
export function beijing(ms) {
  return new Date(ms + 8 * 3600_000).toISOString().slice(0, 19).replace("T", " ");
}

/** @param {number} ms left */
export function left(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(seconds / 86400);
  const rest = `${pad(Math.floor(seconds / 3600) % 24)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
  return days ? t("%(days)s d %(rest)s", { days, rest }) : rest;
}

function tick() {
  const now = serverNow();
  if (clock) clock.textContent = beijing(now);
  for (const node of document.querySelectorAll("[data-countdown]")) {
    const ms = Date.parse(node.dataset.countdown) - now;
    node.textContent = ms > 0 ? left(ms) : t("time is over");
    node.toggleAttribute("data-near", ms < 600_000);
    if (ms <= 0 && !node.dataset.over) {
      node.dataset.over = "1";
      node.dispatchEvent(new CustomEvent("gh:over", { bubbles: true }));
    }
  }
}

/** Half the way there and back is taken off. */
async function ask() {
  const sent = Date.now();
  const response = await fetch("/api/v1/time", { cache: "no-store" }).catch(() => undefined);
  if (!response?.ok) return;
  const { ms, compared } = await response.json();
  ahead = ms - (sent + Date.now()) / 2;
  for (const node of document.querySelectorAll("[data-standard-time]")) node.textContent = compared;
  for (const node of document.querySelectorAll("[data-standard-title]")) node.title = `${node.dataset.standardTitle} ${compared}`;
}

tick();
setInterval(tick, 1000);
setInterval(ask, 30_000);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask().then(tick));
