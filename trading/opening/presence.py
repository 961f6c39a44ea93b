"""Who is there: bidders sign in online around the deadline (20号令 art. 29); fewer than three, no opening."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core import fields, jobs
from core.access import Actor, Role
from core.acts import Tx
from core.doors import Payload, acting
from core.rules import Breach, refuse_if
from trading.bidding.models import Bid
from trading.bidding.seals import sealed_stream
from trading.deadline import outages
from trading.opening import rules
from trading.opening.ending import fail
from trading.opening.guards import own_bid
from trading.opening.models import SignIn
from trading.opening.queries import attendance, present, schedule
from trading.project.models import Case
from trading.project.queries import blocked_by
from trading.project.states import book_of, case_row, guard


def enter(tx: Tx, row: Case, bid: Bid) -> None:
    """Once for each bidder. Until the hall is open nobody else may learn who is there, or how many (A-107)."""
    if bid.id in present(tx.session, row):
        return
    tx.session.add(SignIn(bid_id=bid.id, person_id=tx.actor.person, at=tx.now))
    tx.session.flush()
    if row.state != "OPENING":
        tx.record(sealed_stream(row.id), "opening.signed_in", {"bid": bid.id})
        return
    tx.record(f"case:{row.id}", "opening.signed_in", {"bid": bid.id}, case=row.id)
    tx.publish(f"hall:{row.id}", "opening.signed_in", {"bid": bid.id, "at": tx.now.isoformat()})


@acting("opening.signin", Role.BIDDER)
def sign_in(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {bid}: a bidder with a live bid is present; from some minutes before the deadline on."""
    fields.only(p)
    row, _ = guard(tx, case, "opening.signin")
    refuse_if(rules.may_sign_in(schedule(row), tx.now, book_of(row, tx.now)))
    bid = own_bid(tx, row)
    enter(tx, row, bid)
    return {"bid": bid.id}


def plan_attendance(tx: Tx, row: Case) -> None:
    if bound(row):
        jobs.plan(tx.session, schedule(row).until, "opening.attendance", row.id)


def bound(row: Case) -> bool:
    """Whether the tender file says by when three must sign in; one issued before there was such a line does not."""
    return "signin_after" in row.settings


def too_few(session: Session, row: Case, now: datetime) -> list[Breach]:
    """R1-10 by sign-ins (A-109)."""
    return rules.attended(attendance(session, row), book_of(row, now)) if bound(row) else []


def not_yet(session: Session, row: Case, now: datetime) -> list[Breach]:
    """Why the hall cannot be opened now. An outage comes first: who could not sign in is not counted as absent."""
    return outages.blocking(session, row, now) or too_few(session, row, now)


@acting("opening.attendance")
def attend(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {state}: at the end of the sign-in time; fewer than three fail with their files still sealed (B-033).

    While an outage is undecided it does nothing; the decision to go on gives a sign-in time anew.
    """
    row = case_row(tx.session, case)
    if row.state != "SEALED" or tx.now < schedule(row).until:
        return {"state": row.state}
    outages.note(tx, row)
    if outages.blocking(tx.session, row, tx.now):
        return {"state": row.state}
    row, step = guard(tx, case, "opening.attendance")
    short = too_few(tx.session, row, tx.now)
    if short:
        fail(tx, row, step, short[0], "tender.failed")
    return {"state": row.state}


@blocked_by("opening.begin")
def _begin_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return not_yet(session, row, now)


@blocked_by("opening.signin")
def _sign_in_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return rules.may_sign_in(schedule(row), now, book_of(row, now)) if row.deadline else []
