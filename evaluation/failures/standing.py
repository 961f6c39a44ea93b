"""How a sitting stands: its open halt, lines, alarms, what is missing to go on. Reading alone; asked by guards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.rules import Breach
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.failures import rules
from evaluation.failures.models import (
    Consent,
    DoorOpened,
    Duty,
    Halt,
    MemberLine,
    SeatBinding,
    SeatChange,
    SiteReport,
)
from evaluation.failures.rules import Line
from evaluation.sitting.models import Incident, Sitting
from evaluation.vault import vault
from venues.models import Seat
from venues.terminals import in_force

ARTICLE = "电子招标投标办法 第33条"
REMEDIES = ("member.left", "seat.changed")  # what may still be done when the fault clock has run out


def open_halt(session: Session, committee: Committee) -> Halt | None:
    query = select(Halt).where(Halt.committee_id == committee.id, Halt.until_at.is_(None))
    return session.scalars(query).first()


def halts(session: Session, committee: Committee) -> list[Halt]:
    query = select(Halt).where(Halt.committee_id == committee.id).order_by(Halt.from_at, Halt.id)
    return list(session.scalars(query))


def frozen(session: Session, committee: Committee) -> bool:
    halt = open_halt(session, committee)
    return halt is not None and halt.kind == "overnight"


def consents(session: Session, halt: Halt) -> dict[str, Consent]:
    return {row.party: row for row in session.scalars(select(Consent).where(Consent.halt_id == halt.id))}


def lines(session: Session, rows: Sequence[Member]) -> list[Line]:
    """One line a pledged member."""
    pledged = [row for row in rows if row.state == "pledged"]
    query = select(MemberLine).where(MemberLine.member_id.in_([row.id for row in pledged]))
    known = {one.member_id: one for one in session.scalars(query)}
    found = []
    for row in pledged:
        one = known.get(row.id)
        away, alarmed = (one.away_at, one.alarmed_at is not None) if one else (None, False)
        found.append(Line(row.id, row.site, one is not None, away, alarmed))
    return found


def heard(session: Session, rows: Sequence[Member]) -> dict[str, datetime | None]:
    """{member: silent since, None while heard} of every member a browser of whom was heard once."""
    query = select(MemberLine).where(MemberLine.member_id.in_([row.id for row in rows]))
    return {one.member_id: one.away_at for one in session.scalars(query)}


def reports(session: Session, committee: Committee) -> list[SiteReport]:
    query = select(SiteReport).where(SiteReport.committee_id == committee.id, SiteReport.over_at.is_(None))
    return list(session.scalars(query.order_by(SiteReport.since)))


def remedied(session: Session, committee: Committee, since: datetime) -> bool:
    """Whether a member was replaced or moved to a spare seat since then."""
    query = select(func.count()).select_from(Incident).where(
        Incident.committee_id == committee.id, Incident.kind.in_(REMEDIES), Incident.at >= since
    )  # fmt: skip
    return bool(session.scalar(query))


def used_up(session: Session, case: CaseFacts, committee: Committee, halt: Halt, now: datetime) -> list[Breach]:
    """The fault clock of an open halt has run out and nothing was done about it; a freeze has its own hour, and a flaw
    of the file is no fault of the machines."""
    if halt.kind in ("overnight", "flaw") or remedied(session, committee, halt.from_at):
        return []
    book = cases.book(case)
    found = rules.start_late(halt.from_at, now, book) if halt.cause == "start" else []
    return found or rules.halt_long(halt.from_at, now, book)


def late_start(case: CaseFacts, committee: Committee, sitting: Sitting, rows: Sequence[Member]) -> list[Breach]:
    """A committee that was complete only after START-WAIT, before anybody has stopped it for that."""
    if sitting.began_at is not None:
        return []
    came = [row.pledged_at for row in rows if row.pledged_at is not None]
    return rules.start_late(committee.at, max(came), cases.book(case)) if came else []


def had_start_halt(session: Session, committee: Committee) -> bool:
    query = select(func.count()).select_from(Halt).where(Halt.committee_id == committee.id, Halt.cause == "start")
    return bool(session.scalar(query))


def door_opened(session: Session, committee: Committee, site: str) -> datetime | None:
    query = select(func.max(DoorOpened.at)).where(DoorOpened.committee_id == committee.id, DoorOpened.site == site)
    return session.scalar(query)


def called_late(session: Session, member: Member) -> bool:
    """A replacement comes when it can: the door was closed before it was called."""
    query = select(func.count()).select_from(Member).where(
        Member.committee_id == member.committee_id, Member.replaced_by == member.id
    )  # fmt: skip
    replaced = bool(session.scalar(query))
    drawn_for = select(Committee.first_draw_id).where(Committee.id == member.committee_id)
    return replaced or member.draw_id not in ("", session.scalar(drawn_for))


# -- one seat, one session, one machine -------------------------------------------------------------------------------


def binding(session: Session, member: Member) -> SeatBinding | None:
    return session.get(SeatBinding, member.id)


def asks_for_machine(session: Session, seat_id: str) -> bool:
    """Whether the seat's venue has registered machines, so that a code may be asked for."""
    seat = session.get(Seat, seat_id)
    return seat is not None and bool(in_force(session, seat.centre_id))


def elsewhere(session: Session, actor: Actor, member: Member) -> list[Breach]:
    """Why this browser is not the member's seat: another session, another machine, a seat since changed."""
    held = binding(session, member)
    if held is None:
        return []
    if held.session and actor.session and held.session != actor.session:
        return [Breach("ONE-SESSION", ARTICLE, "B", "the session that signed in", "another")]
    if held.how == "open":  # its venue had no registered machines when the member came
        return []
    own = held.seat_id == member.seat_id and held.how in ("terminal", "code") and held.device == actor.device
    return [] if own else [Breach("SEAT-DEVICE", ARTICLE, "B", "the seat's own terminal", "another")]


def code(case: str, place: str, now: datetime, life: int, *, back: int = 0) -> str:
    """Eight digits for a seat or a centre, anew every `life` minutes; only the server's secret makes them."""
    window = int(now.timestamp() // (60 * life)) - back
    return f"{int(vault().mark(f'code:{case}:{place}:{window}'), 16) % 10**8:08d}"


def code_fits(case: str, place: str, given: str, now: datetime, life: int) -> bool:
    """The present code, or the one before it: it may have changed while it was typed."""
    return given in {code(case, place, now, life, back=one) for one in (0, 1)} if given else False


def codes(session: Session, case: CaseFacts, centre: str, seats: Sequence[str], now: datetime) -> dict[str, str]:
    """For a venue's own page: the door's code under "" and that of each seat; empty where the venue binds nobody."""
    if not in_force(session, centre):
        return {}
    life = cases.book(case)["SEAT-CODE"].number
    return {place: code(case.id, place or centre, now, life) for place in ("", *seats)}


# -- for the pages ----------------------------------------------------------------------------------------------------


def mode_of(case: CaseFacts, committee: Committee) -> str:
    """The mode asked for with the committee, else the tender file's, else seats apart as the law's usual case."""
    return str(committee.need.get("mode") or case.remote.get("mode") or rules.USUAL)


def duties(session: Session, rows: Sequence[Member]) -> dict[str, str]:
    query = select(Duty).where(Duty.member_id.in_([row.id for row in rows]))
    return {one.member_id: one.text for one in session.scalars(query)}


def shown_halt(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, rows: Sequence[Member], now: datetime
) -> dict[str, Any] | None:
    """The open halt, who has spoken, who is missing, how much of the fault clock is left."""
    halt = open_halt(session, committee)
    if halt is None:
        return None
    given, clock = consents(session, halt), cases.book(case)
    until = rules.start_until(halt.from_at, clock) if halt.cause == "start" else rules.halt_until(halt.from_at, clock)
    waiting = [one for one in rules.wanted(sitting.leader_id) if one not in given] if halt.kind == "tech" else []
    back = {row.id for row in rows if row.id in given or (row.pledged_at and row.pledged_at > halt.from_at)}
    return {
        "id": halt.id, "kind": halt.kind, "cause": halt.cause, "site": halt.site, "reason": halt.reason,
        "since": halt.from_at.isoformat(), "until": until.isoformat(),
        "used_up": bool(used_up(session, case, committee, halt, now)), "given": sorted(given), "waiting": waiting,
        "offline": [line.member for line in lines(session, rows) if line.away_at is not None],
        "go_on_at": halt.go_on_at.isoformat() if halt.go_on_at else "",
        "open_now": not halt.go_on_at or now >= halt.go_on_at,
        "back": sorted(back) if halt.kind == "overnight" else [], "of": len(rows),
    }  # fmt: skip


def seen(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, rows: Sequence[Member], now: datetime
) -> dict[str, Any]:
    """What members, venues and supervisors all see of how the sitting stands."""
    book = cases.book(case)
    waiting_start = sitting.began_at is None and sitting.stage == "SIGN_IN" and now > committee.at
    numbers = {row.id: row.number for row in rows}
    alarms = [
        {"member": one.member, "number": numbers[one.member], "site": one.site,
         "since": one.away_at.isoformat(), "long": bool(rules.away_too_long(one.away_at, now, book))}
        for one in lines(session, rows) if one.away_at is not None
    ]  # fmt: skip
    return {
        "halt": shown_halt(session, case, committee, sitting, rows, now), "alarms": alarms,
        "start_until": rules.start_until(committee.at, book).isoformat() if waiting_start else "",
        "site_reports": [{"site": o.site, "since": o.since.isoformat(), "reason": o.reason}
                         for o in reports(session, committee)],
        "mode": mode_of(case, committee), "mode_flags": vars(rules.MODES[mode_of(case, committee)]),
        "duties": duties(session, rows),
        "changes": [
            {"id": o.id, "member": o.member_id, "number": numbers.get(o.member_id, 0), "reason": o.reason,
             "breaches": o.breaches, "seat": session.get_one(Seat, o.to_seat).label}
            for o in pending(session, committee)
        ],
    }  # fmt: skip


def pending(session: Session, committee: Committee) -> list[SeatChange]:
    query = select(SeatChange).where(
        SeatChange.committee_id == committee.id, SeatChange.done_at.is_(None), SeatChange.refused_at.is_(None)
    )
    return list(session.scalars(query.order_by(SeatChange.asked_at)))
