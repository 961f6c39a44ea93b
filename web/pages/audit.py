"""The audit of a case: who did what when, whether it still holds, its file and replay; the wall of all cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, g, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from core.access import Role
from core.clock import CST
from core.doors import ask
from core.faults import Unusable
from core.rules import Refused
from evaluation.sitting.models import STAGES
from oversight import queries
from oversight.guards import watched
from oversight.models import CaseFileExport
from oversight.replay import WORKING, labels
from trading.project.models import Case, Project
from web import words
from web.entry_words import ENTRIES
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.pages.room import STAGE_WORDS, heard
from web.replay_words import SAID as REPLAY_SAID
from web.words import N_

blueprint = Blueprint("audit", __name__)
WATCHERS = (Role.REGULATOR, Role.AUDITOR)
LINKS = (Link(N_("Watch wall"), "/watch", "ti-layout-grid", Permit(WATCHERS), 30),)
PAGE = 50
# First word of a ledger kind → what it is about, for the filter.
KINDS = {
    "order": N_("orders of the mall"),
    "plan": N_("plan"),
    "project": N_("project"),
    "file": N_("drafts and downloads of the tender file"),
    "tender": N_("tender file and notice"),
    "question": N_("questions"),
    "bid": N_("bids"),
    "objection": N_("objections"),
    "clock": N_("comparisons of the clock"),
    "outage": N_("outages of the platform"),
    "deadline": N_("decisions about the deadline"),
    "opening": N_("opening"),
    "qualification": N_("qualification"),
    "winner": N_("winner"),
    "venue": N_("venues"),
    "draw": N_("draws"),
    "committee": N_("committee"),
    "invitation": N_("invitations"),
    "seat": N_("seats and sign-in"),
    "signin": N_("identity"),
    "incident": N_("incidents"),
    "pledge": N_("pledges"),
    "leader": N_("leader"),
    "sitting": N_("stages of the sitting"),
    "review": N_("review"),
    "clarification": N_("clarifications of bids"),
    "reject": N_("votes to reject"),
    "talk": N_("talk in the room"),
    "hand": N_("raised hands"),
    "recording": N_("recordings"),
    "camera": N_("cameras"),
    "score": N_("scoring"),
    "scores": N_("summary of scores"),
    "anomaly": N_("scores that stand out"),
    "report": N_("report"),
    "paper": N_("signatures and seals"),
    "award": N_("award"),
    "candidates": N_("candidates"),
    "contract": N_("contract"),
    "period": N_("periods"),
    "bond": N_("bid bonds"),
    "supplier": N_("suppliers of the mall"),
    "item": N_("items of the mall"),
    "mall_template": N_("templates of specifications"),
    "patrol": N_("price patrol"),
    "framework": N_("framework agreements"),
    "auction": N_("auctions"),
    "history": N_("years of an earlier system"),
    "blind": N_("blind parts"),
    "lowprice": N_("low prices"),
    "brand": N_("bids of one brand"),
    "figures": N_("corrected prices"),
    "flaw": N_("flaws of the tender file"),
    "lack": N_("lack of competition"),
    "unlock": N_("requests to reopen scores"),
    "halt": N_("words given to go on"),
    "member": N_("members and their lines"),
    "site": N_("venues cut off"),
    "door": N_("latecomers"),
    "duty": N_("duties"),
    "terminal": N_("machines of seats"),
    "aid": N_("readings by the machine"),
    "time": N_("requests for more time"),
    "spare": N_("spares called"),
    "seating": N_("draws of the seats"),
    "evaluation": N_("beginning of the evaluation"),
    "witness": N_("witnesses"),
    "representative": N_("representatives"),
    "coefficient": N_("coefficients"),
    "reference": N_("reference prices"),
    "affiliate": N_("companies of the operator"),
    "checkpoint": N_("checkpoints"),
    "case": N_("archive"),
    "result": N_("result"),
    "casefile": N_("case file"),
    "budget": N_("budgets"),
    "buyer": N_("regimes of buyers"),
    "chain": N_("approval chains"),
    "absence": N_("substitutes of approvers"),
    "parameter": N_("local numbers of buying"),
    "list": N_("purchase lists"),
    "purchase": N_("purchases"),
    "quote": N_("requests for quotes"),
}
STREAMS = {
    "case": N_("ledger of the tender"),
    "sealed": N_("sealed ledger"),
    "venue": N_("ledger of the venue"),
}
LEVELS = {
    "DETERMINED_BASIS": N_("basis for a finding"),
    "W": N_("warning"),
    "INFO": N_("information"),
}
ALARMS = {
    "suspended": N_("suspended"),
    "overdue": N_("a timer is late"),
    "warnings": N_("warnings were recorded"),
}

SAID = (
    N_("Recomputing…"),
    N_("It holds: nothing was changed, removed or put in between."),
    N_("It does not hold:"),
    N_("%(n)s entries, %(under)s of them under a checkpoint"),
    N_("by itself"),
)

words.teach(
    {
        "OVERSIGHT": N_("Only the regulator of this case or an auditor sees this."),
        "CENTRE-EXPORT": N_("The centre gets the case file after the result."),
        "PUBLIC-EDITION": N_("The public edition stands after the result and its checkpoint."),
    }
)


def _moment(name: str) -> datetime | None:
    text = request.args.get(name, "")
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Unusable(f"{name}: a time YYYY-MM-DDTHH:MM is expected") from None
    return found.replace(tzinfo=CST) if found and found.tzinfo is None else found


def _named(session: Session, items: list[dict[str, Any]]) -> None:
    """Names for actors whose entry carries only an id and is not covered; the system by its own word."""
    ids = [one["actor"]["person"] for one in items if not one["actor"]["name"]]
    known = accounts.names(session, [one for one in ids if one and not one.startswith("member:")])
    for one in items:
        who = one["actor"]
        covered = who["certificate"] or who["person"].startswith("member:")
        who["shown"] = who["name"] or ("" if covered else known.get(who["person"], ""))


def _title(session: Session, row: Case) -> str:
    project = session.get_one(Project, row.project_id)
    return f"{project.name} {row.lot_name}"


@blueprint.get("/audit/<case>")
@permit(*WATCHERS)
def show(case: str) -> str:
    """?kind= ?org= ?since= ?until= ?after=: the timeline, oldest first; ?new= the entries after the last one shown."""
    session = reading()
    row = watched(session, case, g.actor)
    kind, after = request.args.get("kind", ""), request.args.get("after", "")
    found = queries.timeline(
        session, case, g.actor, kind=kind, org=request.args.get("org", ""), since=_moment("since"),
        until=_moment("until"), after=after, limit=PAGE,
    )  # fmt: skip
    _named(session, found["items"])
    orgs = {one["actor"]["org"]: one["actor"]["org_name"] for one in found["items"] if one["actor"]["org"]}
    kept = {key: value for key, value in request.args.items() if key != "after" and value}
    return page(
        "oversight/audit.html", SAID, row=row, title=_title(session, row), found=found, kinds=KINDS, kind=kind,
        kept=kept, entries=ENTRIES, streams=STREAMS, levels=LEVELS,
        orgs=orgs, org=request.args.get("org", ""), after=after, flags=queries.red_flags(session, case, g.actor, g.now),
        exports=_exports(session, case), channels=heard(session, f"watch:{case}"),
        since=request.args.get("since", ""), until=request.args.get("until", ""),
    )  # fmt: skip


def _exports(session: Session, case: str) -> list[CaseFileExport]:
    query = select(CaseFileExport).where(CaseFileExport.case_id == case)
    return list(session.scalars(query.order_by(CaseFileExport.at.desc()).limit(10)))


@blueprint.get("/audit/<case>/replay")
@permit(*WATCHERS)
def replay(case: str) -> str:
    """The course of the case on a slider, from the ledger; the script asks audit.replay for entries and changes."""
    session = reading()
    row = watched(session, case, g.actor)
    return page(
        "oversight/replay.html", REPLAY_SAID, row=row, title=_title(session, row), entries=ENTRIES,
        states=_state_words(), stages=STAGES, stage_words=STAGE_WORDS, labels=labels(session, row),
        working=row.state in WORKING,
    )  # fmt: skip


def _state_words() -> dict[str, str]:
    return {code: words.state(code) for code in words.STATES if code.isupper()}


@blueprint.get("/watch")
@permit(*WATCHERS)
def wall() -> str:
    """?state= ?after=: cases with stage, presence and alarms on one screen."""
    session = reading()
    state, after = request.args.get("state", ""), request.args.get("after", "")
    found = queries.watch(session, g.actor, g.now, state=state, after=after)
    for one in found["items"]:
        one["room"] = _sitting(one)
    return render_template(
        "oversight/watch.html", found=found, state=state, alarms=ALARMS,
        channels=heard(session, *(f"watch:{one['case']}" for one in found["items"])),
        figures=queries.statistics(session, g.actor),
    )  # fmt: skip


def _sitting(item: dict[str, Any]) -> dict[str, Any] | None:
    """Stage, per cent and presence of a running sitting; None outside of one or where it may not be seen."""
    if item["state"] not in ("COMMITTEE_SET", "EVALUATING"):
        return None
    try:
        seen = ask(wired().acts, g.actor, "room.watch", item["case"], {})
    except Refused:  # another regulator's case of the same region
        return None
    seats = [seat for site in seen.get("sites", []) for seat in site["seats"]]
    return {
        "stage": seen["stage"], "percent": seen.get("percent", 0), "paused": seen.get("paused", ""),
        "places": seen.get("places", 0), "signed_in": len(seats), "present": sum(seat["present"] for seat in seats),
    }  # fmt: skip
