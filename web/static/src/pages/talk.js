/**
 * Talk of the room: what is said goes to everyone. A sentence lies in this browser's outbox under an id of its own until
 * the server has it, so that a cut line or a reload neither loses nor doubles it; the draft lies there too.
 */
import "../css/talk.css";
import { clearError, showError } from "./breaches.js";
import { startCall } from "./call.js";
import { deliver } from "./deliver.js";
import { get } from "./net.js";
import { t } from "./words.js";

const panel = document.querySelector("[data-talk]");

function start() {
  const CASE = panel.dataset.talk;
  const ME = panel.dataset.me;
  const KEY = `gongheng-talk-${CASE}-${panel.dataset.person}`;
  const CHANNEL = `talk:${CASE}`;
  const fold = panel.querySelector(".rm-talk-fold");
  const list = panel.querySelector("[data-lines]");
  const form = panel.querySelector("[data-say]");
  const names = new Map(Object.entries(JSON.parse(panel.dataset.names)));
  let hands = JSON.parse(panel.dataset.hands);
  let unread = 0;

  const act = (name, payload, cut = () => undefined) => deliver(name, { case: CASE, payload: { ...payload, once: payload.once ?? crypto.randomUUID() }, proof: {} }, cut);
  const nameOf = (member) => names.get(member) ?? "—";

  // -- what this browser keeps ----------------------------------------------------------------------------------------

  const kept = () => ({ draft: "", out: [], open: false, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") });
  const keep = (changes) => localStorage.setItem(KEY, JSON.stringify({ ...kept(), ...changes }));

  // -- lines ----------------------------------------------------------------------------------------------------------

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 40;

  function row({ number, once, member, at, text }) {
    const node = panel.querySelector("[data-line]").content.firstElementChild.cloneNode(true);
    if (number) node.dataset.number = String(number);
    if (once) node.dataset.once = once;
    node.querySelector("[data-at]").textContent = at?.slice(11, 16) ?? "";
    node.querySelector("[data-who]").textContent = nameOf(member);
    node.querySelector("[data-text]").textContent = text;
    return node;
  }

  function append(one) {
    if (list.querySelector(`[data-number="${one.number}"]`)) return;
    const end = atEnd();
    const waiting = list.querySelector("[data-once]");
    list.insertBefore(row(one), waiting);
    if (end) list.scrollTop = list.scrollHeight;
    if (fold.open || one.member === ME) return;
    unread += 1;
    const badge = panel.querySelector("[data-unread]");
    badge.textContent = t("%(n)s new", { n: unread });
    badge.hidden = false;
  }

  async function older(button) {
    const first = list.querySelector("[data-number]");
    button.disabled = true;
    try {
      const { result } = await get("/api/v1/ask/talk.read", { case: CASE, before: first?.dataset.number ?? "0" });
      learn(result.names);
      const from = list.scrollHeight;
      list.prepend(...result.lines.map(row));
      list.scrollTop += list.scrollHeight - from;
      button.hidden = !result.more;
    } finally {
      button.disabled = false;
    }
  }

  function learn(found) {
    for (const [member, name] of Object.entries(found)) names.set(member, name);
  }

  /** A member who came in later is not named on this page yet. */
  async function said(one) {
    if (!names.has(one.member)) learn((await get("/api/v1/ask/talk.read", { case: CASE }).catch(() => ({ result: { names: {} } }))).result.names);
    append(one);
  }

  // -- saying ---------------------------------------------------------------------------------------------------------

  function pending() {
    for (const node of list.querySelectorAll("[data-once]")) node.remove();
    for (const one of kept().out) {
      const node = row({ once: one.once, member: ME, text: one.text });
      node.querySelector("[data-note]").textContent = t("sending…");
      list.append(node);
    }
    list.scrollTop = list.scrollHeight;
  }

  let sending = false;
  async function flush() {
    if (sending) return;
    sending = true;
    for (let one = kept().out[0]; one; one = kept().out[0]) {
      const note = list.querySelector(`[data-once="${one.once}"] [data-note]`);
      try {
        await act("talk.say", one, () => note && (note.textContent = t("sent when the line is back")));
        drop(one.once);
      } catch (error) {
        // Refused: it was not said. The words go back to the field.
        drop(one.once);
        form.elements.namedItem("text").value ||= one.text;
        keep({ draft: form.elements.namedItem("text").value });
        showError(form.querySelector("[data-breaches]"), error);
      }
    }
    sending = false;
  }

  function drop(once) {
    keep({ out: kept().out.filter((one) => one.once !== once) });
    list.querySelector(`[data-once="${once}"]`)?.remove();
  }

  if (form) {
    const field = form.elements.namedItem("text");
    field.value = kept().draft;
    field.addEventListener("input", () => keep({ draft: field.value }));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (!text) return;
      clearError(form.querySelector("[data-breaches]"));
      keep({ draft: "", out: [...kept().out, { once: crypto.randomUUID(), text }] });
      field.value = "";
      pending();
      flush();
    });
    pending();
    flush();
  }

  // -- raised hands ---------------------------------------------------------------------------------------------------

  function button(label, name, member) {
    const node = document.createElement("button");
    node.type = "button";
    node.className = "btn btn-sm";
    node.textContent = label;
    node.dataset.handAct = name;
    node.dataset.member = member;
    return node;
  }

  function showHands() {
    const box = panel.querySelector("[data-hand-list]");
    box.replaceChildren();
    for (const one of hands) {
      const node = document.createElement("li");
      node.append(nameOf(one.member), one.called ? ` · ${t("has the word")} ` : " ");
      if (one.called) node.dataset.called = "";
      if (ME && ME === panel.dataset.leader) node.append(...(one.called ? [] : [button(t("Give the word"), "hand.call", one.member), " "]), button(t("Lower"), "hand.lower", one.member));
      box.append(node);
    }
    const mine = panel.querySelector("[data-hand-mine]");
    const up = hands.some((one) => one.member === ME);
    mine?.setAttribute("aria-pressed", String(up));
    if (mine) mine.querySelector("[data-label]").textContent = up ? t("Lower my hand") : t("Raise my hand");
    for (const mark of document.querySelectorAll("[data-hand]")) {
      const place = hands.findIndex((one) => one.member === mark.dataset.hand);
      mark.hidden = place < 0;
      if (place < 0) continue;
      const words = hands[place].called ? t("has the word") : t("hand raised, number %(n)s", { n: place + 1 });
      mark.className = `rm-hand ti ${hands[place].called ? "ti-speakerphone" : "ti-hand-stop"}`;
      mark.textContent = hands[place].called ? "" : String(place + 1);
      mark.title = words;
      mark.setAttribute("role", "img");
      mark.setAttribute("aria-label", words);
    }
  }

  async function handAct(name, payload, pressed) {
    pressed.disabled = true;
    try {
      ({ hands } = await act(name, payload));
      showHands();
    } catch (error) {
      showError(panel.querySelector("[data-say] [data-breaches]"), error);
    } finally {
      pressed.disabled = false;
    }
  }

  // -- listening ------------------------------------------------------------------------------------------------------

  document.addEventListener("gh:live", (event) => {
    const { channel, kind, data } = event.detail;
    if (channel !== CHANNEL) return;
    event.preventDefault();
    if (kind === "talk.said") said(data);
    else if (kind === "hands.changed") {
      hands = data.hands;
      showHands();
    }
  });
  document.addEventListener("gh:refreshed", showHands);
  panel.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element && event.target.closest("button");
    if (!pressed) return;
    if ("older" in pressed.dataset) older(pressed);
    else if ("handMine" in pressed.dataset) handAct(pressed.getAttribute("aria-pressed") === "true" ? "hand.lower" : "hand.raise", {}, pressed);
    else if (pressed.dataset.handAct) handAct(pressed.dataset.handAct, { member: pressed.dataset.member }, pressed);
  });

  if (!("alone" in panel.dataset)) {
    fold.open = kept().open;
    fold.addEventListener("toggle", () => {
      keep({ open: fold.open });
      if (!fold.open) return;
      unread = 0;
      panel.querySelector("[data-unread]").hidden = true;
      list.scrollTop = list.scrollHeight;
    });
  }
  list.scrollTop = list.scrollHeight;
  showHands();
  startCall(panel, nameOf);
}

if (panel) start();
import "./avstatus.js";
