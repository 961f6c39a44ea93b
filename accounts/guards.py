"""What every act of this room asks first: who is this really, and whose is it."""

from __future__ import annotations

from accounts import rules
from accounts.models import Org, Person
from core.access import Role, denied
from core.acts import Tx
from core.faults import Unusable
from core.rules import Refused, refuse_if

# Everyone who is somebody; what they may touch is asked inside the act.
SIGNED_IN = tuple(role for role in Role if role is not Role.PUBLIC)


def me(tx: Tx) -> Person:
    """The active person who acts; Refused for a visitor."""
    person = tx.session.get(Person, tx.actor.person) if tx.actor.person else None
    if person is None:
        raise Refused(denied("ACCESS", "login", Role.PUBLIC))
    if person.state != "active":
        raise Refused(rules.breach("U-ACTIVE", person.state))
    return person


def org_row(tx: Tx, org: str) -> Org:
    row = tx.session.get(Org, org)
    if row is None:
        raise Unusable("org: no such organisation")
    return row


def person_row(tx: Tx, person: str) -> Person:
    row = tx.session.get(Person, person)
    if row is None:
        raise Unusable("person: no such person")
    return row


def managed_org(tx: Tx, *, verified: bool = True) -> tuple[Person, Org]:
    """The acting manager and their organisation."""
    person = me(tx)
    if not person.manager or person.org_id is None:
        raise Refused(rules.breach("U-OWN", "not a manager of an organisation"))
    org = org_row(tx, person.org_id)
    if verified:
        refuse_if(rules.may_trade(org.state, org.suspended))
    return person, org


def clerk(tx: Tx) -> Person:
    """The acting person of a verified trading centre."""
    person = me(tx)
    org = org_row(tx, person.org_id or "")
    refuse_if(rules.may_trade(org.state, org.suspended))
    return person
