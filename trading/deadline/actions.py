"""The tenderer decides about a deadline that did not hold: go on with it, or set a new one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.machine import Row
from core.rules import refuse_if
from trading.bidding.models import Bid
from trading.deadline import outages, papers, queries, rules, timers
from trading.deadline.facts import DECISIONS, POSTPONE
from trading.deadline.models import DeadlineDecision
from trading.document.actions import tell_takers
from trading.opening.ending import fail
from trading.opening.models import SignIn
from trading.opening.presence import plan_attendance
from trading.opening.queries import live_bids
from trading.opening.rules import enough_bids
from trading.project.models import Case, Project
from trading.project.papers import file_document, named
from trading.project.queries import names
from trading.project.states import book_of, go, guard


@acting("deadline.decide", Role.TENDERER, signed=True)
def decide(tx: Tx, case: str, p: Payload) -> Payload:
    """{decision: go_on | postpone, reason, deadline?} → {state, deadline, document}.

    Only while an outage or an alarm of the clock waits for it; an alarm alone until the sign-in time is over. Bids
    handed in stay sealed and valid either way; until a new deadline they may be replaced and withdrawn, and sign-in
    begins anew.
    """
    fields.only(p, "decision", "reason", "deadline")
    row, step = guard(tx, case, "deadline.decide")
    assert row.deadline is not None
    outages.note(tx, row)
    silent, alarms = outages.open_ones(tx.session, row), queries.alarms(tx.session, row, tx.now)
    refuse_if(rules.something_to_decide(len(silent), len(alarms), step.article))
    what, reason = fields.choice(p, "decision", DECISIONS), fields.text(p, "reason", limit=1000)
    after = _new_deadline(tx, row, p) if what == POSTPONE else None
    if what != POSTPONE and p.get("deadline"):
        raise Unusable("deadline: only where the decision is to postpone")
    made = DeadlineDecision(
        case_id=case, round=row.round, at=tx.now, person_id=tx.actor.person, what=what, reason=reason,
        before=row.deadline, after=after,
    )  # fmt: skip
    tx.session.add(made)
    tx.session.flush()
    for outage in silent:
        outage.decision_id = made.id
    for alarm in alarms:
        alarm.decision_id = made.id
    body = {
        "reason": reason, "before": row.deadline, "after": after,
        "outages": [{"process": o.process, "since": o.since, "until": o.until} for o in silent],
        "clock": [{"at": o.at, "server": o.server, "offset": o.offset} for o in alarms],
    }  # fmt: skip
    if after is None:
        _go_on(tx, row, step, body, interrupted=bool(silent))
    else:
        _postpone(tx, row, step, made, after, body)
    return {"state": row.state, "deadline": row.deadline.isoformat(), "document": made.document_id}


def _new_deadline(tx: Tx, row: Case, p: Payload) -> datetime:
    assert row.deadline is not None
    moment = fields.moment(p, "deadline")
    refuse_if(rules.new_deadline(moment, tx.now, row.deadline, book_of(row, tx.now)))
    return moment


def _go_on(tx: Tx, row: Case, step: Row, body: Payload, *, interrupted: bool) -> None:
    """The deadline stands; after an alarm of the clock alone nothing else changes. Bids that were too few at an
    interrupted deadline fail the tender now, and a sign-in time the outage has eaten begins with the decision."""
    assert row.deadline is not None
    go(tx, row, step, "deadline.kept", body, target=row.state)
    tx.publish(f"hall:{row.id}", "deadline.decided", {"decision": "go_on"})
    if row.state != "SEALED" or not interrupted:
        return
    short = enough_bids(len(live_bids(tx.session, row)), book_of(row, tx.now))
    if short:
        fail(tx, row, step, short[0], "tender.failed")
        return
    row.attend_from = tx.now
    plan_attendance(tx, row)


def _postpone(tx: Tx, row: Case, step: Row, made: DeadlineDecision, after: datetime, body: Payload) -> None:
    project, held = tx.session.get_one(Project, row.project_id), names(tx.session, row)
    paper = papers.postponement(project, row, held, body, tx.now, demo=tx.config.demo)
    title = f"{project.name} {row.lot_name} 延期公告"
    document = file_document(tx, row.id, "postponement", title, paper, "public")
    made.document_id = document.id
    row.deadline, row.attend_from = after, None
    mine = select(Bid.id).where(Bid.case_id == row.id, Bid.round == row.round)
    for signed in tx.session.scalars(select(SignIn).where(SignIn.bid_id.in_(mine))):
        tx.session.delete(signed)
    go(tx, row, step, "deadline.postponed", named(document) | body, target="ANNOUNCED")
    timers.plan(tx.session, row)
    tx.publish(f"hall:{row.id}", "deadline.decided", {"decision": "postpone", "deadline": after.isoformat()})
    tell_takers(tx, row, "deadline.postponed", {"case": row.id, "document": document.id, "title": title})
