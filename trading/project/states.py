"""How a case goes forward: one door to its state machine for every room that acts on a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from accounts.rules import may_trade
from core import doors
from core.access import SYSTEM, Actor, Role, denied
from core.acts import Tx
from core.clock import CST
from core.faults import Unusable
from core.machine import Row
from core.rules import Refused, RuleRow, refuse_if
from trading import procedures
from trading.procedures import Procedure
from trading.project.models import Case, CaseMove

# Outcomes of an evaluation that nobody wins: all bids rejected, or too few that conform (政府采购法 art. 36).
ENDS = {"all_rejected": "all bids rejected", "void": "R2-09/conforming"}

# Told of every state a case enters, inside the act that led there.
ENTERED: list[Callable[[Tx, Case], None]] = []


def case_row(session: Session, case: str) -> Case:
    """The case; Unusable when there is none."""
    row = session.get(Case, case)
    if row is None:
        raise Unusable("case: no such case")
    return row


def procedure_of(row: Case) -> Procedure:
    return procedures.of(row.procedure)


def law_of(session: Session, case: str) -> Procedure | None:
    """The procedure whose articles this case's refusals cite; None of anything else than a case."""
    row = session.get(Case, case) if case else None
    return procedure_of(row) if row else None


def cites(session: Session, case: str, article: str) -> str:
    """`article` as the law of this case has it; of anything else than a case it stays what it is."""
    law = law_of(session, case)
    return law.cites(article) if law else article


doors.CITES.append(cites)


def book_of(row: Case, now: Any) -> Mapping[str, RuleRow]:
    """Rules in force on the announcement date, or today while there is none."""
    return procedure_of(row).rules.at((row.announced_at or now).astimezone(CST).date(), row.region)


def stands_as(row: Case, actor: Actor) -> frozenset[Role]:
    """In which roles this actor stands towards this case; a party is never also a bidder (domain.md §8)."""
    parties = {
        Role.TENDERER: row.tenderer_org,
        Role.AGENCY: row.agency_org,
        Role.CENTRE: row.centre_org,
        Role.REGULATOR: row.regulator_org,
    }
    found = {role for role, org in parties.items() if org and org == actor.org and actor.has(role)}
    if actor.has(Role.AUDITOR):
        found.add(Role.AUDITOR)
    if actor.has(Role.BIDDER) and actor.org and actor.org not in parties.values():
        found.add(Role.BIDDER)
    return frozenset(found)


def trading_org(session: Session, org: str) -> Org:
    """The organisation; Refused while it is not verified or is suspended."""
    row = session.get(Org, org)
    if row is None:
        raise Unusable("org: no such organisation")
    refuse_if(may_trade(row.state, row.suspended))
    return row


def guard(tx: Tx, case: str, act: str) -> tuple[Case, Row]:
    """The case and the step `act` takes from here; Refused when state, suspension, role or ownership forbid it."""
    row = case_row(tx.session, case)
    timer = tx.actor == SYSTEM
    taken = procedure_of(row).machine.move(row.state, act, None if timer else tx.actor, suspended=row.suspended)
    if not timer and taken.roles and not stands_as(row, tx.actor) & set(taken.roles):
        raise Refused(denied("ACCESS", " / ".join(taken.roles) + " of this case", tx.actor.org_name or "-"))
    return row, taken


def go(tx: Tx, row: Case, taken: Row, kind: str, body: dict[str, Any], *, target: str = "") -> str:
    """Take the step: state, station and ledger entry in one commit. `target` chooses among rows of one act."""
    goal = target or taken.target
    known = [r.target for r in procedure_of(row).machine.rows if (r.state, r.act) == (row.state, taken.act)]
    if goal not in known:
        raise Unusable(f"{taken.act} does not lead from {row.state} to {goal}")
    moved = {"from": row.state, "to": goal} if goal != row.state else {}
    entry = tx.record(f"case:{row.id}", kind, body | moved, case=row.id)
    if goal != row.state:
        last = tx.session.scalar(select(func.max(CaseMove.position)).where(CaseMove.case_id == row.id))
        tx.session.add(
            CaseMove(
                case_id=row.id, position=(last or 0) + 1, at=tx.now, act=taken.act, source=row.state, target=goal,
                person=tx.actor.person, org=tx.actor.org, round=row.round, entry_hash=entry,
            )
        )  # fmt: skip
        row.state = goal
        tx.publish(f"watch:{row.id}", "case.moved", {"state": goal, "act": taken.act})
        for told in ENTERED:
            told(tx, row)
    return entry


def step(tx: Tx, row: Case, act: str, *, target: str = "", kind: str = "", body: dict[str, Any] | None = None) -> str:
    """For evaluation and award: take `act` from the case's state, with its own entry; returns the entry hash.

    Refused when state, suspension or role forbid it; whose case it is the caller has asked (`own_case`).
    """
    actor = None if tx.actor == SYSTEM else tx.actor
    taken = procedure_of(row).machine.move(row.state, act, actor, suspended=row.suspended)
    return go(tx, row, taken, kind or act, body or {}, target=target)


def set_state(tx: Tx, case: str, act: str, *, target: str = "", body: dict[str, Any] | None = None) -> str:
    """`step` by the case's id."""
    return step(tx, case_row(tx.session, case), act, target=target, body=body)


def own_case(tx: Tx, case: str) -> Case:
    """The case, for its tenderer or agency; Refused for anyone else."""
    row = case_row(tx.session, case)
    if not stands_as(row, tx.actor) & {Role.TENDERER, Role.AGENCY}:
        raise Refused(denied("ACCESS", "tenderer or agency of this case", tx.actor.org_name or "-"))
    return row


def accept_report(tx: Tx, case: str, result: dict[str, Any]) -> str:
    """The sealed evaluation report is in: EVALUATING → EVALUATED, or FAILED when nobody was left to win.

    `result` is kept as it is in Case.result; its canonical facts stand in the report's own entry.
    """
    row = case_row(tx.session, case)
    failed = result.get("outcome") in ENDS
    row.result = result
    if failed:
        row.failed_reason = result.get("failed") or ENDS[result["outcome"]]
    body = {"outcome": result.get("outcome", "evaluated"), "report_sha256": result.get("report_sha256", "")}
    target = "FAILED" if failed else "EVALUATED"
    return step(tx, row, "report.accept", target=target, kind="report.accepted", body=body)
