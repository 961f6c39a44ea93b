"""What is known about a deadline: for pages, for the opening record, for the tenderer's workbench."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from trading.deadline.models import ClockReading, DeadlineDecision, Outage
from trading.opening.queries import schedule
from trading.project.models import Case, Project

OPEN = ("ANNOUNCED", "SEALED")
WATCHING = frozenset({Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR})
READ = ("step", "at", "server", "offset", "delay", "stratum", "cause", "alarm")


def alarms(session: Session, row: Case, now: datetime) -> list[ClockReading]:
    """Of this deadline, not decided; once the sign-in time is over the deadline stands whatever the clock was."""
    if row.deadline is None or now >= schedule(row).until:
        return []
    mine = (ClockReading.case_id == row.id, ClockReading.round == row.round, ClockReading.deadline == row.deadline)
    query = select(ClockReading).where(*mine, ClockReading.alarm, ClockReading.decision_id == "")
    return list(session.scalars(query.order_by(ClockReading.at)))


def last_reading(session: Session, row: Case) -> dict[str, Any] | None:
    mine = (ClockReading.case_id == row.id, ClockReading.round == row.round)
    query = select(ClockReading).where(*mine).order_by(ClockReading.at.desc(), ClockReading.id).limit(1)
    found = session.scalar(query)
    return {key: getattr(found, key) for key in READ} | {"answers": found.answers} if found else None


def outages(session: Session, row: Case) -> list[dict[str, Any]]:
    """{process, since, until, deadline, decision: go_on | postpone | ""}"""
    query = select(Outage, DeadlineDecision.what).where(Outage.case_id == row.id, Outage.round == row.round)
    query = query.outerjoin(DeadlineDecision, DeadlineDecision.id == Outage.decision_id)
    return [
        {"process": one.process, "since": one.since, "until": one.until, "deadline": one.deadline,
         "decision": what or ""}
        for one, what in session.execute(query.order_by(Outage.since, Outage.process))
    ]  # fmt: skip


def decisions(session: Session, row: Case) -> list[dict[str, Any]]:
    mine = (DeadlineDecision.case_id == row.id, DeadlineDecision.round == row.round)
    keys = ("at", "what", "reason", "before", "after", "document_id")
    found = session.scalars(select(DeadlineDecision).where(*mine).order_by(DeadlineDecision.at))
    return [{key: getattr(one, key) for key in keys} for one in found]


def record_part(session: Session, row: Case) -> dict[str, Any]:
    """For opening-record/1: {clock, outages, decisions}."""
    clock = last_reading(session, row)
    said = [{key: one[key] for key in one if key != "document_id"} for one in decisions(session, row)]
    return {"clock": clock, "outages": outages(session, row), "decisions": said}


def section(session: Session, row: Case, roles: frozenset[Role], now: datetime) -> dict[str, Any]:
    """{outages, decisions, reading, alarms, waits, may}: outages are everybody's, an alarm of the clock is shown to who
    runs or watches the tender. `waits`: something is undecided, `may`: this reader decides it."""
    found, inside = outages(session, row), bool(roles & WATCHING)
    open_now = row.state in OPEN
    held = [{key: getattr(one, key) for key in READ} for one in alarms(session, row, now)] if open_now else []
    fresh = open_now and any(one["decision"] == "" and one["deadline"] == row.deadline for one in found)
    waits = fresh or bool(held)
    return {
        "outages": found, "decisions": decisions(session, row), "alarms": held if inside else [],
        "reading": last_reading(session, row) if inside else None,
        "waits": waits and (fresh or inside), "may": waits and Role.TENDERER in roles,
    }  # fmt: skip


def waiting_for(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Deadlines this tenderer must decide about: [{case, name, due}]."""
    if not actor.has(Role.TENDERER) or not actor.org:
        return []
    here = (ClockReading.case_id == Case.id, ClockReading.round == Case.round, ClockReading.deadline == Case.deadline)
    off = exists().where(*here, and_(ClockReading.alarm, ClockReading.decision_id == ""))
    there = (Outage.case_id == Case.id, Outage.round == Case.round, Outage.deadline == Case.deadline)
    silent = exists().where(*there, Outage.decision_id == "")
    query = select(Case, Project.name, silent).join(Project, Project.id == Case.project_id)
    query = query.where(Case.tenderer_org == actor.org, Case.state.in_(OPEN), or_(off, silent))
    found = session.execute(query.order_by(Case.deadline)).all()
    return [
        {"case": row.id, "name": name, "due": row.deadline}
        for row, name, stopped in found
        if stopped or alarms(session, row, now)
    ]
