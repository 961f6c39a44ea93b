"""One seat, one session, one machine; and moving a member to a spare seat of the same venue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from certs import seating
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee.actions import unnamed
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members
from evaluation.failures import halts, minutes, rules, standing
from evaluation.failures.models import SeatBinding, SeatChange
from evaluation.failures.parties import case_now, own_venue, supervisor
from evaluation.seating.actions import seating_plan
from evaluation.sitting.guards import ARTICLE, my_place, sitting_of
from evaluation.sitting.models import Sitting
from evaluation.vault import vault
from venues import queries as venues
from venues.actions import free_seats, give_seat
from venues.models import Booking, Centre, Seat
from venues.terminals import in_force

P = dict[str, Any]
MEMBERS = (Role.EXPERT, Role.TENDERER)
ALWAYS = ("the seat is online", "the seat is free, with the buffer between uses", "one person per seat")


# -- sign-in and coming back -------------------------------------------------------------------------------------------


def bind(tx: Tx, found: CaseFacts, member: Member, given: str, *, at_door: bool) -> None:
    """Hold the member to this session and machine. At the door any machine of the venue does, at the seat its own."""
    seat = tx.session.get_one(Seat, member.seat_id)
    known, life = in_force(tx.session, seat.centre_id), cases.book(found)["SEAT-CODE"]
    held = known.get(seat.id)
    here = tx.actor.device

    def says(place: str) -> bool:
        return standing.code_fits(found.id, place, given, tx.now, life.number)

    if not known:
        how = "open"
    elif held is not None and here and held.token_sha256 == here:
        how = "terminal"
    elif says(seat.id):
        how = "code"
    elif at_door and (says(seat.centre_id) or (here and here in {one.token_sha256 for one in known.values()})):
        how = "door"
    else:
        need = "a terminal of the venue, or its code" if at_door else "the seat's own terminal, or its code"
        raise Refused(life.breach(given or "another", required=need, field="code"))
    row = tx.session.get(SeatBinding, member.id) or SeatBinding(member_id=member.id)
    row.seat_id, row.how, row.session, row.device = seat.id, how, tx.actor.session, here
    row.certificate, row.at = tx.actor.certificate, tx.now
    tx.session.add(row)


@acting("sitting.rejoin", *MEMBERS, signed=True)
def rejoin(tx: Tx, case: str, p: P) -> P:
    """{code?} → {seat, back}: the member goes on at this machine: after another session, a new seat, a night."""
    fields.only(p, "code")
    found, committee = case_now(tx, case)
    member, sitting = my_place(tx, committee), sitting_of(tx, committee)
    if member.state not in ("signed_in", "pledged"):
        raise Refused(Breach("SIGNIN", ARTICLE, "B", "signed_in", member.state))
    halt = standing.open_halt(tx.session, committee)
    night = halt if halt is not None and halt.kind == "overnight" else None
    if night is not None and night.go_on_at is not None:
        refuse_if(rules.not_before(night.go_on_at, tx.now, standing.ARTICLE))
    bind(tx, found, member, _code(p), at_door=False)
    member.certificate = tx.actor.certificate
    body = {"member": member.id, "seat": member.seat_id, "night": night.id if night else ""}
    unnamed(tx, member, lambda: tx.record(f"case:{case}", "member.rejoined", body, case=case))
    tx.publish(f"me:{member.person_id}", "member.rejoined", {"member": member.id})
    went_on = False
    if night is not None and member.state == "pledged" and member.id not in standing.consents(tx.session, night):
        halts.consent(tx, night, member.id, member=member.id)
        halts.tell(tx, committee, "overnight.back", {"member": member.id})
        went_on = halts.back(tx, committee)
    return {"seat": member.seat_id, "back": went_on or not sitting.paused}


def _code(p: P) -> str:
    return "".join(fields.text(p, "code", limit=20, default="").split())


# -- a spare seat -----------------------------------------------------------------------------------------------------


def broken(
    session: Session, found: CaseFacts, committee: Committee, member: Member, until: datetime, now: datetime
) -> dict[str, list[str]]:
    """{seat: constraints that it does not meet} of every other seat of the member's venue; [] is a good spare."""
    booked = venues.booked(session, found.id, found.parties)
    rows = [row for row in members(session, committee) if row.seat_sealed]
    main = next((centre.region for row, centre in booked if row.part == "main"), "")
    names = {row.id: row.id for row in rows}
    plan = seating_plan(session, now, committee, booked, names, {row.id: row for row in rows}, main)
    plan["rules"] |= {"start": now.isoformat(), "end": max(until, now).isoformat()}
    seats = {one["id"]: one for one in plan["seats"]}
    others = [seats[one["seat"]] for one in plan["fixed"] if one["member"] != member.id and one["seat"] in seats]
    answer = {}
    for seat, one in seats.items():
        if one["site"] != member.site or seat == member.seat_id:
            continue
        bad = [name for name, fits in seating.SEAT_CHECKS.items() if not fits(one, plan["rules"])]
        bad += [name for name, fit in seating.PAIR_CHECKS.items() if not all(fit(one, other) for other in others)]
        answer[seat] = bad
    return answer


def spares(
    session: Session, found: CaseFacts, committee: Committee, taken: list[dict[str, Any]], centre: Centre, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """{member: [{seat, label, breaches}]} for the members sitting at a venue: its own staff's list of other seats."""
    rows = {row.id: row for row in members(session, committee)}
    sitting = session.get(Sitting, committee.id)
    answer = {}
    for one in taken:
        member = rows[one["member"]]
        bad = broken(session, found, committee, member, sitting.until if sitting else committee.until, now)
        answer[member.id] = [
            {"seat": seat, "label": session.get_one(Seat, seat).label, "breaches": why}
            for seat, why in bad.items() if not set(why) & set(ALWAYS)
        ]  # fmt: skip
    return answer


def _broken_now(tx: Tx, found: CaseFacts, committee: Committee, member: Member) -> dict[str, list[str]]:
    return broken(tx.session, found, committee, member, sitting_of(tx, committee).until, tx.now)


@acting("seat.change", Role.CENTRE)
def change(tx: Tx, case: str, p: P) -> P:
    """{member, seat, reason} → {change, waiting}: by staff of the member's venue; everything the member has done stays.

    Where no seat of the venue meets every constraint the supervisor signs too; a seat taken or cut off is none.
    """
    fields.only(p, "member", "seat", "reason")
    found, committee = case_now(tx, case)
    booking, centre = own_venue(tx, found)
    member = tx.session.get(Member, fields.text(p, "member", limit=16))
    if member is None or member.committee_id != committee.id or member.site != centre.region:
        raise Unusable("member: nobody of the committee at this venue")
    if member.state not in ("signed_in", "pledged"):
        raise Refused(Breach("SIGNIN", ARTICLE, "B", "signed_in", member.state))
    spares, seat = _broken_now(tx, found, committee, member), fields.text(p, "seat", limit=16)
    if seat not in spares:
        raise Unusable("seat: no other seat of the booked rooms")
    if any(one.member_id == member.id for one in standing.pending(tx.session, committee)):
        raise Refused(Breach("SEAT-ASKED", standing.ARTICLE, "B", "one change at a time", "asked"))
    bad = spares[seat]
    if bad and ([] in spares.values() or set(bad) & set(ALWAYS)):
        raise Refused(Breach("SPARE-SEAT", standing.ARTICLE, "B", "all constraints", "; ".join(bad), "seat"))
    row = SeatChange(committee_id=committee.id, member_id=member.id, from_seat=member.seat_id, to_seat=seat,
                     reason=fields.text(p, "reason", limit=300), breaches=bad, asked_at=tx.now)  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    if bad:
        body = {"change": row.id, "member": member.id, "seat": seat, "breaches": bad, "reason": row.reason}
        tx.record(f"case:{case}", "seat.change_asked", body, case=case)
        halts.tell(tx, committee, "seat.change_asked", {"member": member.id})
        return {"change": row.id, "waiting": True}
    _move(tx, committee, row, member, booking)
    return {"change": row.id, "waiting": False}


@acting("seat.cosign", Role.REGULATOR, signed=True)
def cosign(tx: Tx, case: str, p: P) -> P:
    """{change, agree}: the supervisor's signature under a seat that does not meet every constraint, or its refusal."""
    fields.only(p, "change", "agree")
    found, committee = case_now(tx, case)
    supervisor(tx, found)
    wanted = fields.text(p, "change", limit=16)
    row = next((one for one in standing.pending(tx.session, committee) if one.id == wanted), None)
    if row is None:
        raise Unusable("change: none that waits")
    member = tx.session.get_one(Member, row.member_id)
    row.cosigner_org = tx.actor.org
    if not fields.yes_no(p, "agree") or member.state not in ("signed_in", "pledged"):
        row.refused_at = tx.now
        tx.record(f"case:{case}", "seat.change_refused", {"change": row.id, "member": member.id}, case=case)
        halts.tell(tx, committee, "seat.change_refused", {"member": member.id})
        return {"done": False}
    left = _broken_now(tx, found, committee, member).get(row.to_seat)
    centre = tx.session.get_one(Seat, row.to_seat).centre_id
    booked = [one for one, place in venues.booked(tx.session, case, found.parties) if place.id == centre]
    now_bad = [ALWAYS[1]] if left is None or not booked else sorted(set(left) & set(ALWAYS))
    if now_bad:
        raise Refused(Breach("SPARE-SEAT", standing.ARTICLE, "B", "a seat that is free and online", "; ".join(now_bad)))
    _move(tx, committee, row, member, booked[0])
    return {"done": True}


def _move(tx: Tx, committee: Committee, row: SeatChange, member: Member, booking: Booking) -> None:
    case = committee.case_id
    old, new = (tx.session.get_one(Seat, one) for one in (row.from_seat, row.to_seat))
    free_seats(tx, case, seat=old.id)
    tx.session.flush()
    give_seat(tx, new.id, booking)
    member.seat_id, member.seat_sealed, row.done_at = new.id, vault().seal(case, new.id), tx.now
    held = standing.binding(tx.session, member)
    if held is not None and held.how == "open":  # a venue without registered machines: whoever was there stays it
        held.seat_id = new.id
    text = minutes.moved(member.number, old.label, new.label, row.reason, halts.org_name(tx, row.cosigner_org))
    halts.note(tx, committee, "seat.changed", text, member.site)
    body = {"change": row.id, "member": member.id, "from": old.id, "to": new.id, "site": member.site,
            "reason": row.reason, "breaches": row.breaches}  # fmt: skip
    tx.record(f"case:{case}", "seat.changed", body, case=case)
    halts.tell(tx, committee, "seat.changed", {"member": member.id, "seat": new.id})
