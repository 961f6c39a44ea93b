"""What rings around a deadline: the deadline itself, and the comparisons of the clock before it.

A comparison asks its servers outside every transaction and beside the other timers: no deadline waits for an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import jobs, sntp
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.doors import Payload, acting
from core.rules import shown
from core.sntp import Answer
from trading.deadline import rules
from trading.deadline.facts import STEPS, WINDOW
from trading.deadline.models import ClockReading
from trading.project.models import Case
from trading.project.states import book_of, case_row


def plan(session: Session, row: Case) -> None:
    """Whenever a deadline is set or moved; what was planned for another one does nothing when it rings."""
    assert row.deadline is not None
    jobs.plan(session, row.deadline, "tender.deadline", row.id)
    for step in STEPS:
        told = {"step": step.name, "deadline": row.deadline.isoformat()}
        jobs.plan(session, row.deadline - step.before, "clock.compare", row.id, told)


def plan_window(session: Session, row: Case, opens: datetime, until: datetime) -> None:
    assert row.deadline is not None
    told = {"step": WINDOW.name, "deadline": row.deadline.isoformat()}
    jobs.plan(session, max(opens, until - WINDOW.before), "clock.compare", row.id, told)


def _wanted(row: Case, p: Payload, now: datetime) -> bool:
    """Not for a deadline that was moved, and not a step whose successor is due: the server was down meanwhile."""
    if row.deadline is None or row.deadline.isoformat() != p["deadline"]:
        return False
    if p["step"] == WINDOW.name:
        return row.state == "OPENING"
    due = [step.name for step in STEPS if now >= row.deadline - step.before]
    return row.state in ("ANNOUNCED", "SEALED", "FAILED") and due[-1:] == [p["step"]]


def _noted(session: Session, row: Case, step: str) -> bool:
    """A job may ring twice: its end is noted after its work."""
    same = (ClockReading.case_id == row.id, ClockReading.deadline == row.deadline, ClockReading.step == step)
    return session.scalar(select(ClockReading.id).where(*same).limit(1)) is not None


@jobs.long("clock.compare")
def compare(acts: Acts, case: str, p: Payload) -> Payload:
    """Ask first, then note what was answered."""
    servers = acts.house.config.ntp_servers
    with acts.reading() as session:
        wanted = bool(servers) and _wanted(case_row(session, case), p, acts.house.clock.now())
    if not wanted:
        return {}
    answers = run_blocking(lambda: sntp.compare(servers))
    return acts.act(note, SYSTEM, case, p, answers)


@acting("clock.compare")
def compare_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{step, deadline}: the timer goes by `compare`, which asks outside a transaction; here nobody is asked."""
    return {}


def told(answers: Sequence[Answer]) -> dict[str, object]:
    """The median and every answer, as it is recorded."""
    held = sntp.middle(answers) or Answer("", cause="; ".join(f"{one.server}: {one.cause}" for one in answers))
    every = [
        {"server": one.server, "offset": _text(one.offset), "delay": _text(one.delay), "stratum": one.stratum,
         "cause": one.cause}
        for one in answers
    ]  # fmt: skip
    return {
        "server": held.server, "offset": _text(held.offset), "delay": _text(held.delay), "stratum": held.stratum,
        "cause": held.cause[:300], "answers": every,
    }  # fmt: skip


def _text(seconds: object) -> str:
    return "" if seconds is None else str(seconds)


def note(tx: Tx, case: str, p: Payload, answers: Sequence[Answer]) -> Payload:
    """Row, entry and, over the limit, the alarm; {} when the deadline was moved meanwhile, or it is noted already."""
    row = case_row(tx.session, case)
    if not _wanted(row, p, tx.now) or _noted(tx.session, row, p["step"]):
        return {}
    assert row.deadline is not None
    held = sntp.middle(answers)
    found = rules.clock_off(held.offset if held else None, book_of(row, tx.now))
    said = told(answers)
    tx.session.add(
        ClockReading(
            case_id=case, round=row.round, deadline=row.deadline, step=p["step"], at=tx.now, alarm=bool(found), **said
        )
    )
    body = {"step": p["step"], "deadline": row.deadline} | said | ({"warnings": shown(found)} if found else {})
    tx.record(f"case:{case}", "clock.compared", body, case=case)
    if found:
        for channel in (f"watch:{case}", f"org:{row.tenderer_org}"):  # the hall is everybody's
            tx.publish(channel, "clock.alarm", {"case": case, "offset": said["offset"], "step": p["step"]})
    return {"offset": said["offset"], "alarm": bool(found)}
