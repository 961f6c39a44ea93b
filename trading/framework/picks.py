"""直接选定: the buyer picks one of the suppliers, with its reason. The rota is asked whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from certs import drawdesk
from core import canon, fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import Payload, acting
from core.machine import Row
from core.rules import Refused
from trading.framework import machine, needs
from trading.framework.models import Framework, FrameworkNeed, FrameworkPrice, FrameworkTurn
from trading.framework.rota import Turn, next_turn
from trading.framework.states import book_of, framework_row, member_row, members_of, own, publish, stream

PURPOSE = "rota"


def _amounts(prices: Mapping[str, FrameworkPrice], need: FrameworkNeed) -> dict[str, Decimal]:
    return {one["item"]: prices[one["item"]].price for one in need.lines}


@acting("framework.pick", Role.TENDERER, signed=True)
def pick(tx: Tx, case: str, p: Payload) -> Payload:
    """{member, quantities: {item: n}, reason, region?, address, receiver, note?} → {need}: at its agreement prices."""
    fields.only(p, "member", "reason", *needs.COMMON)
    row, own_book = needs.running(tx, case, "direct")
    member = member_row(tx.session, row, fields.text(p, "member", limit=16))
    reason = fields.text(p, "reason", limit=500, default="")
    if not reason:
        raise Refused(own_book["FH-REASON"].breach("-", required="reason", field="reason"))
    need = needs.begin(tx, row, p, "direct", reason)
    can = needs.able(tx.session, row, need)
    if member.id not in can:
        raise Refused(own_book["FH-MEMBER"].breach(member.state, required=" / ".join(machine.SUPPLYING)))
    need, _, step = needs.guard(tx, need.id, "framework.pick")
    prices = _amounts(can[member.id], need)
    needs.offer(tx, need, step, member.id, prices, "framework.picked", {"reason": reason})
    return {"need": need.id, "number": need.number}


# -- the rota ---------------------------------------------------------------------------------------------------------


def order_of(session: Session, row: Framework) -> list[str]:
    """The order that was told to all, those who came in later behind it; [] while there is none."""
    fixed = list(row.result.get("rota", {}).get("order", []))
    later = [one.id for one in members_of(session, row.id, *machine.PRESENT) if one.id not in fixed]
    return [*fixed, *later] if fixed else []


def draw_of(session: Session, row: Framework) -> drawdesk.Draw | None:
    mine = (drawdesk.Draw.case == row.id, drawdesk.Draw.purpose == PURPOSE, drawdesk.Draw.state != "VOID")
    return session.scalar(select(drawdesk.Draw).where(*mine).limit(1))


@acting("framework.rota", *machine.OWN)
def fix_rota(tx: Tx, case: str, p: Payload) -> Payload:
    """{parties?: {tenderer, centre, supervisor: person}} → {order | draw}: fixed once and told to all, by rank or by a
    draw of three parties, as the solicitation says."""
    fields.only(p, "parties")
    row = own(tx, case)
    own_book = book_of(row, tx.now)
    if row.state not in machine.RUNNING or "rota" not in row.settings["ways"]:
        raise Refused(own_book["FH-WAY"].breach(row.state, required="rota"))
    if order_of(tx.session, row) or draw_of(tx.session, row) is not None:
        raise Refused(own_book["FH-TWICE"].breach("rota", required="-"))
    members = members_of(tx.session, row.id, *machine.PRESENT)
    if not members:
        raise Refused(own_book["FH-MEMBER"].breach("0", required="≥ 1"))
    if row.settings["rota"] == "rank":
        _fixed(tx, row, [one.id for one in members], "rank")
        return {"order": row.result["rota"]["order"]}
    named = fields.mapping(p, "parties")
    for party, role in (("tenderer", Role.TENDERER), ("centre", Role.CENTRE), ("supervisor", Role.REGULATOR)):
        person = tx.session.get(Person, str(named.get(party, "")))
        owner = party != "tenderer" or (person is not None and person.org_id == row.org_id)
        if person is None or role not in person.roles or not owner:
            raise Refused(denied("DRAW-PARTY", f"{party}: {role}", str(named.get(party, ""))))
    people = drawdesk.parties(tx.session, named, tx.now)
    constraints = {"take": len(members), "spares": 0}
    draw = drawdesk.open_draw(tx, row.id, PURPOSE, {one.id: one.id for one in members}, [], constraints, people)
    tx.record(stream(row.id), "framework.rota_drawing", {"draw": draw.id})
    return {"draw": draw.id}


@drawdesk.when_done(PURPOSE)
def drawn(tx: Tx, draw: drawdesk.Draw) -> None:
    row = framework_row(tx.session, draw.case)
    assert draw.record is not None
    _fixed(tx, row, [str(draw.names[one]) for one in draw.record["result"]["members"]], "draw", draw)


def _fixed(tx: Tx, row: Framework, order: list[str], way: str, draw: drawdesk.Draw | None = None) -> None:
    row.result = row.result | {"rota": {"way": way, "order": order, "draw": draw.id if draw else ""}}
    members = {one.id: one for one in members_of(tx.session, row.id)}
    body: dict[str, Any] = {"way": way, "numbers": [members[one].number for one in order]}
    if draw is not None:
        body |= {"draw": draw.id, "record_sha256": canon.sha256_hex(canon.dumps(draw.record))}
    publish(tx, row, "rota", body)
    tx.record(stream(row.id), "framework.rota_fixed", {"order": order} | body)
    for one in order:
        tx.publish(f"me:{members[one].person_id}", "framework.rota", {"framework": row.id})


def turns_of(session: Session, row: Framework) -> list[FrameworkTurn]:
    query = select(FrameworkTurn).where(FrameworkTurn.framework_id == row.id)
    return list(session.scalars(query.order_by(FrameworkTurn.at, FrameworkTurn.round)))


@acting("framework.rotate", Role.TENDERER, signed=True)
def rotate(tx: Tx, case: str, p: Payload) -> Payload:
    """{quantities, region?, address, receiver, note?} → {need, member}: offered to whoever's turn it is."""
    fields.only(p, *needs.COMMON)
    row, own_book = needs.running(tx, case, "rota")
    if not order_of(tx.session, row):
        raise Refused(own_book["FH-ROTA"].breach("-", required="order"))
    need = needs.begin(tx, row, p, "rota")
    need, _, step = needs.guard(tx, need.id, "framework.rotate")
    if not _to_next(tx, row, need, step, "framework.turned", {}):
        raise Refused(own_book["FH-MEMBER"].breach("0", required="≥ 1"))
    return {"need": need.id, "number": need.number, "member": need.member_id}


def _to_next(tx: Tx, row: Framework, need: FrameworkNeed, step: Row, kind: str, body: dict[str, Any]) -> bool:
    can = needs.able(tx.session, row, need)
    had = [Turn(one.round, one.member_id) for one in turns_of(tx.session, row)]
    turn = next_turn(order_of(tx.session, row), had, can, need.tried)
    if turn is None:
        return False
    tx.session.add(
        FrameworkTurn(framework_id=row.id, round=turn.round, member_id=turn.member, need_id=need.id, outcome="offered",
                      at=tx.now)
    )  # fmt: skip
    prices = _amounts(can[turn.member], need)
    needs.offer(tx, need, step, turn.member, prices, kind, {"round": turn.round} | body)
    tx.session.flush()
    return True


def _answered(tx: Tx, need: FrameworkNeed, accepted: bool) -> None:
    if need.way != "rota":
        return
    mine = (FrameworkTurn.need_id == need.id, FrameworkTurn.member_id == need.member_id)
    turn = tx.session.scalar(select(FrameworkTurn).where(*mine, FrameworkTurn.outcome == "offered"))
    assert turn is not None
    turn.outcome = "awarded" if accepted else "declined"


def _on(tx: Tx, need: FrameworkNeed, step: Row, body: dict[str, Any]) -> None:
    """The same purchase goes to the next in the order; who declined has had the turn of this round."""
    row = framework_row(tx.session, need.framework_id)
    who = body["member"]
    if not _to_next(tx, row, need, step, "framework.passed_on", {"declined": who, "reason": body["reason"]}):
        needs.go(tx, need, step, "framework.declined", body, target="DECLINED")


needs.ANSWERED.append(_answered)
needs.REFUSED["rota"] = _on
