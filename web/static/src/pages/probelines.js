/** Lines of checks on a page: `data-probe` names one; its state is a word and a sign. */
import * as probes from "./probes.js";
import { t } from "./words.js";

const STATES = { good: "in order", weak: "with a limit", bad: "does not work", skip: "not tried", run: "being tried…" };

/** @param {string} name */
export const lineOf = (name) => document.querySelector(`[data-probe="${name}"]`);

/** @param {string} name @param {import("./probes.js").Found | {state: "run", text: string, todo?: string}} found */
export function show(name, { state, text, todo = "" }) {
  const row = lineOf(name);
  row.dataset.state = state;
  row.querySelector("[data-state-word]").textContent = t(STATES[state]);
  row.querySelector("[data-found]").textContent = text;
  row.querySelector("[data-todo]").textContent = todo || (state === "good" ? t("Nothing.") : "—");
}

/** One probe; what breaks is a line that does not work, never a page that stands still. */
export async function run(name, work) {
  if (!lineOf(name)) return;
  show(name, { state: "run", text: "" });
  try {
    show(name, await work((part) => (lineOf(name).querySelector("[data-found]").textContent = `${Math.round(part)} %`)));
  } catch (error) {
    show(name, { state: error.status === 429 || error.status === 503 ? "skip" : "bad", text: t(error.message), todo: t("Try again; if it stays so, show this page to the trading centre.") });
  }
}

/** Sealing and the room for what is sealed are tried in one go. */
export async function runSealing() {
  let both;
  await run("seal", async () => (both = await probes.sealing()).seal);
  show("storage", both ? both.storage : { state: "skip", text: t("Not tried: sealing failed before.") });
}

/** Names in the reader's language: A, B and C. @param {string[]} names */
export const listed = (names) => new Intl.ListFormat(document.documentElement.lang).format(names);

/** Names of those lines in this state. @param {string[]} among @param {string} state */
export const inState = (among, state) =>
  among.filter((name) => lineOf(name)?.dataset.state === state).map((name) => lineOf(name).querySelector("[data-name]").textContent);
