/** Reads rows aloud, one after the other, each marked while it is read; in Chinese, the language of an opening. */
import { t } from "./words.js";

const SILENCE = 4000; // without a sound for so long the browser has no voice

/** @param {() => HTMLElement[]} rows with what is said of each in data-say */
export function reader(rows) {
  let queue = [];
  let paused = false;
  let clock;

  const buttons = () => Object.fromEntries([...document.querySelectorAll("[data-read]")].map((one) => [one.dataset.read, one]));

  function mark(row) {
    for (const one of document.querySelectorAll("[data-reading]")) {
      delete one.dataset.reading;
      one.removeAttribute("aria-current");
    }
    if (!row) return;
    row.dataset.reading = "yes";
    row.setAttribute("aria-current", "true");
    row.scrollIntoView({ block: "nearest" });
  }

  function show() {
    const { start, pause, stop } = buttons();
    if (!start) return;
    const reading = queue.length > 0;
    start.disabled = reading;
    pause.disabled = stop.disabled = !reading;
    pause.textContent = t(paused ? "Go on" : "Pause");
    pause.setAttribute("aria-pressed", String(paused));
  }

  function end() {
    clearTimeout(clock);
    queue = [];
    paused = false;
    mark();
    show();
  }

  function next() {
    const row = queue[0];
    if (!row) return end();
    const spoken = new SpeechSynthesisUtterance(row.dataset.say);
    spoken.lang = "zh-CN";
    spoken.onstart = () => clearTimeout(clock);
    spoken.onend = () => {
      if (queue[0] !== row) return;
      queue.shift();
      next();
    };
    spoken.onerror = (event) => queue[0] === row && !["canceled", "interrupted"].includes(event.error) && silent();
    mark(row);
    show();
    clearTimeout(clock);
    clock = setTimeout(silent, SILENCE);
    speechSynthesis.speak(spoken);
  }

  function silent() {
    globalThis.speechSynthesis?.cancel();
    end();
    document.getElementById("hall-say").textContent = t("This browser cannot read aloud.");
    const { start } = buttons();
    start.after(Object.assign(document.createElement("span"), { className: "gh-why", textContent: t("This browser cannot read aloud.") }));
    start.disabled = true;
  }

  return {
    start() {
      if (!globalThis.speechSynthesis) return silent();
      speechSynthesis.cancel();
      queue = rows();
      next();
    },
    pause() {
      paused = !paused;
      clearTimeout(clock);
      if (paused) speechSynthesis.pause();
      else speechSynthesis.resume();
      show();
    },
    stop() {
      queue = [];
      speechSynthesis.cancel();
      end();
    },
  };
}
