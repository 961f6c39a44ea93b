"""Whether the platform could be reached around a deadline, by its own heartbeats; an outage stops the opening.

Judged for the pages until the sign-in time is over, for uploads until the deadline. What the tenderer has decided about
is not asked again: the time after a decision is judged anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from core import heartbeat
from core.acts import Tx
from core.heartbeat import PAGE, PROCESSES, UPLOAD
from core.rules import Breach, shown
from trading.deadline import rules
from trading.deadline.facts import Silence
from trading.deadline.models import DeadlineDecision, Outage
from trading.opening.queries import schedule
from trading.project.models import Case
from trading.project.states import book_of

# Beats come from so long before a deadline on, more than any rule book's OUTAGE, and until so long after it (or after
# the decision to go on), more than any sign-in time: a tender left lying does not keep the pulse beating.
AHEAD, BEHIND = timedelta(hours=2), timedelta(days=2)


def watched(session: Session, now: datetime) -> bool:
    """Whether some tender needs the pulse: its deadline is near, or its bids sealed lately and not all opened."""
    return session.scalar(select(Case.id).where(_near(now)).limit(1)) is not None


def _near(now: datetime) -> ColumnElement[bool]:
    lately = func.coalesce(Case.attend_from, Case.deadline) > now - BEHIND
    waits = or_(and_(Case.state == "ANNOUNCED", Case.deadline <= now + AHEAD), Case.state.in_(("SEALED", "OPENING")))
    return and_(waits, lately)


def look(tx: Tx) -> None:
    """Note what the beats say of every tender that is near; asked with every beat of the pages' process."""
    for row in tx.session.scalars(select(Case).where(_near(tx.now)).order_by(Case.id)):
        if row.state == "OPENING":
            _end(tx, row)
        else:
            note(tx, row)


def judged(session: Session, row: Case, now: datetime) -> list[Silence]:
    """Silences that nobody has decided about, as the beats say at this moment."""
    assert row.deadline is not None
    book = book_of(row, now)
    longest = timedelta(seconds=book["OUTAGE/gap"].number)
    # Before AHEAD nobody asked for a beat: what lies earlier is no silence.
    earliest = row.deadline - AHEAD
    asked = max(_decided(session, row) or earliest, earliest)
    since = max(row.deadline - timedelta(minutes=book["OUTAGE"].number), asked)
    found = []
    for process in PROCESSES:
        until = schedule(row).until if process == PAGE else row.deadline
        for gap in heartbeat.gaps(session, process, since, until, now, longest):
            begun = max(gap.since, asked)
            if (gap.until or now) - begun > longest or begun == gap.since:
                found.append(Silence(process, begun, gap.until))
    return found


def _decided(session: Session, row: Case) -> datetime | None:
    mine = (DeadlineDecision.case_id == row.id, DeadlineDecision.round == row.round)
    return session.scalar(select(func.max(DeadlineDecision.at)).where(*mine))


def open_ones(session: Session, row: Case) -> list[Outage]:
    """Noted for this deadline and not decided."""
    mine = (Outage.case_id == row.id, Outage.round == row.round, Outage.deadline == row.deadline)
    query = select(Outage).where(*mine, Outage.decision_id == "").order_by(Outage.since, Outage.process)
    return list(session.scalars(query))


def blocking(session: Session, row: Case, now: datetime) -> list[Breach]:
    """OUTAGE for everything undecided, noted or not yet."""
    if row.deadline is None:
        return []
    noted = [Silence(one.process, one.since, one.until) for one in open_ones(session, row)]
    known = {(one.process, one.since) for one in noted}
    fresh = [one for one in judged(session, row, now) if (one.process, one.since) not in known]
    return rules.unbroken([*noted, *fresh], book_of(row, now))


def unsure_until(session: Session, row: Case, now: datetime) -> datetime | None:
    """When it will be known whether uploads were down at the deadline, None once it is; nothing is known of a platform
    that never beat."""
    assert row.deadline is not None
    known = row.deadline + timedelta(seconds=book_of(row, now)["OUTAGE/gap"].number)
    newest = heartbeat.newest(session, UPLOAD)
    return None if newest is None or newest >= row.deadline or now >= known else known


def note(tx: Tx, row: Case) -> None:
    """Rows and entries for what the beats say now; an outage that ended gets its end."""
    if row.deadline is None:
        return
    _end(tx, row)
    for one in judged(tx.session, row, tx.now):
        mine = (Outage.case_id == row.id, Outage.round == row.round, Outage.deadline == row.deadline)
        query = select(Outage.id).where(*mine, Outage.process == one.process, Outage.since == one.since)
        if tx.session.scalar(query) is not None:
            continue
        kept = Outage(
            case_id=row.id, round=row.round, deadline=row.deadline, process=one.process, since=one.since,
            until=one.until, noted_at=tx.now,
        )  # fmt: skip
        tx.session.add(kept)
        tx.session.flush()
        warned = {"warnings": shown(rules.unbroken([one], book_of(row, tx.now)))}
        tx.record(f"case:{row.id}", "outage.noted", _body(kept) | warned, case=row.id)
        tx.publish(f"hall:{row.id}", "outage.noted", {"process": one.process})


def _end(tx: Tx, row: Case) -> None:
    """An outage ends with the next beat, decided about or not, also one of a deadline that was moved meanwhile."""
    mine = (Outage.case_id == row.id, Outage.round == row.round, Outage.until.is_(None))
    for held in tx.session.scalars(select(Outage).where(*mine).order_by(Outage.since, Outage.process)):
        held.until = heartbeat.next_after(tx.session, held.process, held.since)
        if held.until is not None:
            tx.record(f"case:{row.id}", "outage.ended", _body(held), case=row.id)
            tx.publish(f"hall:{row.id}", "outage.noted", {"process": held.process})


def _body(one: Outage) -> dict[str, object]:
    return {"process": one.process, "since": one.since, "until": one.until, "deadline": one.deadline}
