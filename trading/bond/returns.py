"""Giving bonds back with interest, or keeping them on a ground of the law; what the platform does by itself.

A bond whose holder must stay unknown (withdrawn before the deadline, a tender that failed) is given back without any
person: by the timer, through the bank, in the sealed stream.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core import fields
from core.access import SYSTEM, Role, denied
from core.acts import Acts, Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.jobs import DueJob, plan
from core.ledger import Entry
from core.money import D, plain
from core.rules import Refused, refuse_if, shown
from trading.bidding.models import Bid
from trading.bidding.seals import sealed_stream
from trading.bond import bank, rules
from trading.bond.actions import arrived
from trading.bond.facts import GROUNDS
from trading.bond.models import Arrival, Bond
from trading.bond.queries import (
    ENDED,
    arrivals,
    asked,
    due_of,
    holder_of,
    of_bids,
    owed_since,
    own_book,
)  # fmt: skip
from trading.deadline.queries import OPEN
from trading.opening.queries import named
from trading.project.models import Case
from trading.project.states import book_of, case_row, stands_as

PERIOD = timedelta(minutes=10)


def _for(tx: Tx, case: str, *roles: Role) -> Case:
    row = case_row(tx.session, case)
    if not stands_as(row, tx.actor) & set(roles):
        raise Refused(denied("ACCESS", " / ".join(roles) + " of this case", tx.actor.org_name or "-"))
    return row


def _named_bond(tx: Tx, row: Case, bond_id: Any) -> Bond:
    """A bond whose holder is public; any other looks as if there were none."""
    bond = tx.session.get(Bond, bond_id) if isinstance(bond_id, str) else None
    known = bond is not None and bond.case_id == row.id and bond.round == row.round and named(row)
    if bond is None or not known or not holder_of(tx.session, row, bond).bid:
        raise Unusable("bid_bond: no such bond in this case")
    return bond


def _record(tx: Tx, row: Case, bond: Bond, kind: str, body: dict[str, Any]) -> str:
    """In the case stream where the holder is public, else in the sealed one."""
    body = {"bond": bond.id, "reference": bond.reference} | body
    if bond.round == row.round and named(row) and holder_of(tx.session, row, bond).bid:
        return tx.record(f"case:{row.id}", kind, body, case=row.id)
    return tx.record(sealed_stream(row.id), kind, body)


@acting("bond.return", Role.TENDERER, Role.CENTRE, signed=True)
def give_back(tx: Tx, case: str, p: Payload) -> Payload:
    """{bonds: [bond]} → {returned: [{bond, principal, interest}]}: losers from the award notice on, the winner after
    the contract (TL57). The bank carries it out; a guarantee is released at once."""
    fields.only(p, "bonds")
    row = _for(tx, case, Role.TENDERER, Role.CENTRE)
    bonds = [_named_bond(tx, row, one) for one in fields.items(p, "bonds")]
    if not bonds or len({bond.id for bond in bonds}) != len(bonds):
        raise Unusable("bonds: one or more different bonds are expected")
    refuse_if(b for bond in bonds for b in rules.may_return(holder_of(tx.session, row, bond), own_book(row, tx.now)))
    for bond in bonds:
        order(tx, row, bond)
    return {"returned": [{"bond": b.id, "principal": b.principal, "interest": b.interest} for b in bonds]}


def order(tx: Tx, row: Case, bond: Bond) -> None:
    """Reckon principal and interest to this day and hand the order to the bank."""
    today = tx.now.astimezone(CST).date()
    paid = arrivals(tx.session, [bond], row.centre_org)[bond.reference]
    law, since = book_of(row, tx.now), owed_since(tx.session, row, bond, tx.now)[1]
    book, due = rules.rates(rules.RULES.at(today, row.region), law), due_of(row, since, tx.now) if since else today
    parts = [(D(one.amount), rules.days(one.at.astimezone(CST).date(), due, today, law)) for one in paid]
    principal, interest = sum((amount for amount, _ in parts), D("0")), rules.interest(parts, book)
    rate, basis = book["BOND-INT"], book["BOND-INT/days"]
    bond.working = {
        "rate": str(rate.value), "basis": str(basis.value), "article": rate.article, "until": today.isoformat(),
        "parts": [{"amount": plain(amount), "days": days} for amount, days in parts],
    }  # fmt: skip
    bond.principal, bond.interest = plain(principal), plain(interest)
    bond.settled_at, bond.settled_by = tx.now, tx.actor.person
    bond.state = "returning" if parts else "returned"
    if not parts:
        bond.returned_at = tx.now
    _record(tx, row, bond, "bond.return_ordered", {"principal": bond.principal, "interest": bond.interest,
                                                   "working": bond.working})  # fmt: skip
    house = bank.of(tx.config)
    if house is not None and parts:
        sent, now = bank.Order(bond.id, bond.reference, principal + interest), tx.now
        tx.after(lambda: house.pay_out(sent, now))


@acting("bond.confirm", Role.CENTRE)
def confirm(tx: Tx, case: str, p: Payload) -> Payload:
    """{bond, bank_ref, at}: a clerk of this centre has carried out the order. Known by its id alone, without a case."""
    fields.only(p, "bond", "bank_ref", "at")
    bond = tx.session.get(Bond, fields.text(p, "bond", limit=16))
    row = tx.session.get(Case, bond.case_id) if bond is not None else None
    if bond is None or row is None or bond.state != "returning" or Role.CENTRE not in stands_as(row, tx.actor):
        raise Unusable("bid_bond: no such order waits")
    at = fields.moment(p, "at")
    if at > tx.now:
        raise Unusable("at: out of range")
    bond.state, bond.returned_at, bond.bank_ref = "returned", at, fields.text(p, "bank_ref", limit=60)
    _record(tx, row, bond, "bond.returned", {"bank_ref": bond.bank_ref, "at": at})
    return {}


@acting("bond.forfeit", Role.TENDERER, signed=True)
def forfeit(tx: Tx, case: str, p: Payload) -> Payload:
    """{bond, ground: TL35 | TL74, reason}: 不予退还, only on a ground of the law."""
    fields.only(p, "bond", "ground", "reason")
    row = _for(tx, case, Role.TENDERER)
    bond = _named_bond(tx, row, p.get("bond"))
    ground, reason = fields.choice(p, "ground", list(GROUNDS)), fields.text(p, "reason", limit=1000)
    refuse_if(rules.may_forfeit(ground, holder_of(tx.session, row, bond), own_book(row, tx.now)))
    bond.state, bond.ground, bond.reason = "forfeited", ground, reason
    bond.settled_at, bond.settled_by = tx.now, tx.actor.person
    _record(tx, row, bond, "bond.forfeited", {"ground": ground, "reason": reason})
    return {}


# -- what happens by itself -------------------------------------------------------------------------------------------


def ring(tx: Tx, term: timedelta = timedelta(0)) -> None:
    """Plan the next look, unless one is planned; always at the same pace, so that it tells nothing."""
    waiting = select(DueJob.id).where(DueJob.act == "bond.tick", DueJob.done_at.is_(None), DueJob.at > tx.now)
    if tx.session.scalar(waiting.limit(1)) is None:
        plan(tx.session, tx.now + term, "bond.tick", "")


@acting("bond.tick")
def tick(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {}: read the bank's feed, give back what must go back by itself, warn of what is overdue."""
    read_feed(tx)
    for bond, row in _owed(tx.session):
        _look_after(tx, row, bond)
    _send_again(tx)
    ring(tx, PERIOD)
    return {}


def read_feed(tx: Tx) -> None:
    house = bank.of(tx.config)
    if house is None:
        return
    seen = max(tx.session.scalar(select(func.max(table.line))) or 0 for table in (Arrival, Bond))
    for line in house.lines(seen):
        if line.kind == "in":
            arrived(tx, line)
            continue
        bond = tx.session.get(Bond, line.reference)
        if bond is not None and bond.state == "returning":
            bond.state, bond.returned_at, bond.bank_ref = "returned", line.at, line.bank_ref
            bond.line = line.number
            row = tx.session.get_one(Case, bond.case_id)
            _record(tx, row, bond, "bond.returned", {"bank_ref": line.bank_ref, "at": line.at})


def _owed(session: Session) -> list[tuple[Bond, Case]]:
    """Bonds not settled whose holder has no bid in force, or whose tender is over or has its award notice."""
    live = exists().where(Bid.case_id == Bond.case_id, Bid.round == Bond.round, Bid.org_id == Bond.org_id,
                          Bid.state == "received")  # fmt: skip
    over = or_(Case.state.in_((*ENDED, *rules.AFTER_NOTICE)), Bond.round < Case.round, ~live)
    query = select(Bond, Case).join(Case, Case.id == Bond.case_id)
    query = query.where(Bond.state.in_(("lodged", "returning")), over).order_by(Bond.lodged_at, Bond.id)
    return [(bond, row) for bond, row in session.execute(query)]


def _look_after(tx: Tx, row: Case, bond: Bond) -> None:
    """A withdrawn bond goes back on its last day at the latest; after the deadline, or a failure, at once."""
    why, since = owed_since(tx.session, row, bond, tx.now)
    if since is None:
        return
    due, today = due_of(row, since, tx.now), tx.now.astimezone(CST).date()
    early = row.state in OPEN and bond.round == row.round  # SEALED: the deadline may be set anew, the bid still come
    if bond.state == "lodged" and why != "contract" and (not early or today >= due):
        order(tx, row, bond)
    late = rules.overdue(due, today, book_of(row, tx.now))
    if late and bond.state in ("lodged", "returning") and bond.warned_at is None and not early:
        bond.warned_at = tx.now
        body = {"reference": bond.reference, "warnings": shown(late)}
        tx.record(f"case:{row.id}", "bond.overdue", body, case=row.id)


def _send_again(tx: Tx) -> None:
    """An order whose sending a crash has cut off; the bank knows it by its id."""
    house = bank.of(tx.config)
    if house is None:
        return
    waiting = and_(Bond.state == "returning", Bond.settled_at < tx.now - PERIOD)
    for bond in tx.session.scalars(select(Bond).where(waiting)):
        sent, now = bank.Order(bond.id, bond.reference, D(bond.principal) + D(bond.interest)), tx.now
        tx.after(lambda sent=sent, now=now: house.pay_out(sent, now))  # type: ignore[misc]


def check(tx: Tx, case: str) -> None:
    """When the hall opens: what was lodged and whether it conforms, bid by bid, into the case stream (A-104)."""
    row = case_row(tx.session, case)
    if not asked(row) or not named(row):
        return
    read_feed(tx)
    found = of_bids(tx.session, row, tx.now)
    body = {
        "bids": [{"bid": bid, "form": one["form"], "amount": one["amount"], "breaches": shown(one["breaches"])}
                 for bid, one in found.items()],
        "warnings": [said | {"field": bid} for bid, one in found.items() for said in shown(one["breaches"])],
    }  # fmt: skip
    tx.record(f"case:{case}", "bond.checked", body, case=case)


def on_opening(acts: Acts, entry: Entry) -> None:
    acts.act(check, SYSTEM, entry.case)


LISTENERS = {"opening.begun": on_opening}
