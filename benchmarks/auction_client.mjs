/**
 * Bidders of one auction over bare WebSockets (Engine.IO 4, Socket.IO 5 packets), spread over `urls`: each bids below the best price it
 * has heard of, waits for the answer and hears all prices. Reads one JSON plan from standard input, writes one JSON result.
 *
 * plan: {urls, mode: "closed" | "paced", rate (prices a second of all, paced), seconds, warm, event, heard, join: [event, payload],
 * case, ceiling, lines: [{cookie, who}]}. Closed: a bidder bids again as soon as it has its answer. Every price must come once and in
 * order on every line.
 */
import WebSocket from "ws";

const plan = JSON.parse(await new Promise((resolve) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => resolve(text));
}));
const now = () => performance.now();
const acks = [];
const last = [];
const prices = new Map(); // number → when it was sent, how many have heard it, when the last one did
let measuring = false;
let stopped = false;
let faults = 0;
let refused = 0;

function about(seq) {
  if (!prices.has(seq)) prices.set(seq, { heard: 0, at: 0 });
  return prices.get(seq);
}
function settle(seq) {
  const one = prices.get(seq);
  if (one.began === undefined || one.heard < plan.lines.length) return;
  if (one.counted) last.push(one.at - one.began);
  prices.delete(seq);
}

class Line {
  constructor(told, place) {
    Object.assign(this, told, { url: plan.urls[place % plan.urls.length], ids: 0, sent: 0, waiting: new Map(), seq: undefined, best: plan.ceiling * 100 });
  }
  open() {
    return new Promise((resolve, reject) => {
      this.ws = new WebSocket(this.url, { headers: this.cookie ? { Cookie: this.cookie } : {}, perMessageDeflate: false });
      this.ws.on("error", reject);
      this.ws.on("message", (data) => this.hear(data.toString(), resolve));
      this.ws.on("close", () => { if (!stopped) faults += 1; });
    });
  }
  hear(text, opened) {
    if (text[0] === "0") return void this.ws.send("40");
    if (text === "2") return void this.ws.send("3");
    if (text.startsWith("40")) return void this.call(...plan.join, () => opened());
    if (text.startsWith("43")) {
      const from = text.indexOf("[");
      const id = Number(text.slice(2, from));
      const done = this.waiting.get(id);
      this.waiting.delete(id);
      done(JSON.parse(text.slice(from))[0]);
    } else if (text.startsWith("42")) {
      const [name, data] = JSON.parse(text.slice(2));
      if (name !== plan.heard || (data.kind ?? "auction.bid") !== "auction.bid") return;
      const bid = data.data ?? data;
      if (this.seq !== undefined && bid.bid !== this.seq + 1) faults += 1;
      this.seq = bid.bid;
      this.best = Math.round(Number(bid.price) * 100);
      const one = about(bid.bid);
      one.heard += 1;
      one.at = now();
      settle(bid.bid);
    }
  }
  call(event, payload, done) {
    const id = this.ids++;
    this.waiting.set(id, done);
    this.ws.send(`42${id}${JSON.stringify([event, payload])}`);
  }
  bid(done) {
    const fen = this.best - 100 * (1 + Math.floor(Math.random() * 50));
    const price = (fen / 100).toFixed(2);
    const once = `${this.who}-${String(this.sent++).padStart(6, "0")}`;
    const payload = plan.case ? { name: "auction.bid", case: plan.case, payload: { price, once }, proof: {} } : { price, who: this.who, act: once };
    const began = now();
    const counted = measuring;
    this.call(plan.event, payload, (answer) => {
      if (answer.status === 200) {
        if (counted && measuring) acks.push(now() - began);
        const seq = answer.result.seq;
        Object.assign(about(seq), { began, counted });
        settle(seq);
      } else if (answer.status === 409) refused += counted && measuring ? 1 : 0;
      else if ((faults += 1) < 4) process.stderr.write(`${JSON.stringify(answer)}\n`);
      done?.();
    });
  }
}

const lines = plan.lines.map((told, place) => new Line(told, place));
for (const line of lines) await line.open();
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
if (plan.mode === "closed") {
  for (const line of lines) {
    const again = () => { if (!stopped) line.bid(again); };
    again();
  }
} else {
  const began = now();
  let given = 0;
  const tick = setInterval(() => {
    if (stopped) return clearInterval(tick);
    const due = Math.floor(((now() - began) / 1000) * plan.rate);
    for (; given < due; given += 1) lines[given % lines.length].bid();
  }, 1);
}
await pause(plan.warm);
measuring = true;
const from = now();
await pause(plan.seconds);
const took = (now() - from) / 1000;
const counted = acks.length;
measuring = false;
if (plan.mode === "closed") stopped = true;
await pause(2);
stopped = true;
const cut = (list, share) => {
  list.sort((a, b) => a - b);
  return list.length ? list[Math.min(list.length - 1, Math.floor(list.length * share))] : null;
};
process.stdout.write(JSON.stringify({
  accepted: counted, refused, perSecond: counted / took, answersPerSecond: (counted + refused) / took, faults,
  acks: [cut(acks, 0.5), cut(acks, 0.99)], last: [cut(last, 0.5), cut(last, 0.99)], heard: last.length,
}));
for (const line of lines) line.ws.terminate();
process.exit(0);
