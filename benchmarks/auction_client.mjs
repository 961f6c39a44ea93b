/**
 * Bidders of one auction, spread over `urls`: each bids below the best price it has heard of, waits for the answer and hears all prices.
 *
 * plan: {urls, mode: "closed" | "paced", rate (prices a second of all, paced), seconds, warm, event, heard, join: [event, payload],
 * case, ceiling, lines: [{cookie, who}]}. Every price must come once and in order on every line.
 */
import { drive, fault, finish, Line, now, plan, tally } from "./lines.mjs";

const prices = new Map(); // number → when it was sent, how many have heard it, when the last one did
let refused = 0;

function about(seq) {
  if (!prices.has(seq)) prices.set(seq, { heard: 0, at: 0 });
  return prices.get(seq);
}
function settle(seq) {
  const one = prices.get(seq);
  if (one.began === undefined || one.heard < plan.lines.length) return;
  if (one.counted) tally.last.push(one.at - one.began);
  prices.delete(seq);
}

class Bidder extends Line {
  sent = 0;
  best = plan.ceiling * 100;
  heard(name, data) {
    if (name !== plan.heard || (data.kind ?? "auction.bid") !== "auction.bid") return;
    const bid = data.data ?? data;
    this.follows(bid.bid);
    this.best = Math.round(Number(bid.price) * 100);
    const one = about(bid.bid);
    one.heard += 1;
    one.at = now();
    settle(bid.bid);
  }
  act(done) {
    const fen = this.best - 100 * (1 + Math.floor(Math.random() * 50));
    const price = (fen / 100).toFixed(2);
    const once = `${this.who}-${String(this.sent++).padStart(6, "0")}`;
    const payload = plan.case ? { name: "auction.bid", case: plan.case, payload: { price, once }, proof: {} } : { price, who: this.who, act: once };
    const began = now();
    const counted = tally.measuring;
    this.call(plan.event, payload, (answer) => {
      if (answer.status === 200) {
        if (counted && tally.measuring) tally.acks.push(now() - began);
        const seq = answer.result.seq;
        Object.assign(about(seq), { began, counted });
        settle(seq);
      } else if (answer.status === 409) refused += counted && tally.measuring ? 1 : 0;
      else fault(answer);
      done?.();
    });
  }
}

const lines = plan.lines.map((told, place) => new Bidder(told, plan.urls[place % plan.urls.length]));
for (const line of lines) await line.open(plan.join);
const { took, counted, ...rest } = await drive(lines);
finish({ accepted: counted, refused, perSecond: counted / took, answersPerSecond: (counted + refused) / took, ...rest }, lines);
