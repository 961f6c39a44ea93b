"""What acts of buying ask first: whose organisation it is, which numbers hold there, how an item stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org, Person
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.faults import Unusable
from core.rules import Breach, Refused, RuleRow
from trading.buying.facts import Local, Offered
from trading.buying.models import Buyer, Parameter
from trading.buying.rulebook import RULES
from trading.buying.rules import in_force, number, region_stem
from trading.mall.listing import unsellable
from trading.mall.models import Item
from trading.project.states import trading_org

Book = Mapping[str, RuleRow]


def stream(subject: str) -> str:
    return f"buying:{subject}"


def book_at(now: datetime, region: str = "") -> Book:
    return RULES.at(now.astimezone(CST).date(), region)


def buyer(tx: Tx) -> Org:
    """The verified organisation that buys; Refused for one that may not trade."""
    return trading_org(tx.session, tx.actor.org)


def managed(tx: Tx) -> Org:
    """The same, for whoever keeps its people."""
    person = tx.session.get(Person, tx.actor.person)
    if person is None or not person.manager:
        raise Refused(book_at(tx.now)["BUY-MANAGER"].breach("not a manager", required="manager of the organisation"))
    return buyer(tx)


def regime_of(session: Session, org: str) -> str:
    row = session.get(Buyer, org)
    return row.regime if row else "government"


def colleague(session: Session, org: str, person: str, field: str) -> Person:
    row = session.get(Person, person)
    if row is None or row.org_id != org or row.state != "active" or Role.TENDERER not in row.roles:
        raise Unusable(f"{field}: nobody with this name is active in your organisation")
    return row


# -- local numbers ----------------------------------------------------------------------------------------------------


class Numbers:
    """The local numbers of one region and regime on one day, read once."""

    def __init__(self, session: Session, now: datetime, region: str, regime: str) -> None:
        self.day, self.region, self.regime = now.astimezone(CST).date(), region, regime
        self.book = RULES.at(self.day, region)
        query = select(Parameter).where(Parameter.effective_from <= self.day, Parameter.region.in_(_scopes(region)))
        self.rows = [_local(row) for row in session.scalars(query)]

    def local(self, rule: str, category: str = "") -> Local | None:
        return in_force(self.rows, rule, self.day, self.region, category, self.regime)

    def whole(self, rule: str) -> int:
        """A whole number: the local one, else the proposal of the book."""
        return int(number(rule, self.local(rule), self.book))


def _scopes(region: str) -> set[str]:
    return {"", region[:2] + "0000", region[:4] + "00", region}


def _local(row: Parameter) -> Local:
    return Local(
        row.rule,
        region_stem(row.region),
        row.category,
        row.regime,
        row.value,
        row.level,
        row.effective_from,
        row.source,
    )


# -- how an item stands: the one place that asks the mall --------------------------------------------------------------


def offered(session: Session, wanted: Mapping[str, int], region: str, now: datetime) -> dict[str, tuple[Item, Offered]]:
    """By item id, for so many of each and delivery to `region` ("" = not known yet); an id that does not exist is not
    there."""
    rows = list(session.scalars(select(Item).where(Item.id.in_(list(wanted)))))
    why = unsellable(session, {row.id: wanted[row.id] for row in rows}, region, now)
    return {row.id: (row, _offered(row, why.get(row.id, ()))) for row in rows}


def _offered(row: Item, why: Iterable[Breach]) -> Offered:
    return Offered(row.name, row.price, row.version, tuple(replace(one, field=row.name) for one in why))


def item_of(session: Session, item: str, now: datetime) -> tuple[Item, Offered]:
    found = offered(session, {item: 0}, "", now).get(item)
    if found is None:
        raise Unusable("item: no such item")
    return found
