"""Who may hear which live channel: one table by prefix, asked by the socket and by the catch-up page alike.

A channel that stands in no row is closed.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role, denied
from core.rules import Refused
from evaluation.views import is_member
from trading.award.models import Elector
from trading.order.models import Order
from trading.order.states import stands_as as stands_as_to_order
from trading.project.models import Case
from trading.project.states import stands_as
from venues.models import Booking, Centre

Judge = Callable[[Session, Actor, str], bool]


def _roles(*roles: Role) -> Judge:
    return lambda _session, actor, _key: actor.has(*roles)


def _self(_session: Session, actor: Actor, key: str) -> bool:
    return bool(actor.person) and actor.person == key


def _supervisor(session: Session, actor: Actor, key: str) -> bool:
    """The case's own regulator; an auditor reads everything and writes nothing (domain.md §8)."""
    case = session.get(Case, key)
    return actor.has(Role.AUDITOR) or (
        case is not None and actor.has(Role.REGULATOR) and actor.org == case.regulator_org
    )


def _centre(session: Session, actor: Actor, key: str) -> bool:
    case = session.get(Case, key)
    return case is not None and actor.has(Role.CENTRE) and actor.org == case.centre_org


def _elector(session: Session, actor: Actor, key: str) -> bool:
    """Award committee and its supervisors (domain.md §5)."""
    query = select(Elector.id).where(Elector.case_id == key, Elector.person_id == actor.person)
    return bool(actor.person) and session.scalars(query.limit(1)).first() is not None


def _venue(session: Session, actor: Actor, key: str) -> bool:
    query = select(Centre.id).where(Centre.org_id == actor.org, (Centre.id == key) | (Centre.region == key))
    return actor.has(Role.CENTRE) and session.scalars(query.limit(1)).first() is not None


def _booked(session: Session, actor: Actor, key: str) -> bool:
    """Staff of a venue that has seats in this sitting."""
    query = select(Booking.id).join(Centre, Centre.id == Booking.centre_id)
    query = query.where(Booking.case_id == key, Booking.state == "accepted", Centre.org_id == actor.org)
    return actor.has(Role.CENTRE) and session.scalars(query.limit(1)).first() is not None


def _party(session: Session, actor: Actor, key: str) -> bool:
    """Whoever may commit to a draw of this case, or asked for it."""
    case = session.get(Case, key)
    return case is not None and bool(stands_as(case, actor) & {Role.TENDERER, Role.AGENCY, Role.CENTRE})


def _org(_session: Session, actor: Actor, key: str) -> bool:
    return bool(actor.org) and actor.org == key


def _order(session: Session, actor: Actor, key: str) -> bool:
    """Both sides of an order, and whoever keeps or supervises the mall."""
    row = session.get(Order, key)
    return row is not None and bool(stands_as_to_order(row, actor))


TABLE: dict[str, list[Judge]] = {
    "auction": [_roles(Role.PUBLIC)],  # masked until the close (trading/auction/queries.py)
    "hall": [_roles(Role.PUBLIC)],
    "room": [is_member, _centre, _booked, _supervisor],
    "draw": [_party, _supervisor],
    "award": [_elector, _supervisor],
    "watch": [_supervisor],
    "venue": [_venue],
    "org": [_org],
    "me": [_self],
    "order": [_order],
}

# Presence tells who is there. In a hall it would tell who has bid (20号令 art. 41), in a room the staff of one venue
# the names of members at all others (招标投标法 art. 37): who sits where a member or supervisor reads in room.view and
# room.watch.
PRESENT = frozenset({"award"})


def allow(prefix: str, judge: Judge) -> None:
    """Another way into a channel: `judge(session, actor, case)` is True for its members."""
    TABLE.setdefault(prefix, []).append(judge)


def require(session: Session, actor: Actor, channel: str) -> None:
    """Refused unless a row of the table lets `actor` hear `channel`."""
    prefix, _, key = channel.partition(":")
    if not key or not any(judge(session, actor, key) for judge in TABLE.get(prefix, ())):
        raise Refused(denied("ACCESS", prefix, " / ".join(sorted(actor.roles)) or Role.PUBLIC))
