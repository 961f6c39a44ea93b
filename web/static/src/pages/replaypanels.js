/** What stood at one moment of a sitting, as panels. `state`: sections of facts; `names`: what ids are called. */
import { el } from "./breaches.js";
import { t } from "./words.js";

const clock = (text) => String(text ?? "").slice(11, 16);
export const when = (text) => String(text ?? "").slice(0, 19).replace("T", " ");
const rows = (state, section) => Object.entries(state[section] ?? {});

const STATES = {
  invited: "invited", accepted: "accepted", signed_in: "signed in", pledged: "present", recused: "stepped down", removed: "removed",
  declined: "declined", no_answer: "no answer in time",
};
const OUT = ["recused", "removed", "declined", "no_answer"];

/** What the ledger's ids are called: members and seats by the page, bids by the opening's own entry. */
export function namesOf(labels, state) {
  const member = (id) => {
    const one = labels.members[id];
    return one ? one.name || t("Member %(number)s", { number: one.number }) : id;
  };
  return {
    member,
    seat: (id) => (labels.seats[id] ? t("seat %(label)s", { label: labels.seats[id] }) : ""),
    site: (region) => labels.sites[region] ?? region,
    bid: (id) => state.bids?.[id]?.name ?? id,
    criterion: (id) => labels.criteria[id] ?? id,
    item: (id) => labels.items[id] ?? id,
    ground: (id) => (id === "LACK" ? t("lack of competition") : id === "LOWPRICE" ? t("abnormally low price") : labels.grounds[id] ? `${id} ${labels.grounds[id]}` : id),
  };
}

function list(items) {
  const node = el("ul", undefined, "rp-list");
  for (const lines of items) {
    const item = el("li");
    lines.filter(Boolean).forEach((line, n) => item.append(el("div", line, n ? "text-secondary" : "")));
    node.append(item);
  }
  return items.length ? node : undefined;
}

function table(heads, body, cls = "") {
  const wrap = el("div", undefined, "table-responsive");
  const node = el("table", undefined, `table table-vcenter card-table gh-cards mb-0 ${cls}`);
  const head = el("tr");
  for (const one of heads) head.append(Object.assign(el("th", one), { scope: "col" }));
  const top = el("thead");
  top.append(head);
  const rest = el("tbody");
  for (const { cells, out, group, notes, alarm } of body) {
    const line = el("tr", undefined, out ? "rp-out" : group ? "rp-group" : "");
    if (group) {
      const name = Object.assign(el("th", group), { colSpan: heads.length, scope: "rowgroup" });
      if (notes) name.append(el("span", ` ${notes}`, alarm ? "text-danger" : "text-secondary fw-normal"));
      line.append(name);
      rest.append(line);
      continue;
    }
    cells.forEach((cell, n) => {
      const td = el("td");
      td.dataset.label = heads[n];
      if (cell instanceof Node) td.append(cell);
      else td.textContent = cell;
      line.append(td);
    });
    rest.append(line);
  }
  node.append(top, rest);
  wrap.append(node);
  return wrap;
}

// -- who was there ----------------------------------------------------------------------------------------------------

function presence(one, leader, names) {
  const node = el("span");
  const there = one.state === "pledged" && !one.away;
  const dot = el("span", undefined, "rm-dot");
  dot.dataset.there = there ? "yes" : "no";
  node.append(dot, el("span", t(STATES[one.state] ?? one.state)));
  const more = [
    leader ? t("leader") : "", one.away ? t("offline since %(at)s", { at: clock(one.away) }) : "", one.alarm ? t("alarm") : "",
    one.instead_of ? t("in place of %(who)s", { who: names.member(one.instead_of) }) : "", one.hand ? t("hand raised") : "", one.duty ?? "",
    one.stance === "dissent" ? t("disagreement") : one.stance === "deemed" ? t("deemed to agree") : "",
  ].filter(Boolean);
  if (more.length) node.append(el("span", ` · ${more.join(" · ")}`, one.away || one.alarm ? "text-danger" : "text-secondary"));
  return node;
}

function done(count, locked) {
  if (locked) return t("locked at %(at)s", { at: clock(locked) });
  return count ? t("%(n)s noted", { n: count }) : "–";
}

/** One table: a heading row a site, under it its members with seat, presence, and how far review and scoring are. */
export function sites(state, names) {
  const known = [...new Set([...rows(state, "sites").map(([site]) => site), ...rows(state, "members").map(([, one]) => one.site)])];
  if (!known.length) return el("p", t("Nobody has come yet."), "card-body text-secondary mb-0");
  const leader = state.sitting?.sitting?.leader;
  const blind = rows(state, "members").some(([, one]) => one.blind_scored);
  const heads = [t("Member"), t("Presence"), ...(blind ? [t("Blind points")] : []), t("Review"), t("Scores")];
  const body = known.flatMap((site) => {
    const about = state.sites?.[site] ?? {};
    const here = rows(state, "members").filter(([, one]) => one.site === site);
    const notes = [about.cut ? t("venue cut off since %(at)s", { at: clock(about.cut) }) : "", about.door ? t("door opened at %(at)s", { at: clock(about.door) }) : "", here.length ? "" : t("Nobody has come yet.")];
    const lines = here.map(([id, one]) => ({
      out: OUT.includes(one.state),
      cells: [
        [names.member(id), names.seat(one.seat)].filter(Boolean).join(" · "), presence(one, id === leader, names),
        ...(blind ? [done(one.blind_scored, one.blind_locked)] : []), done(one.marked, one.review_locked), done(one.scored, one.score_locked),
      ],
    }));
    return [{ group: names.site(site), notes: notes.filter(Boolean).join(" · "), alarm: Boolean(about.cut) }, ...lines];
  });
  return table(heads, body);
}

// -- the panels below -------------------------------------------------------------------------------------------------

/** A vote: while the committee works a number, afterwards who said what. */
function cast(words, names) {
  if (typeof words === "number") return t("%(n)s votes cast", { n: words });
  const said = Object.entries(words ?? {});
  if (said.some(([, word]) => typeof word !== "boolean")) {
    const groups = said.reduce((all, one) => all.set(one[1], [...(all.get(one[1]) ?? []), one]), new Map());
    return [...groups].map(([word, who]) => `${names.member(word)} ← ${who.map(([one]) => names.member(one)).join(", ")}`).join("; ");
  }
  const yes = said.filter(([, word]) => word).map(([who]) => names.member(who));
  return [t("%(yes)s for, %(no)s against", { yes: yes.length, no: said.length - yes.length }), yes.join(", ")].filter(Boolean).join(": ");
}

function votes(state, names) {
  const title = (one) => (one.what === "leader" ? t("Vote for the leader, round %(n)s", { n: one.round }) : one.what === "lack" ? t("Vote on lack of competition") : `${t("Vote to reject")}: ${names.bid(one.bid)}`);
  const ballots = rows(state, "votes").map(([, one]) => [title(one), one.ground ? names.ground(one.ground) : "", cast(one.cast, names)]);
  const fails = rows(state, "fails").map(([, one]) => [`${t("Failed items")}: ${names.bid(one.bid)} · ${names.item(one.item)}`, `${names.member(one.member)} · ${names.ground(one.ground)}`, one.reason]);
  const out = rows(state, "rejected").map(([bid, one]) => [`${t("Rejected")}: ${names.bid(bid)}`, names.ground(one.ground)]);
  return list([...ballots, ...fails, ...out]);
}

function questions(state, names) {
  return list(
    rows(state, "questions").map(([, one]) => [
      `${names.bid(one.bid)}${one.ground ? ` · ${names.ground(one.ground)}` : ""}`,
      one.question ? `${t("Question")}: ${one.question}` : t("What was asked shows after the evaluation."),
      one.answered ? `${t("Answer")} ${clock(one.answered)}: ${one.answer ?? ""}` : `${t("no answer yet")} · ${t("until %(at)s", { at: clock(one.until) })}`,
    ]),
  );
}

function lowprice(state, names) {
  const spoke = (words) => (words === undefined ? "" : t("%(n)s members spoke", { n: typeof words === "number" ? words : Object.keys(words).length }));
  return list(
    rows(state, "lowprice").map(([bid, one]) => [
      `${names.bid(bid)}${one.invalid ? ` · ${t("invalid")}` : ""}`,
      (one.triggers ?? []).map((line) => `${t("Below a line")}: ${line.line ?? ""}`).join("; "), spoke(one.starts), one.votes === undefined ? "" : cast(one.votes, names),
    ]),
  );
}

function totals(state, names) {
  const number = (bid) => Number(state.bids?.[bid]?.number ?? 0);
  const found = rows(state, "totals").sort(([one], [other]) => number(one) - number(other));
  if (!found.length) return undefined;
  const node = el("div");
  node.append(table([t("Bidder"), t("Total")], found.map(([bid, one]) => ({ cells: [names.bid(bid), one.total] }))));
  const benchmark = state.sitting?.sitting?.benchmark;
  if (benchmark) node.append(el("p", `${t("benchmark")}: ${benchmark}`, "card-body py-2 mb-0 num"));
  return node;
}

/** Rows bid and criterion, a column a member; drawn when it is opened, for it may be long. */
function sheets(state, names, open) {
  const found = rows(state, "sheets").filter(([, one]) => one.points);
  if (!found.length) return undefined;
  const node = el("details", undefined, "rp-sheets");
  node.append(el("summary", t("Points as locked"), "card-body py-2"));
  const draw = () => {
    if (!node.open || node.children.length > 1) return;
    const cells = new Map();
    for (const [member, one] of found) for (const [bid, points] of Object.entries(one.points)) for (const [criterion, value] of Object.entries(points)) cells.set(`${bid}/${criterion}`, { ...(cells.get(`${bid}/${criterion}`) ?? { bid, criterion }), [member]: value });
    const body = [...cells.values()].map((row) => ({ cells: [names.bid(row.bid), names.criterion(row.criterion), ...found.map(([member]) => row[member] ?? "–")] }));
    node.append(table([t("Bidder"), t("Criterion"), ...found.map(([member]) => names.member(member))], body));
  };
  node.addEventListener("toggle", draw);
  node.open = open;
  draw();
  return node;
}

const words = (state, names) =>
  list(
    rows(state, "words").map(([, one]) => [
      `${names.member(one.member)} · ${names.bid(one.bid)} · ${names.criterion(one.criterion)}`,
      one.after === undefined ? t("confirmed %(points)s", { points: one.points }) : t("corrected from %(before)s to %(after)s", { before: one.before, after: one.after }), one.reason,
    ]),
  );

const DECIDED = { asked: "asked", granted: "granted", refused: "refused", done: "done" };
const unlocks = (state, names) => list(rows(state, "unlocks").map(([, one]) => [`${names.member(one.member)} · ${t(DECIDED[one.state] ?? one.state)}`, one.reason, one.answer]));
const seats = (state, names) =>
  list(rows(state, "seats").map(([, one]) => [`${names.member(one.member)}: ${[names.seat(one.from), names.seat(one.to)].filter(Boolean).join(" → ")}`, one.state === "asked" ? t("waits for the supervisor") : t(DECIDED[one.state] ?? one.state), one.reason]));
const incidents = (state, names) => list(rows(state, "incidents").map(([, one]) => [`${clock(one.at)} ${one.site ? names.site(one.site) : ""}`, one.text]));

const PAPERS = { open: "open for signatures", signed: "all have signed", sealed: "signed and sealed", void: "withdrawn" };
const reports = (state) =>
  list(
    rows(state, "reports").map(([, one]) => [
      `${t("Version %(n)s", { n: one.version ?? "" })} · ${t(PAPERS[one.state] ?? one.state)}`, t("%(n)s of %(all)s signed", { n: one.signed?.length ?? 0, all: one.fields?.length ?? 0 }), one.reason,
    ]),
  );

const COUNTS = { talk: "Said in the room: %(n)s", recordings: "Pieces of recordings: %(n)s", withheld: "Entries not opened here: %(n)s", unread: "Entries that could not be read: %(n)s" };
const counts = (state) => list(rows(state, "counts").filter(([what]) => COUNTS[what]).map(([what, one]) => [t(COUNTS[what], one)]));

/** By the name of the panel; undefined = nothing to show. */
export const PANELS = { votes, questions, lowprice, totals, sheets, words, unlocks, seats, incidents, reports, counts };
