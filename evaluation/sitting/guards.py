"""Who may act in the room, and when: asked inside every act of a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.access import denied
from core.acts import Tx
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.actions import required
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import by_person, members, places
from evaluation.failures import standing
from evaluation.sitting.models import Sitting
from evaluation.talk.queries import recorded

ARTICLE = "招标投标法实施条例 第48条"


@dataclass(frozen=True)
class Room:
    """What an act in the room works on; `me` is the acting member, `all` every member still in."""

    case: CaseFacts
    committee: Committee
    sitting: Sitting
    all: list[Member]
    me: Member

    @property
    def holds(self) -> timedelta:
        """How long `enter` says the same while nothing else is written to the case; a recording ends unwritten."""
        return timedelta(seconds=30) if self.case.regime == "R2" else timedelta(minutes=30)


def sitting_of(tx: Tx, committee: Committee) -> Sitting:
    """The committee's sitting, made at the first sign-in."""
    row = tx.session.get(Sitting, committee.id, with_for_update=True)
    if row is None:
        row = Sitting(
            committee_id=committee.id, stage="SIGN_IN", leader_id="", leader_round=1, paused="", until=committee.until,
            rejected={}, lack={}, scoring={}, result={}, alike=[],
        )  # fmt: skip
        tx.session.add(row)
        tx.session.flush()
    return row


def my_place(tx: Tx, committee: Committee) -> Member:
    """The actor's own place; Refused for everyone else, whatever their role."""
    member = by_person(tx.session, committee, tx.actor.person)
    if member is None or member.state not in ("accepted", "signed_in", "pledged"):
        raise Refused(denied("MEMBER", "a member of this committee", member.state if member else "-"))
    return member


def complete(committee: Committee, rows: list[Member]) -> bool:
    """Every place is filled by someone who signed in and pledged."""
    return len(rows) == places(committee) and all(row.state == "pledged" for row in rows)


def enter(tx: Tx, case: str, *stages: str) -> Room:
    """The room for a pledged member, in one of `stages`; Refused while paused, suspended or incomplete.

    Nobody goes on with an incomplete committee (domain.md §4); under regime R2 nobody scores unrecorded.
    """
    found = cases.in_state(cases.facts(tx.session, case), "COMMITTEE_SET", "EVALUATING")
    committee = required(tx, case)
    sitting, me = sitting_of(tx, committee), my_place(tx, committee)
    rows = members(tx.session, committee)
    if me.state != "pledged":
        raise Refused(Breach("PLEDGE", "招标投标法 第37条", "B", "pledged", me.state))
    refuse_if(standing.elsewhere(tx.session, tx.actor, me))
    if sitting.paused:
        raise Refused(Breach("PAUSED", ARTICLE, "B", "going on", sitting.paused))
    if not complete(committee, rows):
        there = sum(row.state == "pledged" for row in rows)
        raise Refused(Breach("INCOMPLETE", ARTICLE, "B", str(places(committee)), str(there)))
    late = standing.late_start(found, committee, sitting, rows)
    if late and not standing.had_start_halt(tx.session, committee):
        raise Refused(late)
    if sitting.stage not in stages:
        raise Refused(Breach("STAGE", "招标投标法 第40条", "B", " / ".join(stages), sitting.stage))
    if sitting.stage in ("BLIND", "SCORING") and found.regime == "R2":
        refuse_if(recorded(tx.session, committee, rows, found.regime, tx.now, cases.book(found)))
    return Room(found, committee, sitting, rows, me)


def as_leader(room: Room) -> Room:
    if room.me.id != room.sitting.leader_id:
        raise Refused(denied("LEADER", "the leader", str(room.me.number)))
    return room
