/**
 * What the clients of the benchmarks share: one line over a bare WebSocket (Engine.IO 4, Socket.IO 5 packets), and a drive of many.
 * A client reads one JSON plan from standard input and writes one JSON result.
 */
import WebSocket from "ws";

export const plan = JSON.parse(await new Promise((resolve) => {
  let text = "";
  process.stdin.on("data", (piece) => (text += piece)).on("end", () => resolve(text));
}));
export const now = () => performance.now();
export const tally = { measuring: false, stopped: false, faults: 0, acks: [], last: [] }; // ms to the answer, to the last who heard it

/** An answer that is none: the first few are told. */
export function fault(answer) {
  if ((tally.faults += 1) < 4) process.stderr.write(`${JSON.stringify(answer)}\n`);
}

/** `told`: fields of a line of the plan, {cookie, who, …}. A client says what `heard(name, data)` and `act(done)` do. */
export class Line {
  constructor(told, url) {
    Object.assign(this, told, { url, ids: 0, waiting: new Map(), seq: undefined });
  }
  open(join) {
    return new Promise((resolve, reject) => {
      this.ws = new WebSocket(this.url, { headers: this.cookie ? { Cookie: this.cookie } : {}, perMessageDeflate: false });
      this.ws.on("error", reject);
      this.ws.on("message", (data) => this.hear(data.toString(), () => (join ? this.call(...join, resolve) : resolve())));
      this.ws.on("close", () => { if (!tally.stopped) tally.faults += 1; });
    });
  }
  hear(text, connected) {
    if (text[0] === "0") this.ws.send("40");
    else if (text === "2") this.ws.send("3");
    else if (text.startsWith("40")) connected();
    else if (text.startsWith("43")) {
      const from = text.indexOf("[");
      const id = Number(text.slice(2, from));
      const done = this.waiting.get(id);
      this.waiting.delete(id);
      done(JSON.parse(text.slice(from))[0]);
    } else if (text.startsWith("42")) this.heard(...JSON.parse(text.slice(2)));
  }
  /** Numbers must come once and in order. */
  follows(seq) {
    if (this.seq !== undefined && seq !== this.seq + 1) tally.faults += 1;
    this.seq = seq;
  }
  call(event, payload, done) {
    const id = this.ids++;
    this.waiting.set(id, done);
    this.ws.send(`42${id}${JSON.stringify([event, payload])}`);
  }
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const cut = (list, share) => {
  list.sort((a, b) => a - b);
  return list.length ? list[Math.min(list.length - 1, Math.floor(list.length * share))] : null;
};

/** Each line acts again as soon as it has its answer ("closed"), or all together `rate` times a second ("paced"). */
function begin(lines) {
  if (plan.mode === "closed") {
    for (const line of lines) {
      const again = () => { if (!tally.stopped) line.act(again); };
      again();
    }
    return;
  }
  const began = now();
  let given = 0;
  const tick = setInterval(() => {
    if (tally.stopped) return clearInterval(tick);
    const due = Math.floor(((now() - began) / 1000) * plan.rate);
    for (; given < due; given += 1) lines[given % lines.length].act();
  }, 1);
}

/** Drive, measure `seconds` after `warm`, wait for what is still on its way; {took, counted, faults, acks, last, heard}. */
export async function drive(lines) {
  begin(lines);
  await pause(plan.warm);
  tally.measuring = true;
  const from = now();
  await pause(plan.seconds);
  const took = (now() - from) / 1000;
  const counted = tally.acks.length;
  tally.measuring = false;
  tally.stopped = plan.mode === "closed";
  await pause(2);
  tally.stopped = true;
  const [acks, last] = [tally.acks, tally.last].map((list) => [cut(list, 0.5), cut(list, 0.99)]);
  return { took, counted, faults: tally.faults, acks, last, heard: tally.last.length };
}

export function finish(result, lines) {
  process.stdout.write(JSON.stringify(result));
  for (const line of lines) line.ws.terminate();
  process.exit(0);
}
