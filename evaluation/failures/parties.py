"""Who outside the committee may stop, watch or help a sitting."""

from __future__ import annotations

from core.access import Role, denied
from core.acts import Tx
from core.rules import Refused
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.actions import required
from evaluation.committee.models import Committee
from venues import queries as venues
from venues.models import Booking, Centre
from venues.queries import centre_of


def case_now(tx: Tx, case: str) -> tuple[CaseFacts, Committee]:
    found = cases.in_state(cases.facts(tx.session, case), "COMMITTEE_SET", "EVALUATING")
    return found, required(tx, case)


def watching(tx: Tx, case: str, site: str = "") -> None:
    """The case's regulator, or staff of a venue booked for it (of `site` when one is named)."""
    found = cases.facts(tx.session, case)
    if tx.actor.has(Role.REGULATOR) and found.regulator in ("", tx.actor.org):
        return
    if site == "" and tx.actor.has(Role.CENTRE) and tx.actor.org in cases.venue_orgs(tx.session, found):
        return
    centre = centre_of(tx.session, tx.actor.org)
    if centre is None or centre.region != site or not tx.actor.has(Role.CENTRE):
        raise Refused(denied("WATCH", "regulator or venue of this case", tx.actor.org_name or tx.actor.org))


def supervisor(tx: Tx, found: CaseFacts) -> None:
    if not tx.actor.has(Role.REGULATOR) or found.regulator not in ("", tx.actor.org):
        raise Refused(denied("SUPERVISOR", "the regulator of this case", tx.actor.org_name or tx.actor.org))


def own_venue(tx: Tx, found: CaseFacts) -> tuple[Booking, Centre]:
    """The booking of the actor's own venue; Refused for any other."""
    for booking, centre in venues.booked(tx.session, found.id, found.parties):
        if tx.actor.has(Role.CENTRE) and centre.org_id == tx.actor.org:
            return booking, centre
    raise Refused(denied("CENTRE", "a venue of this case", tx.actor.org_name or tx.actor.org))


def main_venue(tx: Tx, found: CaseFacts) -> Centre:
    booking, centre = own_venue(tx, found)
    if booking.part != "main":
        raise Refused(denied("CENTRE", "the main venue of this case", centre.name))
    return centre
