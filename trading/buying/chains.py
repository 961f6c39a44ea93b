"""A buyer's settings: its regime, who has which duty, who approves what, who stands in for whom."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from core import fields
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from trading.buying.facts import Away, ChainRow
from trading.buying.guards import buyer, colleague, managed, stream
from trading.buying.models import DUTIES, REGIMES, Absence, Buyer, Chain, Duty
from trading.mall.categories import categories

MANAGER = "manager"
MOST_STEPS = 8


@acting("buyer.settle", Role.TENDERER)
def settle(tx: Tx, case: str, p: Payload) -> Payload:
    """{regime}: government procurement, or a state firm's own buying (GB/T 43711)."""
    fields.only(p, "regime")
    org, regime = managed(tx), fields.choice(p, "regime", REGIMES)
    tx.session.merge(Buyer(org_id=org.id, regime=regime))
    tx.record(stream(org.id), "buyer.settled", {"regime": regime})
    return {"regime": regime}


@acting("buyer.duty", Role.TENDERER)
def set_duty(tx: Tx, case: str, p: Payload) -> Payload:
    """{person, duty, held}: a colleague has a duty, or has it no more."""
    fields.only(p, "person", "duty", "held")
    org, duty = managed(tx), fields.choice(p, "duty", DUTIES)
    person = colleague(tx.session, org.id, fields.text(p, "person", limit=16), "person")
    row = tx.session.get(Duty, (person.id, duty))
    if fields.yes_no(p, "held") and row is None:
        tx.session.add(Duty(person_id=person.id, duty=duty, org_id=org.id))
    elif not p["held"] and row is not None:
        tx.session.delete(row)
    tx.record(stream(org.id), "buyer.duty_set", {"person": person.id, "duty": duty, "held": p["held"]})
    return {}


def _step(tx: Tx, org: str, one: Any) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise Unusable("steps: a list of objects is expected")
    fields.only(one, "name", "duty", "persons")
    name, duty = fields.text(one, "name", limit=60), str(one.get("duty") or "")
    if duty and duty not in (MANAGER, *DUTIES):
        raise Unusable("duty: one of the duties is expected")
    named = fields.items(one, "persons", most=20) if one.get("persons") else []
    persons = sorted({colleague(tx.session, org, str(person), "persons").id for person in named})
    if bool(duty) == bool(persons):
        raise Unusable("steps: either a duty or named persons")
    return {"name": name, "duty": duty, "persons": persons}


@acting("chain.set", Role.TENDERER)
def set_chain(tx: Tx, case: str, p: Payload) -> Payload:
    """{category?, least, steps: [{name, duty | persons}]} → {chain}: who approves purchases of `least` yuan or more in
    a category (none = all), in this order; [] = nobody needs to. In place of an earlier one of the same."""
    fields.only(p, "category", "least", "steps")
    org, category = managed(tx), fields.text(p, "category", limit=9, default="").upper()
    if category:
        categories().get(category)
    least = fields.decimal(p, "least", least=Decimal(0), places=2)
    steps = [_step(tx, org.id, one) for one in fields.items(p, "steps", most=MOST_STEPS)]
    for row in tx.session.scalars(_running(org.id).where(Chain.category == category, Chain.least == least)):
        row.ended = True
    made = Chain(org_id=org.id, category=category, least=least, steps=steps, made_by=tx.actor.person, made_at=tx.now)
    tx.session.add(made)
    tx.session.flush()
    body = {"chain": made.id, "category": category, "least": plain(least), "steps": steps}
    tx.record(stream(org.id), "chain.set", body)
    return {"chain": made.id}


@acting("chain.end", Role.TENDERER)
def end_chain(tx: Tx, case: str, p: Payload) -> Payload:
    """{chain}: it applies to no further purchase."""
    fields.only(p, "chain")
    org, row = managed(tx), tx.session.get(Chain, fields.text(p, "chain", limit=16))
    if row is None or row.org_id != org.id or row.ended:
        raise Unusable("chain: none of your organisation's")
    row.ended = True
    tx.record(stream(org.id), "chain.ended", {"chain": row.id})
    return {}


def _running(org: str) -> Any:
    return select(Chain).where(Chain.org_id == org, Chain.ended.is_(False))


@acting("absence.set", Role.TENDERER)
def set_absence(tx: Tx, case: str, p: Payload) -> Payload:
    """{substitute, first, last, person?} → {absence}: a colleague decides in one's place on these days. A manager may
    say it for somebody else."""
    fields.only(p, "substitute", "first", "last", "person")
    who = fields.text(p, "person", limit=16, default=tx.actor.person)
    org = buyer(tx) if who == tx.actor.person else managed(tx)
    colleague(tx.session, org.id, who, "person")
    substitute = colleague(tx.session, org.id, fields.text(p, "substitute", limit=16), "substitute")
    first, last = fields.day(p, "first"), fields.day(p, "last")
    if substitute.id == who:
        raise Unusable("substitute: another person is expected")
    if last < first:
        raise Unusable("last: one ends before it begins")
    row = Absence(org_id=org.id, person_id=who, substitute_id=substitute.id, first=first, last=last, made_at=tx.now)
    tx.session.add(row)
    tx.session.flush()
    body = {"absence": row.id, "person": who, "substitute": substitute.id, "first": first.isoformat(),
            "last": last.isoformat()}  # fmt: skip
    tx.record(stream(org.id), "absence.set", body)
    return {"absence": row.id}


@acting("absence.end", Role.TENDERER)
def end_absence(tx: Tx, case: str, p: Payload) -> Payload:
    """{absence}: one's own, or a manager for somebody else: it holds no more."""
    fields.only(p, "absence")
    row = tx.session.get(Absence, fields.text(p, "absence", limit=16))
    if row is None or row.org_id != tx.actor.org or row.ended:
        raise Unusable("absence: none of your organisation's")
    org = buyer(tx) if row.person_id == tx.actor.person else managed(tx)
    row.ended = True
    tx.record(stream(org.id), "absence.ended", {"absence": row.id})
    return {}


# -- what purchases ask -----------------------------------------------------------------------------------------------


def chains_of(session: Session, org: str) -> list[ChainRow]:
    return [ChainRow(row.category, row.least, tuple(row.steps)) for row in session.scalars(_running(org))]


def approvers(session: Session, org: str, step: Any) -> set[str]:
    """The active buyers of the organisation who may approve this step ({duty, persons}) themselves."""
    active = select(Person).where(Person.org_id == org, Person.state == "active")
    if step["duty"] == MANAGER:
        active = active.where(Person.manager.is_(True))
    elif step["duty"]:
        active = active.join(Duty, Duty.person_id == Person.id).where(Duty.duty == step["duty"])
    else:
        active = active.where(Person.id.in_(step["persons"]))
    return {row.id for row in session.scalars(active) if Role.TENDERER in row.roles}


def away(session: Session, org: str, now: datetime) -> list[Away]:
    """Absences of today."""
    today = now.astimezone(CST).date()
    query = select(Absence).where(Absence.org_id == org, Absence.ended.is_(False))
    rows = session.scalars(query.where(Absence.first <= today, Absence.last >= today))
    return [Away(row.person_id, row.substitute_id, row.first, row.last) for row in rows]
