/** The replay of a case: a slider over the entries of its ledger, the state at each, steps to jump to. */
import "../css/replay.css";
import { clearError, el, showError } from "./breaches.js";
import { get } from "./net.js";
import { PANELS, namesOf, sites, when } from "./replaypanels.js";
import { Course } from "./replaystate.js";
import { t } from "./words.js";

const SHOWN = 20;
const PACE = 400; // milliseconds an entry while it plays
const node = document.querySelector("[data-replay]");
const SAID = JSON.parse(document.getElementById("replay-words").textContent);
const part = (name) => node.querySelector(`[data-${name}]`);
const slider = node.querySelector("#slider");
const jumps = node.querySelector("#rp-steps");
const course = new Course();
let last = "";
let timer;

/** What an entry says; a step of the sitting with the stage it leads to. */
function about(event) {
  const said = SAID.kinds[event.kind] ?? event.kind;
  const stage = event.changes.sitting?.sitting?.stage;
  return event.kind === "sitting.stage" && stage ? `${said}: ${SAID.stages[stage] ?? stage}` : said;
}

async function load() {
  for (;;) {
    const { result } = await get("/api/v1/ask/audit.replay", last ? { case: node.dataset.replay, after: last } : { case: node.dataset.replay });
    const from = course.events.length;
    course.add(result.events);
    result.events.forEach((event, n) => {
      if (event.step) jumps.append(Object.assign(el("option", `${when(event.at).slice(5, 16)} ${about(event)}`), { value: String(from + n) }));
    });
    last = result.next || result.last;
    if (!result.next) break;
  }
  trim();
}

/** Stages that only some sittings have are shown where this one has been there. */
function trim() {
  const been = new Set(course.events.map((event) => event.changes.sitting?.sitting?.stage));
  for (const one of node.querySelectorAll(".rm-steps > li")) one.hidden = ["BLIND", "LACK", "LOWPRICE"].includes(one.dataset.stage) && !been.has(one.dataset.stage);
}

// -- one moment -------------------------------------------------------------------------------------------------------

function drawEvents(index, names) {
  const lines = course.events.slice(Math.max(0, index - SHOWN + 1), index + 1).reverse().map((event) => {
    const line = el("li");
    line.append(el("time", when(event.at), "num text-secondary"), el("strong", about(event)));
    const members = Object.keys(event.changes.members ?? {});
    const who = event.org_name || (event.person === "system" ? t("by itself") : members.length === 1 ? names.member(members[0]) : "");
    if (who) line.append(el("span", who, "text-secondary"));
    return line;
  });
  part("events").replaceChildren(...lines);
}

function drawStage(stage) {
  const list = [...node.querySelectorAll(".rm-steps > li")];
  const at = list.findIndex((one) => one.dataset.stage === stage);
  list.forEach((one, n) => {
    one.className = at < 0 ? "" : n < at ? "done" : n === at ? "here" : "";
    if (n === at) one.setAttribute("aria-current", "step");
    else one.removeAttribute("aria-current");
  });
}

function drawPause(pause, names) {
  const box = part("pause");
  box.hidden = !pause;
  if (!pause) return;
  const kind = { overnight: t("over night"), tech: t("technical") }[pause.kind];
  const words = Object.keys(pause.words ?? {}).length;
  box.textContent = [`${t("The sitting is paused:")} ${pause.reason}`, kind, pause.site ? names.site(pause.site) : "", pause.go_on_at ? t("until %(at)s", { at: when(pause.go_on_at) }) : "",
    words ? t("words for going on: %(n)s", { n: words }) : ""].filter(Boolean).join(" · ");
}

function draw() {
  const index = Number(slider.value);
  const event = course.events[index];
  const state = course.at(index);
  const names = namesOf(SAID.labels, state);
  const sitting = state.sitting?.sitting ?? {};
  const station = state.case?.case?.state;
  part("at").textContent = when(event.at);
  part("state").textContent = station ? (SAID.states[station] ?? station) : "";
  part("what").textContent = about(event);
  part("place").textContent = `${index + 1} / ${course.events.length}`;
  slider.setAttribute("aria-valuetext", `${when(event.at)}, ${about(event)}`);
  jumps.value = event.step ? String(index) : "";
  drawStage(sitting.stage);
  drawPause(sitting.pause, names);
  part("sites").replaceChildren(sites(state, names));
  drawEvents(index, names);
  for (const section of node.querySelectorAll("[data-panel]")) {
    const body = PANELS[section.dataset.panel](state, names, Boolean(section.querySelector("details[open]")));
    section.hidden = !body;
    section.querySelector("[data-body]").replaceChildren(...(body ? [body] : []));
  }
}

// -- moving -----------------------------------------------------------------------------------------------------------

function goTo(index) {
  slider.value = String(index);
  draw();
}

function stop() {
  clearInterval(timer);
  timer = undefined;
  const button = part("play");
  button.querySelector("span").textContent = t("Play");
  button.querySelector("i").className = "ti ti-player-play me-1";
}

function play() {
  const end = () => Number(slider.value) >= course.events.length - 1;
  if (end()) goTo(0);
  timer = setInterval(() => (end() ? stop() : goTo(Number(slider.value) + 1)), PACE);
  const button = part("play");
  button.querySelector("span").textContent = t("Stop");
  button.querySelector("i").className = "ti ti-player-pause me-1";
}

async function fresh(button) {
  button.disabled = true;
  clearError(node.querySelector("[data-breaches]"));
  const before = course.events.length;
  try {
    await load();
    const count = course.events.length - before;
    part("told").textContent = count ? t("%(n)s new entries", { n: count }) : t("Nothing new");
    slider.max = String(course.events.length - 1);
    if (count) goTo(course.events.length - 1);
  } catch (error) {
    showError(node.querySelector("[data-breaches]"), error);
  } finally {
    button.disabled = false;
  }
}

function listen() {
  slider.addEventListener("input", () => {
    stop();
    draw();
  });
  jumps.addEventListener("change", () => {
    stop();
    if (jumps.value) goTo(Number(jumps.value));
  });
  node.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const here = Number(slider.value);
    const { step, jump } = button.dataset;
    if ("play" in button.dataset) timer ? stop() : play();
    else if ("fresh" in button.dataset) fresh(button);
    else if (step || jump) {
      stop();
      goTo(step ? Math.min(Math.max(here + Number(step), 0), course.events.length - 1) : course.step(here, Number(jump)));
      part("told").textContent = slider.getAttribute("aria-valuetext");
    }
  });
}

try {
  await load();
  if (course.events.length) {
    slider.max = String(course.events.length - 1);
    listen();
    draw();
  } else {
    part("what").textContent = t("No entry yet");
  }
} catch (error) {
  showError(node.querySelector("[data-breaches]"), error);
}
