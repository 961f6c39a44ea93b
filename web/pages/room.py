"""The evaluation room: a member's own view, the read-only views of those who watch, and the gate of the bids' files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, g, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from core import live
from core.access import Actor, Role
from core.doors import ask
from core.money import D, half_up, plain
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.blind.codes import hidden
from evaluation.committee.queries import by_person, committee_of
from evaluation.failures.models import MemberLine
from evaluation.failures.standing import elsewhere
from evaluation.sitting.models import STAGES
from evaluation.sitting.presence import PRESENCE
from evaluation.views import is_member, sitting_for
from trading.project.states import case_row, stands_as
from venues import queries as venues
from web import files, lines, readers, socket, standing, words
from web.front import Permit, permit, reading, wired
from web.pages.cases import page
from web.talk_words import TALK
from web.words import N_

blueprint = Blueprint("room", __name__)
LAW = "招标投标法 第40条"
M87 = "政府采购货物和服务招标投标管理办法 第64条"
WATCHING = ("room.watch", "room.venue", "room.progress")
SAID: tuple[str, ...] = (
    *TALK,
    N_("The line is cut; it is sent again by itself."),
    N_("The sitting stands still; this is kept here and saved when it goes on."),
    N_("Saving…"),
    N_("Saved."),
    N_("Ground, page and reason are still needed."),
    N_("Points are a number with at most two decimals."),
)
CHANNELS = {"watch": ("watch", "room"), "venue": ("room",), "progress": ()}
STAGE_WORDS = {
    "SIGN_IN": N_("Signing in"),
    "LEADER": N_("Electing the leader"),
    "BLIND": N_("Blind review"),
    "PRELIM": N_("Preliminary review"),
    "LACK": N_("Competition"),
    "SCORING": N_("Scoring"),
    "LOWPRICE": N_("Low prices"),
    "SUMMARY": N_("Summary"),
    "REPORT": N_("Report"),
    "SIGNED": N_("Signed"),
}
BLIND_SIGNS = {
    "name": N_("name of a company"),
    "short_name": N_("short name of a company"),
    "uscc": N_("unified social credit code"),
    "phone": N_("telephone number"),
    "person": N_("name of a member of staff"),
    "manager": N_("name of the project manager"),
}
LAYOUT_SIGNS = {
    "font": N_("another font"),
    "size": N_("another size of letters"),
    "spacing": N_("another distance of lines"),
    "margin": N_("text in the side margin"),
    "header": N_("text above the type area (header)"),
    "footer": N_("text below the type area (footer, page number)"),
    "colour": N_("colour"),
    "picture": N_("picture; it may hold text"),
    "hidden": N_("text that is not drawn"),
    "rest": N_("the pages from here on were too many or too full to be looked at"),
}
STEP_WORDS = {
    "small_share": N_("share of small firms over the least"),
    "deducted_price": N_("price for evaluation"),
    "term": N_("part of the benchmark"),
    "mean": N_("mean of the prices"),
    "terms": N_("sum of the parts"),
    "benchmark": N_("benchmark"),
    "deviation": N_("relative deviation"),
    "points": N_("points for the price"),
    "price_score": N_("price score, rounded"),
    "criterion_mean": N_("mean of the members"),
    "total": N_("total"),
    "ranking": N_("ranking"),
    "tie": N_("tie"),
}

words.teach(
    {
        "MEMBER": N_("Only a member of this committee does this."),
        "SITTING-TIME": N_("Signing in is open around the time of the sitting."),
        "PLEDGE": N_("The declaration and the pledge come first; whoever cannot make them steps down."),
        "PLEDGE-LIST": N_("The pledge is about the list of bidders as it stands."),
        "WATCH": N_("Only the regulator or a venue of this case does this."),
        "VOTED": N_("Your vote has been cast."),
        "PAUSED": N_("The sitting is paused, or is already going on."),
        "INCOMPLETE": N_("Nobody goes on with an incomplete committee."),
        "STAGE": N_("The sitting is not at the stage where this is possible."),
        "LEADER": N_("Only the leader does this."),
        "LOCKED": N_("What was locked stands."),
        "GROUND": N_("A bid is rejected on a ground of the tender file or of the law, and on nothing else."),
        "FAIL-REASON": N_("A failed item names its page and its reason."),
        "INCOMPLETE-REVIEW": N_("Every item of every bid needs your finding first."),
        "REVIEW-OPEN": N_("Votes begin when every member has locked the review."),
        "NO-PRICE": N_("A bid without a readable price cannot be kept."),
        "POINTS": N_("The points are outside the range of this criterion."),
        "INCOMPLETE-SCORES": N_("Every criterion of every valid bid needs your points first."),
        "OTHER-SCORES": N_("The sheet you sign is not the one that was saved."),
        "ANOMALY": N_("A score that stands out needs its author's reason or a correction."),
        "OBJECTIVE": N_("Members differ on an objective item."),
        "R2-30": N_("Only a score that stands out or differs is corrected."),
        "LOWPRICE": N_("Only a price below a line, or one that most members doubt, is to be explained."),
        "LOWPRICE-ASK": N_("Votes begin with the bidder's answer, or when its time is over."),
        "LOWPRICE-DONE": N_("This was proposed or asked before."),
        "UNLOCK": N_("A locked sheet is asked for once, and decided once."),
        "UNLOCK-OWN": N_("Nobody decides on a request of his own; the regulator decides on the leader's."),
        "REPORT": N_("No report is open for signatures."),
        "DEEM-LEADER": N_("The leader is not deemed to agree; another leader comes first."),
        "DEEM-REASON": N_("A member who gave reasons is not deemed to agree."),
        "DEEM-SIGNED": N_("This member has signed."),
        "CLARIFY-LATE": N_("The time to answer is over."),
        "CLARIFIED": N_("The question has been answered."),
        "CORRECTION": N_("Only the bidder whose price was corrected answers."),
        "CLARIFICATION": N_("Only the bidder that was asked answers."),
    }
)


def heard(session: Session, *channels: str) -> list[tuple[str, int]]:
    """Channels of a page, each with the number of its newest event: what came before is on the page already."""
    return [(name, live.last(session, name)) for name in channels]


# -- the member's room ------------------------------------------------------------------------------------------------


def _chosen(view: dict[str, Any]) -> dict[str, Any]:
    """The bid looked at, the one beside it and the item, from the address; the first bid with work left otherwise."""
    bids = {bid["id"]: bid for bid in view["bids"]}
    key = "scores" if view["stage"] in ("BLIND", "SCORING", "LOWPRICE", "SUMMARY", "REPORT", "SIGNED") else "review"
    done = view["mine"]["done"]
    unfinished = next((b for b in bids if done[b][key] < done[b][f"{key}_of"] and b not in view["rejected"]), None)
    bid = request.args.get("bid", "")
    if bid not in bids:
        bid = unfinished or next(iter(bids), "")
    other = request.args.get("beside", "")
    return {"bid": bids.get(bid), "beside": bids.get(other) if other != bid else None, "clause": other == "file"}


def _marks(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """{bid: {item: my mark}}"""
    found: dict[str, dict[str, Any]] = {}
    for one in view["mine"]["marks"]:
        found.setdefault(one["bid"], {})[one["item"]] = one
    return found


def _closed(view: dict[str, Any]) -> dict[str, Breach | None]:
    """Why a button of mine is closed now; the acts ask the same inside."""
    mine, bids = view["mine"], len(view["bids"])
    marks, wanted = len(mine["marks"]), bids * len(view["items"])
    cells = (bids - len(view["rejected"])) * len(view["criteria"])
    halted = Breach("PAUSED", LAW, "B", "going on", view["paused"]) if view["paused"] else None
    review = None if marks >= wanted else Breach("INCOMPLETE-REVIEW", LAW, "B", str(wanted), str(marks))
    missing = len(mine["missing"])
    scores = Breach("INCOMPLETE-SCORES", LAW, "B", str(cells), str(cells - missing)) if missing else None
    report = halted or _open_flags(view)
    return {"halted": halted, "review": halted or review, "scores": halted or scores, "report": report}


def _open_flags(view: dict[str, Any]) -> Breach | None:
    summary = view.get("summary") or {}
    if summary.get("objective_gaps"):
        return Breach("OBJECTIVE", M87, "B", "0", str(len(summary["objective_gaps"])))
    open_ = sum(not one["reason"] for one in summary.get("anomalies", []))
    return Breach("ANOMALY", M87, "B", "0", str(open_)) if open_ else None


def _member_page(case: str, view: dict[str, Any]) -> str:
    own = heard(reading(), f"me:{g.actor.person}")
    if view["state"] == "accepted":
        view["at"] = datetime.fromisoformat(view["at"])
        session = reading()
        venue = next((c["name"] for c in venues.centres(session) if c["region"] == view["site"]), view["site"])
        return page("evaluation/door.html", SAID, case=case, view=view, venue=venue, channels=own)
    if "stage" in view and "bids" not in view:
        return page("evaluation/rejoin.html", SAID, case=case, view=standing.dated(view), channels=own)
    if view["state"] == "signed_in":
        return page("evaluation/pledge.html", SAID, case=case, view=view, channels=own)
    view = standing.dated(view)
    for one in [*view["clarifications"], *view["figures"].get("corrections", ())]:
        one["until"] = datetime.fromisoformat(one["until"])
        one["late"] = g.now > one["until"]
    names, chosen = {bid["id"]: bid["org_name"] or bid["id"] for bid in view["bids"]}, _chosen(view)
    return page(
        "evaluation/room.html", (*SAID, *readers.SAID), case=case, view=view, chosen=chosen, marks=_marks(view),
        closed=_closed(view), texts=standing.TEXTS,
        papers=readers.for_room(reading(), case, chosen, _names(view), coded=bool(view["blind"])),
        called={seat["member"]: seat["name"] for site in view["sites"] for seat in site["seats"]},
        venues={site["site"]: site["name"] for site in view["sites"]},
        stages=_stages(view["stage"]), stage_words=STAGE_WORDS, steps=STEP_WORDS, names=names,
        people={seat["member"]: seat for site in view["sites"] for seat in site["seats"]},
        blind_signs=BLIND_SIGNS, layout_signs=LAYOUT_SIGNS, channels=[*own, *heard(reading(), f"room:{case}")],
    )  # fmt: skip


def _stages(stage: str) -> list[str]:
    """The stages of this sitting; what few sittings have stands only while it is on."""
    return [one for one in STAGES if one not in ("BLIND", "LACK", "LOWPRICE") or stage == one]


def _names(view: dict[str, Any]) -> dict[str, str]:
    """{item or criterion: its name}: what the bid's bookmarks are matched with."""
    return {one["id"]: one["name"] for one in [*view["items"], *view["criteria"]]}


@blueprint.app_template_filter("points")
def points(text: str) -> str:
    """An exact mean at four places; the steps of the calculation show it in full."""
    return plain(half_up(D(text), 4))


@blueprint.app_template_filter("member")
def member(label: str) -> str:
    """A member as the summary calls it: member-3 in the words of the page, never by name before the report."""
    return str(gettext("Member %(n)s", n=label.removeprefix("member-")))


@blueprint.get("/room/<case>")
@permit(person=True, devices=True)
def room(case: str) -> str:
    """The room of a member; for supervisors, venues and the tender's own side what each may see of it."""
    session = reading()
    row = case_row(session, case)
    if g.actor.has(Role.EXPERT, Role.TENDERER):
        try:
            return _member_page(case, ask(wired().acts, g.actor, "room.view", case, {}))
        except Refused:
            if g.actor.has(Role.EXPERT):
                raise NotFound from None
    if stands_as(row, g.actor) - {Role.BIDDER} or _hosts(session, case, g.actor):
        for question in WATCHING:
            try:
                seen = ask(wired().acts, g.actor, question, case, {})
            except Refused:
                continue
            return _watch_page(case, question.partition(".")[2], seen)
    raise NotFound


def _hosts(session: Session, case: str, actor: Actor) -> bool:
    return actor.has(Role.CENTRE) and actor.org in cases.venue_orgs(session, cases.facts(session, case))


def _called(seen: dict[str, Any]) -> dict[str, str]:
    """{member: name} of the seats that a page of watchers shows."""
    seats = [seat for site in seen["sites"] for seat in site["seats"]] if "board" in seen else seen.get("seats", [])
    return {seat["member"]: seat["name"] for seat in seats}


def _watch_page(case: str, how: str, seen: dict[str, Any]) -> str:
    session = reading()
    found = cases.facts(session, case)
    open_names = how == "watch" and found.opened_at is not None
    bids = cases.bids(session, case) if open_names else []
    return page(
        "evaluation/watch.html", SAID, case=case, how=how, seen=standing.dated(seen), texts=standing.TEXTS,
        called=_called(seen), title=found.title, stages=_stages(seen["stage"]),
        stage_words=STAGE_WORDS, steps=STEP_WORDS, names={bid["id"]: bid["org_name"] for bid in bids},
        criteria=list(found.criteria), items={one["id"]: one["name"] for one in found.items}, grounds=found.grounds,
        venues={centre.region: centre.name for _, centre in venues.booked(session, case, found.parties)},
        channels=heard(session, *(f"{name}:{case}" for name in CHANNELS[how])),
    )  # fmt: skip


# -- files ------------------------------------------------------------------------------------------------------------


def inside(session: Session, case: str) -> bool:
    """Whether bids open: to pledged members unless the codes of blind parts still hide them; to supervisors of the case
    once the report is signed."""
    return within(session, case) and not hidden_now(session, case)


def hidden_now(session: Session, case: str) -> bool:
    committee = committee_of(session, case)
    return committee is not None and hidden(cases.facts(session, case), sitting_for(session, committee))


def within(session: Session, case: str) -> bool:
    """Pledged members while the committee sits; supervisors of the case once the report is signed."""
    if is_member(session, g.actor, case):
        return True
    committee = committee_of(session, case)
    if committee is None or sitting_for(session, committee).stage != "SIGNED":
        return False
    return bool(stands_as(case_row(session, case), g.actor) & {Role.REGULATOR, Role.AUDITOR})


@blueprint.get("/room/<case>/bids/<bid>/file")
@permit(person=True)
def bid_file(case: str, bid: str) -> Response:
    """A bid's PDF for those inside; 404 for everyone else, whatever exists."""
    session = reading()
    if not inside(session, case):
        abort(404)
    found = next((one for one in cases.bids(session, case) if one["id"] == bid), None)
    if found is None:
        abort(404)
    return files.blob(found["pdf_sha256"], f"{found['number']} {found['org_name']}.pdf")


@blueprint.get("/room/<case>/tender-file/<document>")
@permit(person=True)
def tender_file(case: str, document: str) -> Response:
    """The tender file beside the bid, or one of its clarifications."""
    session = reading()
    found = cases.tender_papers(session, case) if within(session, case) else []
    one = next((paper for paper in found if paper["id"] == document), None)
    if one is None:
        abort(404)
    return files.blob(one["sha256"], f"{one['title']}.pdf")


# -- presence ---------------------------------------------------------------------------------------------------------


def _beat(hub: socket.Socket, sid: str, given: dict[str, Any]) -> dict[str, Any]:
    """{case}: a member's browser is there. Written only when it is new or back; silence is for web/lines.py."""
    case, actor, acts = str(given.get("case", "")), hub.lines[sid].actor, hub.house.acts
    with acts.reading() as session:
        committee = committee_of(session, case)
        me = by_person(session, committee, actor.person) if committee else None
        here = me is not None and me.state in ("signed_in", "pledged") and not elsewhere(session, actor, me)
        member = me.id if here and me is not None else ""
        line = session.get(MemberLine, member) if member else None
        fresh = line is None or line.away_at is not None
    if not member:
        return {"status": 403, "error": "not a member at his seat"}
    clock = acts.house.clock
    PRESENCE.beat(case, member, clock.now() - clock.ahead)
    if fresh:
        lines.write(hub, case, "member.beat", {"member": member})
    for tell in HEARTBEATS:
        tell(hub, case, clock.now())
    return {"status": 200}


# What else a member's heartbeat sets going: fn(hub, case, now).
HEARTBEATS: list[Callable[[socket.Socket, str, datetime], None]] = []
socket.EVENTS["beat"] = socket.Event(Permit((), person=True), _beat)
