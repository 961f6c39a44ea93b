/**
 * What happens elsewhere, on this page. `<main data-channel="hall:… room:…">` joins channels; every event is numbered, a gap
 * is fetched over HTTP, and elements with `data-refresh` (and an id) are exchanged for their fresh selves.
 */
import { io } from "socket.io-client";
import { get } from "./net.js";
import { t } from "./words.js";

/** @type {Map<string, number>} channel → last number seen */
const seen = new Map();
/** @type {import("socket.io-client").Socket | undefined} */
let socket;
let waiting;
const AGAIN = 2000; // milliseconds

const TRIES = 2; // at another address than the page's own

/** The one connection of this page; where its process is away, to the process that served the page. */
export function line() {
  if (socket) return socket;
  const elsewhere = document.querySelector("[data-socket^=http]")?.dataset.socket;
  socket = io(elsewhere ?? location.origin, { transports: ["websocket"], withCredentials: true });
  if (elsewhere) socket.io.on("reconnect_attempt", (tries) => (socket.io.uri = tries > TRIES ? location.origin : elsewhere));
  return socket;
}

/**
 * An event of the table with its answer; rejects after a while without one.
 * @param {string} name @param {Record<string, unknown>} data
 */
export const send = (name, data) => line().timeout(10_000).emitWithAck(name, data);

function take(event) {
  const last = seen.get(event.channel) ?? 0;
  if (event.seq <= last) return;
  seen.set(event.channel, event.seq);
  // A page that shows the event itself says so by preventDefault, and nothing is fetched anew.
  if (!document.dispatchEvent(new CustomEvent("gh:live", { detail: event, cancelable: true }))) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => refresh(), 150);
}

/** Everything missed since the last number. @param {string} channel */
export async function catchUp(channel) {
  for (;;) {
    const { events } = await get(`/api/v1/live/${encodeURIComponent(channel)}`, { after: String(seen.get(channel) ?? 0) });
    events.forEach(take);
    if (events.length < 500) return;
  }
}

/** Whether somebody has written something here that no server has: it is not exchanged under the hands. @param {Element} node */
export function typing(node) {
  const fields = [...node.querySelectorAll("form textarea, form input:not([type=hidden], [type=file])")];
  return fields.some((field) => (field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue));
}

/** What can be folded, by its title and its place among equal titles. */
function folds(node) {
  const seen = new Map();
  return [...node.querySelectorAll("details")].map((fold) => {
    const title = fold.querySelector("summary").textContent.trim();
    seen.set(title, (seen.get(title) ?? 0) + 1);
    return [`${title} ${seen.get(title)}`, fold];
  });
}

/** What a person unfolded in `node`, to be unfolded in its fresh self. @param {Element} node */
export function unfolded(node) {
  const open = folds(node).filter(([, fold]) => fold.open).map(([name]) => name);
  return (fresh) => folds(fresh).forEach(([name, fold]) => (fold.open ||= open.includes(name)));
}

/** The page read anew, but not under somebody's hands: it waits for an open dialog and for what is being sent. */
export function reload() {
  if (document.querySelector("dialog[open], form[aria-busy]")) setTimeout(reload, 500);
  else location.reload();
}

/** Fragments that may be exchanged: nobody is typing in them, or what was typed has been sent (`mine`), and nothing is on its way. */
const idle = (mine) =>
  [...document.querySelectorAll("[data-refresh][id]")].filter((node) => !node.querySelector("form") || !(node.contains(document.activeElement) || node.querySelector("form[aria-busy]") || (!mine && typing(node))));

/**
 * Exchange every fragment that is not being typed in, asked again once the answer is here: it may have taken a while.
 * @param {string} [path] where this page is to be had
 * @param {{mine?: boolean}} [why] after an act of one's own: what was typed for it goes, too
 */
export async function refresh(path = location.href, { mine = false } = {}) {
  if (!idle(mine).length) return;
  const response = await fetch(path, { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (!response?.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const node of idle(mine)) {
    const fresh = page.getElementById(node.id);
    if (!fresh) continue;
    const unfold = unfolded(node);
    const placed = document.importNode(fresh, true);
    node.replaceWith(placed);
    unfold(placed);
  }
  document.dispatchEvent(new CustomEvent("gh:refreshed"));
}

function show(up) {
  for (const node of document.querySelectorAll("[data-line]")) {
    node.textContent = up ? t("connected") : t("line cut, reconnecting…");
    node.dataset.line = up ? "up" : "down";
  }
}

/** A channel is closed to this page's person, now or before it came: what the page shows may be theirs no longer. */
const out = () => document.dispatchEvent(new CustomEvent("gh:out"));

/** @param {string} channel @param {number} [last] number the page was made at */
export async function join(channel, last = 0) {
  if (!seen.has(channel)) seen.set(channel, last);
  const answer = await send("join", { channel });
  if (answer.status === 200) await catchUp(channel);
  else out();
}

function start() {
  const wanted = [...document.querySelectorAll("[data-channel]")].flatMap((node) =>
    node.dataset.channel.split(/\s+/).filter(Boolean).map((channel) => ({ channel, last: Number(node.dataset.last ?? 0) })),
  );
  if (!wanted.length) return;
  // A line that stands but gave no answer in time, or whose missed events could not be had, is asked again: no page stays deaf.
  const enter = ({ channel, last = 0 }) =>
    join(channel, last)
      .then(() => show(line().connected))
      .catch(() => {
        show(false);
        setTimeout(() => line().connected && enter({ channel, last }), AGAIN);
      });
  const up = () => {
    show(true);
    wanted.forEach(enter);
  };
  line().on("connect", up);
  line().on("disconnect", () => show(false));
  line().on("live", (event) => (event.seq > (seen.get(event.channel) ?? 0) + 1 ? catchUp(event.channel).catch(() => enter({ channel: event.channel })) : take(event)));
  line().on("out", out);
  line().on("presence", (data) => document.dispatchEvent(new CustomEvent("gh:presence", { detail: data })));
  if (line().connected) up();
}

start();
