"""What is due when: the periods the law gives for an act, what is late, and the timer that notices in time.

A late act goes through; its warning stands in its ledger entry, and one that never comes is recorded by the timer, so
that the regulator sees both. The periods are rows of the procedure (`PERIODS`), their days rows of its rule book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import fields, jobs
from core.acts import Tx
from core.calendar import Due
from core.clock import CST
from core.data import calendar
from core.doors import Payload, acting
from core.ledger import EntryRow
from core.rules import Breach, shown
from trading.project import rules
from trading.project.facts import Period
from trading.project.models import Case, CaseMove
from trading.project.states import ENTERED, book_of, case_row, procedure_of

VALIDITY = "R1-31"


@dataclass(frozen=True)
class Running:
    """A period under way since the case entered `start`.

    `late`: what its act would be warned of today; `soon`: what the timer tells beforehand. `binding`: the time in
    which bids must still be valid.
    """

    rule: str
    act: str
    start: str
    since: date
    due: Due
    late: tuple[Breach, ...] = ()
    soon: tuple[Breach, ...] = ()
    binding: bool = False


def running(session: Session, rows: Sequence[Case], now: datetime) -> dict[str, list[Running]]:
    """{case: its periods under way at `now`}; two statements for any number of cases."""
    ids = [row.id for row in rows]
    moves = select(CaseMove.case_id, CaseMove.target, CaseMove.at).where(CaseMove.case_id.in_(ids))
    entered = {(case, state): at for case, state, at in session.execute(moves.order_by(CaseMove.position))}
    kinds = {one.done for row in rows for one in procedure_of(row).periods if one.done}
    told = select(EntryRow.case, EntryRow.kind).where(EntryRow.case.in_(ids), EntryRow.kind.in_(kinds))
    done = {(case, kind) for case, kind in session.execute(told)} if kinds else set()
    found: dict[str, list[Running]] = {}
    for row in rows:
        open_ones = [
            (one, entered[row.id, one.start])
            for one in procedure_of(row).periods
            if _applies(one, row) and (row.id, one.start) in entered and (row.id, one.done) not in done
        ]
        found[row.id] = [*(_of(row, one, since, now) for one, since in open_ones), *validity(row, now)]
    return found


def _applies(one: Period, row: Case) -> bool:
    return row.state in one.states and one.separate in (None, bool(row.award.get("separate")))


def _of(row: Case, one: Period, since: datetime, now: datetime) -> Running:
    start, book, cal = since.astimezone(CST).date(), book_of(row, now), calendar()
    late = rules.within(book, one.rule, start, now.astimezone(CST).date(), cal)
    return Running(one.rule, one.act, one.start, start, rules.due(book, one.rule, start, cal), tuple(late))


def validity(row: Case, now: datetime) -> list[Running]:
    """R1-31 from the deadline until the winner is settled."""
    binding = procedure_of(row).binding
    if row.deadline is None or not row.validity_days or row.state not in binding:
        return []
    start, today, book = row.deadline.astimezone(CST).date(), now.astimezone(CST).date(), book_of(row, now)
    ends = rules.validity_ends(start, row.validity_days)
    late, soon = rules.validity_over(ends, today, book), rules.validity_ending(ends, today, book)
    told = (start, Due(ends, False), tuple(late), tuple(soon))
    return [Running(book[VALIDITY].id, "result.publish", binding[0], *told, binding=True)]


def late(session: Session, row: Case, act: str, now: datetime) -> list[Breach]:
    """What doing `act` now is too late for; asked before its step is taken."""
    return [breach for one in running(session, [row], now)[row.id] if one.act == act for breach in one.late]


def plan(tx: Tx, row: Case) -> None:
    """A timer for every period that begins with the state just entered."""
    for one in running(tx.session, [row], tx.now)[row.id]:
        if one.start == row.state:
            _ring(tx, row, one)


ENTERED.append(plan)


def _ring(tx: Tx, row: Case, one: Running) -> None:
    """As the day after the last one begins; for R1-31 some days before the end."""
    validity = book_of(row, tx.now)[VALIDITY]
    days = -validity.number if one.rule == validity.id else 1
    at = datetime.combine(one.due.date + timedelta(days=days), time(0), CST)
    jobs.plan(tx.session, at, "period.check", row.id, {"rule": one.rule, "since": one.since.isoformat()})


@acting("period.check")
def check(tx: Tx, case: str, p: Payload) -> dict[str, Any]:
    """Timer: {rule, since}. Records that a period is over or about to end with its act not done."""
    rule, since, row = fields.text(p, "rule"), fields.text(p, "since"), case_row(tx.session, case)
    under_way = running(tx.session, [row], tx.now)[case]
    one = next((one for one in under_way if (one.rule, one.since.isoformat()) == (rule, since)), None)
    if one is None:
        return {}
    found = one.late or one.soon
    if not found:  # a table of holidays that came in between has moved the last day
        _ring(tx, row, one)
        return {}
    body = {"act": one.act, "due": one.due.date.isoformat(), "warnings": shown(found)}
    tx.record(f"case:{case}", "period.late" if one.late else "period.ending", body, case=case)
    tx.publish(f"watch:{case}", "period.told", {"rule": rule, "act": one.act})
    return {"rule": rule}
