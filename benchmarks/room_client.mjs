/**
 * Members of many rooms: each acts, waits for its acknowledgement and hears its room.
 *
 * plan: {url, mode: "closed" | "paced", rate (events a second of all, paced), seconds, warm, size (members a room), heard (name of
 * the broadcast), once, lines: [{cookie, who, join: [event, payload], event, acts: [payload]}]}. Each number of a room must come
 * once and in order.
 */
import { drive, fault, finish, Line, now, plan, tally } from "./lines.mjs";

const sent = new Map(); // act → when, whether it counts, how many are still to hear it

class Member extends Line {
  next = 0;
  counts = new Map();
  /** The k-th broadcast of a member's acts is about that member's k-th act. */
  heard(name, data) {
    if (name !== plan.heard || (data.kind ?? "score.progress") !== "score.progress") return;
    this.follows(data.seq);
    const who = data.who ?? data.data.member;
    const count = this.counts.get(who) ?? 0;
    this.counts.set(who, count + 1);
    const key = `${who}/${count}`;
    const one = sent.get(key);
    one.left -= 1;
    if (one.left > 0) return;
    if (one.counted) tally.last.push(now() - one.began);
    sent.delete(key);
  }
  act(done) {
    const payload = this.acts[this.next % this.acts.length];
    const act = `${this.who}-${this.next}`;
    const one = { began: now(), counted: tally.measuring, left: plan.size };
    sent.set(`${this.who}/${this.next++}`, one);
    if (plan.once) payload.payload.once = act;
    else payload.act = act;
    this.call(this.event, payload, (answer) => {
      if (answer.status !== 200) fault(answer);
      if (one.counted && tally.measuring) tally.acks.push(now() - one.began);
      done?.();
    });
  }
}

const lines = plan.lines.map((told) => new Member(told, plan.url));
for (let at = 0; at < lines.length; at += 25) await Promise.all(lines.slice(at, at + 25).map((line) => line.open(line.join)));
const { took, counted, ...rest } = await drive(lines);
finish({ acts: counted, perSecond: counted / took, ...rest }, lines);
