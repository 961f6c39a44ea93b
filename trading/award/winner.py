"""Government procurement: the purchaser settles the winner from the ranked candidates (87号令 art. 68).

In their order. Who stand first side by side are told apart in the way of the tender file; where it names none, by a
public draw of three parties. A purchaser that neither settles nor gives a reason in time is deemed to take the first.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from certs import drawdesk
from core import canon, fields, jobs
from core.access import Actor, Role, denied
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.rules import Breach, Refused, refuse_if, shown
from trading.award import rules
from trading.opening.coefficient import bodies
from trading.project import periods
from trading.project.models import Case
from trading.project.papers import file_document, named
from trading.project.queries import blocked_by
from trading.project.states import ENTERED, book_of, case_row, go, guard, procedure_of

PURPOSE = "tie"
SETTLE, DEEM = "winner.settle", "winner.deem"


def side_by_side(row: Case) -> list[str]:
    """Candidates on the first place; more than one where nothing compared tells them apart (并列)."""
    places = row.result.get("places") or {}
    first = [bid for bid in row.result.get("candidates", []) if places.get(bid) == 1]
    return first or row.result.get("candidates", [])[:1]


def draw_of(session: Session, row: Case) -> drawdesk.Draw | None:
    """The draw among those who stand first, the newest that is not given up."""
    query = select(drawdesk.Draw).where(
        drawdesk.Draw.case == row.id, drawdesk.Draw.purpose == PURPOSE, drawdesk.Draw.state != "VOID"
    )
    first = set(side_by_side(row))
    return next((one for one in session.scalars(query) if set(one.names.values()) == first), None)


def drawn_of(session: Session, row: Case) -> str:
    """The bid that was drawn, "" while there is none."""
    draw = draw_of(session, row)
    return str(draw.names[draw.record["result"]["value"]]) if draw is not None and draw.record else ""


def asked_to_draw(session: Session, row: Case) -> bool:
    """Several stand first, and the file has no way of its own."""
    return len(side_by_side(row)) > 1 and not row.award.get("tie_way")


def _waiting(session: Session, row: Case, now: datetime) -> list[Breach]:
    if not asked_to_draw(session, row) or drawn_of(session, row):
        return []
    return [book_of(row, now)["R2-ORDER"].breach("-", required="随机抽取", field="winner")]


@blocked_by(SETTLE)
def _settle_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    return _waiting(session, row, now)


@blocked_by("winner.draw")
def _draw_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    if asked_to_draw(session, row) and draw_of(session, row) is None:
        return []
    return [book_of(row, now)["R2-ORDER"].breach(str(len(side_by_side(row))), required="并列", field="winner")]


@acting("winner.draw", Role.TENDERER, Role.AGENCY)
def draw(tx: Tx, case: str, p: Payload) -> Payload:
    """{parties: {tenderer, centre, supervisor: person}} → {draw}: among those who stand first side by side."""
    fields.only(p, "parties")
    row, step = guard(tx, case, "winner.draw")
    refuse_if(_draw_blocked(tx.session, row, tx.actor, tx.now))
    named_ones = fields.mapping(p, "parties")
    for party, (org, role) in bodies(row).items():
        person = tx.session.get(Person, str(named_ones.get(party, "")))
        if person is None or person.org_id != org or role not in person.roles:
            raise Refused(denied("DRAW-PARTY", f"{party}: {role}", str(named_ones.get(party, ""))))
    first = {bid: bid for bid in side_by_side(row)}
    parties = drawdesk.parties(tx.session, named_ones, tx.now)
    made = drawdesk.open_draw(tx, case, PURPOSE, first, [], {}, parties)
    go(tx, row, step, "winner.drawing", {"draw": made.id, "bids": sorted(first)})
    return {"draw": made.id}


@drawdesk.when_done(PURPOSE)
def drawn(tx: Tx, draw: drawdesk.Draw) -> None:
    row, data = case_row(tx.session, draw.case), canon.dumps(draw.record)
    document = file_document(tx, row.id, "draw_record", f"并列候选人抽取记录 {draw.id}", data, "parties",
                             media="application/json")  # fmt: skip
    tx.record(f"case:{row.id}", "winner.drawn", named(document) | {"bid": drawn_of(tx.session, row)}, case=row.id)


@acting(SETTLE, Role.TENDERER, signed=True)
def settle(tx: Tx, case: str, p: Payload) -> Payload:
    """{winner?, reason?} → {winner, warnings}: the first in order, or one after those the law has fall away, with the
    reason; among several first, the drawn one or, by the file's own way, a named one with its reason."""
    fields.only(p, "winner", "reason")
    row, step = guard(tx, case, SETTLE)
    refuse_if(_waiting(tx.session, row, tx.now))
    ranking, first = row.result["candidates"], side_by_side(row)
    usual = drawn_of(tx.session, row) or (first[0] if len(first) == 1 else "")
    winner = fields.choice(p, "winner", ranking) if p.get("winner") else usual
    reason = fields.text(p, "reason", limit=1000, default="")
    refuse_if(rules.in_order(winner, usual, reason, book_of(row, tx.now)))
    late = shown(periods.late(tx.session, row, SETTLE, tx.now))
    row.result = row.result | {"settled": winner}  # nobody else is told before the result is published
    go(tx, row, step, "winner.settled", {"winner": winner, "reason": reason, "warnings": late})
    return {"winner": winner, "warnings": late}


def plan_deemed(tx: Tx, row: Case) -> None:
    """As the day after the last one begins."""
    if row.state != "EVALUATED" or DEEM not in {one.act for one in procedure_of(row).machine.rows}:
        return
    one = next(one for one in periods.running(tx.session, [row], tx.now)[row.id] if one.act == SETTLE)
    at = datetime.combine(one.due.date + timedelta(days=1), time(0), CST)
    jobs.plan(tx.session, at, DEEM, row.id, {"round": row.round})


ENTERED.append(plan_deemed)


@acting(DEEM)
def deem(tx: Tx, case: str, p: Payload) -> dict[str, Any]:
    """Timer: {round}. Nothing was settled in time: the first in order is deemed to be the winner. Where several stand
    first nobody can be deemed; the case waits, and the period stands as late."""
    row = case_row(tx.session, case)
    if row.state != "EVALUATED" or p.get("round") != row.round:
        return {}
    late = periods.late(tx.session, row, SETTLE, tx.now)
    first = side_by_side(row)
    winner = first[0] if len(first) == 1 else drawn_of(tx.session, row)
    if not late or not winner:
        if not late:  # a table of holidays that came in between has moved the last day
            plan_deemed(tx, row)
        return {}
    row, step = guard(tx, case, DEEM)
    row.result = row.result | {"settled": winner}
    go(tx, row, step, "winner.deemed", {"winner": winner, "warnings": shown(late)})
    return {"winner": winner}
