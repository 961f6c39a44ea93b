"""Seats: the whole seating is drawn once under every hard constraint, and each seat is shown at its member's sign-in.

A separate three-party draw with its own commitments: one mechanism for every draw, and its record replays alone. When
a member is replaced after that, `seating.freeze` again draws only the new one's seat; all others stay where they are.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certs import drawdesk, draws, seating
from core import canon, fields
from core.access import Role, denied
from core.acts import Tx
from core.doors import acting
from core.faults import Fault
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.committee.actions import bodies, renew, required, set_committee
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members, places
from evaluation.failures.rules import MODES
from evaluation.failures.standing import mode_of
from evaluation.vault import vault
from trading.project.papers import file_document
from venues import queries as venues
from venues.actions import free_seats, give_seat
from venues.models import Booking, Centre, Seat
from venues.rules import BUFFER, DEVICE_FRESH

P = dict[str, Any]
ARTICLE = "国办发〔2024〕21号"
TRIES = 20


@acting("seating.freeze", Role.CENTRE)
def freeze(tx: Tx, case: str, p: P) -> P:
    """{parties: {tenderer, centre, supervisor: person}} → {draw}: by the main venue, when the committee is complete."""
    fields.only(p, "parties")
    found = cases.facts(tx.session, case)
    set_committee(tx, case)
    found = cases.in_state(cases.facts(tx.session, case), "COMMITTEE_SET", "EVALUATING")
    committee = required(tx, case)
    booked = venues.booked(tx.session, case, found.parties)
    main = next((centre for row, centre in booked if row.part == "main"), None)
    if main is None or main.org_id != tx.actor.org:
        raise Refused(denied("CENTRE", "the main venue of this case", tx.actor.org_name))
    rows = members(tx.session, committee)
    ready = [row for row in rows if row.state != "invited"]
    if len(ready) != places(committee):
        raise Refused(Breach("SEATING-COMPLETE", ARTICLE, "B", str(places(committee)), str(len(ready))))
    if all(row.seat_sealed for row in ready):
        raise Refused(Breach("SEATING-TWICE", ARTICLE, "B", "a member without a seat", "0"))
    renew(tx, committee.seating_id)
    names = {draws.salted_id(secrets.token_bytes(16), row.id): row.id for row in ready}
    plan = seating_plan(tx.session, tx.now, committee, booked, names, {row.id: row for row in ready}, main.region)
    _feasible(plan)
    draw = drawdesk.open_draw(tx, case, "seating", names, [], plan, bodies(tx, found, p))
    committee.seating_id = draw.id
    tx.session.flush()
    return {"draw": draw.id}


def seating_plan(
    session: Session, now: datetime, committee: Committee, booked: list[tuple[Booking, Centre]], names: dict[str, str],
    rows: dict[str, Member], main: str,
) -> dict[str, Any]:  # fmt: skip
    """A plan of certs.seating whose members stand under fresh salted ids."""
    first = session.get(drawdesk.Draw, committee.first_draw_id)
    employer_of = first.frozen["constraints"]["employer_of"] if first else {}
    case = committee.case_id
    found = cases.facts(session, case)
    share = cases.book(found)["REMOTE-SHARE"].share
    seats = venues.plan_seats(session, booked, case)
    if MODES[mode_of(found, committee)].shares_room:  # a cell is what parts members; here only the gap does
        seats = [one | {"cell": f"{one['cell']}/{one['id']}"} for one in seats]
    return {
        "seats": seats,
        "members": [
            {"id": one, "site": rows[row].site, "employer": employer_of.get(rows[row].salted), "kind": rows[row].kind}
            for one, row in names.items()
        ],
        "rules": {
            "at": now.isoformat(), "start": committee.at.isoformat(), "end": committee.until.isoformat(),
            "main": main, "booked": sorted(centre.region for _, centre in booked),
            "device_minutes": int(DEVICE_FRESH.total_seconds() // 60),
            "buffer_minutes": int(BUFFER.total_seconds() // 60), "sub_share": [*share.as_integer_ratio()],
            "tries": TRIES,
        },
        "fixed": [
            {"member": one, "seat": vault().open(case, rows[row].seat_sealed)}
            for one, row in names.items()
            if rows[row].seat_sealed
        ],
    }  # fmt: skip


def _feasible(plan: dict[str, Any]) -> None:
    """Refuse before anyone commits what no seed could solve: whether seats exist does not depend on their order."""
    try:
        seating.assign(plan, lambda label, ids: sorted(ids))
    except Fault as fault:
        raise Refused(Breach("SEATING", ARTICLE, "B", "a seating under all constraints", str(fault))) from None


@drawdesk.when_done("seating")
def drawn(tx: Tx, draw: drawdesk.Draw) -> None:
    """Every seat is given and sealed; nobody reads one before its member signs in."""
    committee = tx.session.scalars(select(Committee).where(Committee.seating_id == draw.id)).one()
    case, record = committee.case_id, draw.record or {}
    found = cases.facts(tx.session, case)
    booking_of = {centre.id: row for row, centre in venues.booked(tx.session, case, found.parties)}
    for one in record["result"]["seats"]:
        member = tx.session.get_one(Member, draw.names[one["member"]])
        if member.seat_sealed:
            continue
        member.seat_sealed = vault().seal(case, one["seat"])
        seat = tx.session.get_one(Seat, one["seat"])
        give_seat(tx, seat.id, booking_of[seat.centre_id])
    data = canon.dumps(record)
    file_document(tx, case, "draw_record", f"座位抽取记录 {draw.id}", data, "regulator", media="application/json")
    tx.record(f"case:{case}", "seating.drawn", {"draw": draw.id, "seats": len(record["result"]["seats"])}, case=case)


def vacate(tx: Tx, case: str, member: Member) -> None:
    """The seat of a member who left is free for the replacement's draw."""
    if member.seat_sealed:
        free_seats(tx, case, seat=vault().open(case, member.seat_sealed))
        member.seat_sealed = ""
