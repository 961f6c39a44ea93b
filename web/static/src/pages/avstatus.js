/** Cameras and microphones of the seats, for those who watch: shown anew when one changes, and while time goes by. */
import { line, refresh } from "./live.js";

const AGAIN = 15_000;

if (document.querySelector("[data-av-status]")) {
  let waiting;
  line().on("av.status", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(), 300);
  });
  setInterval(() => document.visibilityState === "visible" && refresh(), AGAIN);
}
