/**
 * Members of many rooms over bare WebSockets (Engine.IO 4, Socket.IO 5 packets): each acts, waits for its acknowledgement and hears
 * its room. Reads one JSON plan from standard input, writes one JSON result.
 *
 * plan: {url, mode: "closed" | "paced", rate (events a second of all, paced), seconds, warm, size (members a room), heard (name of
 * the broadcast), once, lines: [{cookie, who, join: [event, payload], event, acts: [payload]}]}. Each number of a room must come
 * once and in order.
 */
import WebSocket from "ws";

const plan = JSON.parse(await new Promise((resolve) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => resolve(text));
}));
const now = () => performance.now();
const acks = [];
const last = [];
const sent = new Map(); // act → when, whether it counts, how many are still to hear it
let measuring = false;
let stopped = false;
let faults = 0;

class Line {
  constructor(told) {
    Object.assign(this, told, { next: 0, ids: 0, waiting: new Map(), heard: new Map(), seq: undefined });
  }
  open() {
    return new Promise((resolve, reject) => {
      this.ws = new WebSocket(plan.url, { headers: this.cookie ? { Cookie: this.cookie } : {}, perMessageDeflate: false });
      this.ws.on("error", reject);
      this.ws.on("message", (data) => this.hear(data.toString(), resolve));
      this.ws.on("close", () => { if (!stopped) faults += 1; });
    });
  }
  hear(text, opened) {
    if (text[0] === "0") return void this.ws.send("40");
    if (text === "2") return void this.ws.send("3");
    if (text.startsWith("40")) {
      if (!this.join) return void opened();
      return void this.call(...this.join, () => opened());
    }
    if (text.startsWith("43")) {
      const from = text.indexOf("[");
      const id = Number(text.slice(2, from));
      const done = this.waiting.get(id);
      this.waiting.delete(id);
      done(JSON.parse(text.slice(from))[0]);
    } else if (text.startsWith("42")) {
      const [name, data] = JSON.parse(text.slice(2));
      if (name === plan.heard && (data.kind ?? "score.progress") === "score.progress") this.told(data);
    }
  }
  /** The k-th broadcast of a member's acts is about that member's k-th act. */
  told(data) {
    if (this.seq !== undefined && data.seq !== this.seq + 1) faults += 1;
    this.seq = data.seq;
    const who = data.who ?? data.data.member;
    const count = this.heard.get(who) ?? 0;
    this.heard.set(who, count + 1);
    const key = `${who}/${count}`;
    const one = sent.get(key);
    one.left -= 1;
    if (one.left > 0) return;
    if (one.counted) last.push(now() - one.began);
    sent.delete(key);
  }
  call(event, payload, done) {
    const id = this.ids++;
    this.waiting.set(id, done);
    this.ws.send(`42${id}${JSON.stringify([event, payload])}`);
  }
  act(done) {
    const payload = this.acts[this.next % this.acts.length];
    const act = `${this.who}-${this.next}`;
    const one = { began: now(), counted: measuring, left: plan.size };
    sent.set(`${this.who}/${this.next++}`, one);
    if (plan.once) payload.payload.once = act;
    else payload.act = act;
    this.call(this.event, payload, (answer) => {
      if (answer.status !== 200 && (faults += 1) < 4) process.stderr.write(`${JSON.stringify(answer)}\n`);
      if (one.counted && measuring) acks.push(now() - one.began);
      done?.();
    });
  }
}

const lines = plan.lines.map((told) => new Line(told));
for (let at = 0; at < lines.length; at += 25) await Promise.all(lines.slice(at, at + 25).map((line) => line.open()));
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
if (plan.mode === "closed") {
  for (const line of lines) {
    const again = () => { if (!stopped) line.act(again); };
    again();
  }
  await pause(plan.warm);
  measuring = true;
} else {
  const began = now();
  let given = 0;
  const tick = setInterval(() => {
    if (stopped) return clearInterval(tick);
    const due = Math.floor(((now() - began) / 1000) * plan.rate);
    for (; given < due; given += 1) lines[given % lines.length].act();
  }, 1);
  await pause(plan.warm);
  measuring = true;
}
const from = now();
await pause(plan.seconds);
const took = (now() - from) / 1000;
const counted = acks.length;
measuring = false;
stopped = plan.mode === "closed" ? true : stopped;
await pause(2);
stopped = true;
const cut = (list, share) => {
  list.sort((a, b) => a - b);
  return list.length ? list[Math.min(list.length - 1, Math.floor(list.length * share))] : null;
};
process.stdout.write(JSON.stringify({
  acts: counted, perSecond: counted / took, faults, acks: [cut(acks, 0.5), cut(acks, 0.99)], last: [cut(last, 0.5), cut(last, 0.99)], heard: last.length,
}));
for (const line of lines) line.ws.terminate();
process.exit(0);
