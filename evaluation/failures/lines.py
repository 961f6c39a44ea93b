"""Presence in the ledger: who fell silent, who is back, and what follows when a whole site stays away.

`beat` and `look` are knocked at by the server: heartbeats in memory (evaluation/sitting/presence.py), a look every few
seconds whether or not anybody has a page open. A look only announces; what it says is judged anew in the act.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from core import fields
from core.acts import Tx
from core.doors import acting
from core.prepared import Prepared
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import committee_of, members
from evaluation.failures import halts, minutes, rules, standing
from evaluation.failures.models import MemberLine, SiteReport
from evaluation.sitting import flow
from evaluation.sitting.guards import sitting_of
from evaluation.sitting.models import Sitting
from evaluation.sitting.presence import Presence
from trading.project.models import Case

P = dict[str, Any]
Due = tuple[str, P]  # an act of this file and its payload
AT_WORK = ("COMMITTEE_SET", "EVALUATING")
HEARD = timedelta(seconds=8)  # a heartbeat comes every five; LINE-LOST is longer


def restless(session: Session, presence: Presence, started: datetime, machine: datetime) -> list[str]:
    """Cases whose sittings are on, or ought to be, and of which something may be due. The others have begun, nobody and
    no site is away, and whoever was ever heard was heard within HEARD: one question for all of them, whatever their
    number. `started`, `machine`: as for `due`, and now, both by the machine's clock."""
    found: dict[str, None] = {}
    for case, member, known in _LINES.all(session.connection(), {}):
        heard = (presence.last(case, member) or started) if member else machine
        if known or machine - heard > HEARD:
            found[case] = None
    return list(found)


# Case and each member of it who was ever heard (or None); whether the rows tell already that something may be due.
_LINES = Prepared(
    select(
        Committee.case_id, MemberLine.member_id,
        or_(
            Sitting.began_at.is_(None), MemberLine.away_at.is_not(None),
            exists().where(SiteReport.committee_id == Committee.id, SiteReport.over_at.is_(None)),
        ),
    )
    .join(Case, (Case.id == Committee.case_id) & (Case.round == Committee.round))
    .outerjoin(Sitting, Sitting.committee_id == Committee.id)
    .outerjoin(Member, (Member.committee_id == Committee.id) & (Member.state == "pledged"))
    .outerjoin(MemberLine, MemberLine.member_id == Member.id)
    .where(Committee.void_at.is_(None), or_(*(Case.state == state for state in AT_WORK)), Case.suspended.is_(False))
)  # fmt: skip


def due(
    session: Session, case_id: str, presence: Presence, started: datetime, now: datetime, ahead: timedelta
) -> list[Due]:
    """[(act, payload)]: what must be written. `started`: since when this process listens (machine's clock)."""
    case, committee = cases.facts(session, case_id), committee_of(session, case_id)
    sitting = session.get(Sitting, committee.id) if committee else None
    if committee is None or (sitting and sitting.stage == "SIGNED") or standing.frozen(session, committee):
        return []
    rows = members(session, committee)
    found = _silent(session, case, rows, presence, started, now - ahead, ahead)
    if _judged(session, case, committee, sitting, rows, now):
        found.append(("sitting.look", {}))
    return found


def _silent(
    session: Session, case: CaseFacts, rows: list[Member], presence: Presence, started: datetime, machine: datetime,
    ahead: timedelta,
) -> list[Due]:  # fmt: skip
    """Measured on the machine's clock: a demo clock that is moved cuts nobody off."""
    found: list[Due] = []
    book = cases.book(case)
    for line in standing.lines(session, rows):
        if not line.known or line.away_at is not None:
            continue
        last = presence.last(case.id, line.member) or started
        if rules.silent(last, machine, book):
            since = (last + ahead).isoformat()
            found.append(("member.offline", {"member": line.member, "since": since}))
    return found


def _judged(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting | None, rows: list[Member], now: datetime
) -> list[Due]:
    """Alarms and pauses that are due: ('alarm', member), ('site', site, since), ('start', since)."""
    book, lines = cases.book(case), standing.lines(session, rows)
    found: list[Due] = [
        ("alarm", {"member": one.member, "site": one.site}) for one in lines
        if not one.alarmed and rules.away_too_long(one.away_at, now, book)
    ]  # fmt: skip
    signing = sitting is not None and sitting.stage == "REPORT"  # each signs at his own seat, in any order
    if signing or standing.open_halt(session, committee) is not None:
        return found
    out = {one.site: one.since for one in reversed(standing.reports(session, committee))}
    for site in sorted({row.site for row in rows}):
        times = [one for one in (rules.site_silent_since(lines, site), out.get(site)) if one is not None]
        since = min(times) if times else None
        if rules.site_out(since, now, book):
            return [*found, ("site", {"site": site, "since": since})]
    if _start_is_late(session, case, committee, sitting, rows, now):
        found.append(("start", {"since": committee.at}))
    return found


def _start_is_late(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting | None, rows: list[Member], now: datetime
) -> bool:
    if standing.had_start_halt(session, committee) or (sitting is not None and sitting.began_at is not None):
        return False
    if sitting is None or sitting.stage == "SIGN_IN":
        return bool(rules.start_late(committee.at, now, cases.book(case)))
    return bool(standing.late_start(case, committee, sitting, rows))


@acting("member.beat")
def beat(tx: Tx, case: str, p: P) -> P:
    """The server's: {member} was heard; {new: whether it had been away or was never heard}."""
    member = tx.session.get_one(Member, fields.text(p, "member", limit=16))
    line = tx.session.get(MemberLine, member.id, with_for_update=True)
    if line is None:
        tx.session.add(MemberLine(member_id=member.id, came_at=tx.now))
        flow.tell(tx, case, "member.heard", {"member": member.id})
        return {"new": True}
    if line.away_at is None:
        return {"new": False}
    gone, line.away_at, line.alarmed_at = tx.now - line.away_at, None, None
    body = {"member": member.id, "site": member.site, "away_seconds": int(gone.total_seconds())}
    tx.record(f"case:{case}", "member.back", body, case=case)
    flow.tell(tx, case, "member.back", {"member": member.id})
    return {"new": True}


@acting("member.offline")
def offline(tx: Tx, case: str, p: P) -> P:
    """The server's: {member, since}: nothing was heard for longer than LINE-LOST."""
    line = tx.session.get(MemberLine, fields.text(p, "member", limit=16), with_for_update=True)
    member = tx.session.get(Member, line.member_id) if line else None
    if line is None or member is None or line.away_at is not None or member.state != "pledged":
        return {}
    line.away_at = fields.moment(p, "since")
    body = {"member": member.id, "site": member.site, "since": line.away_at}
    tx.record(f"case:{case}", "member.offline", body, case=case)
    flow.tell(tx, case, "member.offline", {"member": member.id, "since": line.away_at.isoformat()})
    return {"member": member.id}


@acting("sitting.look")
def look(tx: Tx, case: str, p: P) -> P:
    """The server's: alarms for seats away too long, a technical pause for a site cut off or a start that is late."""
    committee = committee_of(tx.session, case)
    if committee is None or standing.frozen(tx.session, committee):
        return {}
    found, sitting = cases.facts(tx.session, case), sitting_of(tx, committee)
    if found.state not in AT_WORK or sitting.stage == "SIGNED":
        return {}
    done = _judged(tx.session, found, committee, sitting, members(tx.session, committee), tx.now)
    for what, said in done:
        if what == "alarm":
            _alarm(tx, case, said)
        elif what == "site":
            halts.stop(tx, committee, "tech", "site", minutes.SITE, site=said["site"], since=said["since"])
        else:
            halts.stop(tx, committee, "tech", "start", minutes.START, since=said["since"])
    return {"done": [what for what, _ in done]}


def _alarm(tx: Tx, case: str, said: P) -> None:
    line = tx.session.get_one(MemberLine, said["member"])
    line.alarmed_at = tx.now
    tx.record(f"case:{case}", "seat.alarm", {**said, "since": line.away_at}, case=case)
    flow.tell(tx, case, "seat.alarm", {"member": line.member_id})
