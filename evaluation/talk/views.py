"""Who hears the room (domain.md §4, visibility): members and the case's supervisors; venue staff learn of cameras and
microphones only whether they are on. Bidders, the tenderer's other staff and the public learn nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core import fields
from core.access import Actor, Role, denied
from core.doors import asking
from core.faults import Unusable
from core.rules import Refused, shown
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import by_person, committee_of, members
from evaluation.sitting.models import Sitting
from evaluation.talk import queries, rules
from evaluation.talk.calls import CALLS
from evaluation.views import is_member, name_of, sitting_for
from venues.models import Seat
from venues.queries import centre_of

P = dict[str, Any]


def place_of(session: Session, actor: Actor, case: str) -> Member | None:
    """The actor's own place when it is a pledged member's, at its own seat and not over night."""
    committee = committee_of(session, case) if is_member(session, actor, case) else None
    return by_person(session, committee, actor.person) if committee else None


def supervises(session: Session, actor: Actor, case: str) -> bool:
    """The case's own regulator, or an auditor."""
    if actor.has(Role.AUDITOR):
        return True
    return actor.has(Role.REGULATOR) and bool(actor.org) and cases.facts(session, case).regulator == actor.org


def may_hear(session: Session, actor: Actor, case: str) -> bool:
    """For the channel `talk:<case>`."""
    if not actor.has(Role.EXPERT, Role.TENDERER, Role.REGULATOR, Role.AUDITOR):
        return False
    try:
        return place_of(session, actor, case) is not None or supervises(session, actor, case)
    except Unusable:  # there is no such case
        return False


def _heard(session: Session, actor: Actor, case: str) -> Committee | None:
    if not may_hear(session, actor, case):
        raise Refused(denied("TALK", "a member or a supervisor of this case", actor.org_name or "-"))
    return committee_of(session, case)


@asking("talk.read", Role.EXPERT, Role.TENDERER, Role.REGULATOR, Role.AUDITOR)
def read(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """{before?: number} → {lines, more, hands, leader, digest}: the newest page, or the one before a number.

    Supervisors also get salt and commitment of every line, to hold them against the ledger.
    """
    committee = _heard(session, actor, case)
    before = fields.integer(p, "before", least=0, most=10**9, default=0)
    if committee is None:
        return {"lines": [], "more": False, "hands": [], "leader": "", "names": {}}
    rows = queries.lines(session, committee, before, queries.PAGE + 1)
    more, rows = len(rows) > queries.PAGE, rows[-queries.PAGE :]
    proof = supervises(session, actor, case)
    listed = [queries.shown(row) | ({"salt": row.salt, "commitment": row.commitment} if proof else {}) for row in rows]
    names = {row.id: name_of(session, row) for row in members(session, committee, "pledged", "recused", "removed")}
    sitting = sitting_for(session, committee)
    return {"lines": listed, "more": more, "hands": queries.hands(session, committee), "leader": sitting.leader_id,
            "names": {key: name for key, name in names.items() if name},
            "digest": queries.talk_digest(session, committee)}  # fmt: skip


# -- cameras and microphones ------------------------------------------------------------------------------------------


def status(session: Session, case: CaseFacts, rows: list[Member], sitting: Sitting, now: datetime) -> list[P]:
    """[{member, number, site, seat, there, camera, microphone, off_since, alarm}] of the pledged members."""
    book, found = cases.book(case), []
    begun = sitting.began_at
    for row in rows:
        if row.state != "pledged":
            continue
        seat, at = CALLS.seat(case.id, row.id), CALLS.dark(case.id, row.id, begun, now)
        alarm = rules.camera(at, now, sitting.stage, book)
        place = session.get(Seat, row.seat_id)
        found.append({"member": row.id, "number": row.number, "site": row.site, "seat": place.label if place else "",
                      "there": seat.there, "camera": seat.camera, "microphone": seat.microphone,
                      "off_since": at.isoformat() if at else "", "alarm": shown(alarm)})  # fmt: skip
    return found


@asking("av.status", Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def av_status(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """Whether camera and microphone of each seat are on, and what is recorded: of one's own venue, or of all sites
    for supervisors. Neither picture nor sound, and no name."""
    found, committee = cases.facts(session, case), committee_of(session, case)
    own = ""
    if not supervises(session, actor, case):
        centre = centre_of(session, actor.org)
        if centre is None or not actor.has(Role.CENTRE) or actor.org not in cases.venue_orgs(session, found):
            raise Refused(denied("CENTRE", "a venue of this case", actor.org_name or actor.org))
        own = centre.region
    if committee is None:
        return {"seats": [], "stage": "", "recording": []}
    sitting, rows = sitting_for(session, committee), members(session, committee)
    seats = [one for one in status(session, found, rows, sitting, now) if own in ("", one["site"])]
    here = [row for row in rows if row.state == "pledged" and own in ("", row.site)]
    breaches = queries.recorded(session, committee, here, found.regime, now, cases.book(found)) if here else []
    return {"seats": seats, "stage": sitting.stage, "recording": shown(breaches)}


@asking("recording.list", Role.REGULATOR, Role.AUDITOR)
def recordings(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """{after?: piece} → {pieces, next, digest}: supervisors alone, in the order of time."""
    if not supervises(session, actor, case):
        raise Refused(denied("TALK", "a supervisor of this case", actor.org_name or "-"))
    committee = committee_of(session, case)
    if committee is None:
        return {"pieces": [], "next": "", "digest": {"pieces": 0, "sha256": rules.digest([])}}
    rows = queries.pieces(session, committee, fields.text(p, "after", limit=16, default=""), queries.PAGE + 1)
    numbers = {row.id: row.number for row in members(session, committee, "pledged", "recused", "removed")}
    listed = [
        {"piece": row.id, "member": row.member_id, "number": numbers.get(row.member_id, 0), "site": row.site,
         "from": row.from_at.isoformat(), "until": row.until_at.isoformat(), "sha256": row.sha256, "size": row.size,
         "media": row.media, "picture": row.picture}
        for row in rows[: queries.PAGE]
    ]  # fmt: skip
    following = listed[-1]["piece"] if len(rows) > queries.PAGE else ""
    return {"pieces": listed, "next": following, "digest": queries.recording_digest(session, committee)}
