/**
 * A live auction: every price comes as a numbered event and changes this page; what was typed stays whatever happens to the line.
 * A price goes out with an id of its own and is sent again until the server has answered, so that it counts once.
 */
import "../css/auction.css";
import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { Sha256 } from "../crypto/sha256.js";
import { act } from "./acts.js";
import { clearError, el, showError } from "./breaches.js";
import { beijing, serverNow } from "./clock.js";
import { deliver } from "./deliver.js";
import { refresh } from "./live.js";
import { t } from "./words.js";

echarts.use([LineChart, GridComponent, MarkLineComponent, CanvasRenderer]);
const SHOWN = 60; // rows of the table; all of them are a page of their own
const WAITS = ["PUBLISHED", "BIDDING", "EXTENDING", "PAUSED"]; // states with prices to come
const PACE = 250; // milliseconds between two drawings
const auction = JSON.parse(document.getElementById("auction").textContent);
const form = document.querySelector("form[data-bid]");
const find = (name) => document.querySelector(`[data-${name}]`);
const say = (text) => (document.getElementById("auction-say").textContent = text);
let bids = auction.bids;
const newest = () => bids.at(-1);
let typed = false;
let mine = auction.mine;

/** Whether this page's own organisation gave the price; nobody else can tell. */
function own(bid) {
  if (!auction.secret) return false;
  const sha = new Sha256();
  sha.update(new TextEncoder().encode(`${auction.secret}/${bid.bid}`));
  return sha.digest().slice(0, 16) === bid.mark;
}

// -- what is shown ---------------------------------------------------------------------------------------------------

const chart = echarts.init(document.getElementById("price-curve"));
const clockTime = (at) => beijing(Date.parse(at)).slice(11);

function draw() {
  const points = bids.map((one) => [Date.parse(one.at), Number(one.price)]);
  const last = points.at(-1);
  const until = Math.min(serverNow(), Date.parse(auction.ends_at));
  if (last && ["BIDDING", "EXTENDING"].includes(auction.state)) points.push([Math.max(until, last[0]), last[1]]);
  const begin = points[0]?.[0] ?? Date.parse(auction.opens_at);
  const end = points.at(-1)?.[0] ?? Date.parse(auction.ends_at);
  chart.setOption({
    animation: false,
    grid: { left: 12, right: 20, top: 16, bottom: 8, containLabel: true },
    xAxis: { type: "value", min: begin, max: Math.max(end, begin + 1000), axisLabel: { formatter: (ms) => beijing(ms).slice(11), hideOverlap: true }, splitNumber: 4 },
    yAxis: { type: "value", scale: true, axisLabel: { hideOverlap: true } },
    series: [
      {
        type: "line", step: "end", symbol: "none", data: points, lineStyle: { width: 2, color: "#1a5fb4" },
        markLine: { silent: true, symbol: "none", lineStyle: { color: "#b3261e", type: "dashed" }, label: { formatter: t("Highest price allowed"), position: "insideEndTop" }, data: points.length ? [] : [{ yAxis: Number(auction.ceiling) }] },
      },
    ],
  });
}

/** A mask is letters of no language. */
function named(alias) {
  const node = el("span", alias);
  node.lang = "zxx";
  return node;
}

function rowOf(bid) {
  const row = el("tr");
  const isOwn = own(bid);
  if (isOwn) row.dataset.own = "";
  const who = el("td", bid.org || (bid.alias ? "" : "—"));
  if (!bid.org && bid.alias) who.append(named(bid.alias));
  if (isOwn) who.append(` (${t("mine")})`);
  row.append(el("td", String(bid.bid), "num"), el("td", clockTime(bid.at), "num"), who, el("td", bid.price, "num text-end"));
  return row;
}

function showOwn() {
  const node = find("mine");
  if (!node) return;
  const last = newest();
  const leads = Boolean(last) && own(last);
  node.dataset.leads = mine ? (leads ? "yes" : "no") : "";
  node.textContent = !mine ? t("You have not bid yet.") : leads ? t("You lead with %(price)s yuan.", { price: mine }) : t("You do not lead. Your best price is %(price)s yuan.", { price: mine });
  find("hint").textContent = t("At most %(price)s yuan now.", { price: auction.next });
  if (!typed && !form.elements.price.disabled) form.elements.price.value = auction.next;
  const open = ["BIDDING", "EXTENDING"].includes(auction.state);
  find("send").disabled = !open || form.hasAttribute("aria-busy");
}

function showEnd() {
  const node = find("end");
  if (node) {
    node.dataset.countdown = auction.ends_at;
    delete node.dataset.over;
  }
  const text = find("end-text");
  if (text) text.textContent = beijing(Date.parse(auction.ends_at));
}

let drawn = 0;
let waiting;
/** Many prices a second are drawn a few times a second. */
function show() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    drawn = performance.now();
    document.getElementById("price-rows").replaceChildren(...bids.slice(-SHOWN).reverse().map(rowOf));
    const best = find("best");
    if (best) best.textContent = newest()?.price ?? (auction.best || "—");
    const count = find("bids");
    if (count && newest()) count.textContent = String(newest().bid);
    showOwn();
    showEnd();
    draw();
  }, Math.max(0, PACE - (performance.now() - drawn)));
}

// -- what comes ------------------------------------------------------------------------------------------------------

function take(bid) {
  if (bid.bid <= (newest()?.bid ?? 0)) return;
  bids.push(bid);
  auction.next = bid.next;
  if (own(bid)) mine = bid.price;
  if (bid.ends_at !== auction.ends_at) {
    auction.ends_at = bid.ends_at;
    if (bid.extended) say(t("The end was moved to %(at)s.", { at: beijing(Date.parse(bid.ends_at)).slice(11) }));
  }
  if (bid.extended) auction.state = "EXTENDING";
  show();
}

document.addEventListener("gh:live", (event) => {
  const { kind, data } = event.detail;
  if (kind === "auction.bid") {
    event.preventDefault(); // the rest of the page stays as it is
    take(data);
    return;
  }
  if (data.ends_at) auction.ends_at = data.ends_at;
  if (["auction.begun", "auction.resumed"].includes(kind)) auction.state = "BIDDING";
  if (kind === "auction.paused") auction.state = "PAUSED";
  if (["auction.closed", "auction.void", "auction.cancelled"].includes(kind)) {
    event.preventDefault();
    auction.state = "CLOSED";
    setTimeout(refresh, Math.random() * 1500); // names are told now; not to all pages in one moment
  }
  if (kind === "auction.interrupted") say(t("The end was moved to %(at)s.", { at: beijing(Date.parse(data.ends_at)).slice(11) }));
  show();
});
// What the server says now is fetched anew with the small parts of the page; after the close it tells the names, too.
document.addEventListener("gh:refreshed", () => {
  const fresh = JSON.parse(document.getElementById("auction").textContent);
  auction.state = fresh.state;
  if (fresh.opened) bids = fresh.bids;
  const closed = !WAITS.includes(auction.state);
  if (form) form.closest("section").hidden = closed;
  show();
});
document.addEventListener("gh:done", () => setTimeout(refresh, 100));
document.addEventListener("gh:over", () => setTimeout(refresh, 1000 + Math.random() * 1500));

// -- bidding ---------------------------------------------------------------------------------------------------------

const PRICE = /^\d{1,12}(\.\d{1,2})?$/;

function priceOf(field) {
  const text = field.value.trim().replace(/[,，\s]/g, "");
  if (!PRICE.test(text)) throw new Error(t("A price is a number with at most two decimals."));
  return text;
}

function ack(words, wait) {
  const node = find("ack");
  node.textContent = words;
  node.toggleAttribute("data-wait", Boolean(wait));
}

async function bid() {
  const again = find("again");
  const price = priceOf(form.elements.price);
  const payload = { price, once: crypto.randomUUID() };
  if (!again.hidden) {
    payload.sure = priceOf(form.elements.sure);
    if (Number(payload.sure) !== Number(price)) throw new Error(t("The two prices differ."));
  }
  ack(t("Sending…"), true);
  const cut = () => ack(t("The line is cut. Your price is sent again as soon as it is back; it counts once."), true);
  const done = await deliver("auction.bid", { case: auction.id, payload, proof: {} }, cut);
  ack(t("Price %(price)s yuan (%(words)s) taken as number %(bid)s at %(at)s.", { price: done.price, words: done.words, bid: done.seq, at: clockTime(done.at) }));
  again.hidden = true;
  form.elements.sure.value = "";
  typed = false;
  mine = done.price;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  if (form.hasAttribute("aria-busy")) return;
  clearError(box);
  form.setAttribute("aria-busy", "true");
  form.elements.price.readOnly = true;
  find("send").disabled = true;
  try {
    await bid();
  } catch (error) {
    ack("");
    showError(box, error);
    if (error.breaches?.some((one) => one.rule === "AUC-FAR")) {
      find("again").hidden = false;
      form.elements.sure.focus();
    }
  } finally {
    form.removeAttribute("aria-busy");
    form.elements.price.readOnly = false;
    show();
  }
});
form?.addEventListener("input", (event) => {
  if (event.target.name === "price") {
    typed = true;
    find("again").hidden = true;
  }
});
form?.querySelector("[data-next]").addEventListener("click", () => {
  typed = false;
  find("again").hidden = true;
  showOwn();
});

// -- confirming ------------------------------------------------------------------------------------------------------

document.addEventListener("submit", async (event) => {
  const confirming = event.target;
  if (!(confirming instanceof HTMLFormElement) || !("confirm" in confirming.dataset)) return;
  event.preventDefault();
  const box = confirming.querySelector("[data-breaches]");
  clearError(box);
  confirming.setAttribute("aria-busy", "true");
  try {
    const prices = [...confirming.querySelectorAll("input[name=unit]")].map(priceOf);
    if (await act("auction.confirm", { case: auction.id, payload: { prices }, signed: true, title: confirming.dataset.title })) location.reload();
  } catch (error) {
    showError(box, error);
  } finally {
    confirming.removeAttribute("aria-busy");
  }
});

addEventListener("resize", () => chart.resize());
show();
