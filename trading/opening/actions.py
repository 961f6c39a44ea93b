"""Deadline and hall: who is there, whose key came, whose fault it is, and when all prices come out at once."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from certs import sealing, suite
from core import fields, jobs, ledger
from core.access import SYSTEM, Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Fault, Unusable
from core.machine import Row
from core.rules import Breach, Refused, refuse_if
from trading.bidding.models import Bid, SealedReference
from trading.bidding.seals import sealed_stream
from trading.bidding.transfers import withdraw_unfinished
from trading.deadline import outages, timers
from trading.opening import rules
from trading.opening.ending import fail
from trading.opening.facts import Hall
from trading.opening.failures import blame_by_rule, plan_comparison
from trading.opening.guards import any_bid, given_key, going_hall, own_bid
from trading.opening.models import Opening, OpeningObjection, Released, Unlock
from trading.opening.presence import enter, not_yet, plan_attendance
from trading.opening.queries import hall_facts, live_bids, opening_of, pause_of, present
from trading.opening.reading import manifest_of
from trading.project.models import Case
from trading.project.states import book_of, case_row, go, guard, stands_as

CUSTODIANS = {Role.TENDERER: "tenderer", Role.CENTRE: "centre", Role.REGULATOR: "regulator"}


@acting("tender.deadline")
def deadline(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {state}: at the deadline the sealed stream's root enters the case stream; fewer than three bids fail.

    While an objection waits the case goes no step forward (R1-09), but what was received is fixed on the hour all the
    same; the answer rings this timer again. Nor does a tender fail whose bidders could not reach the platform: it is
    sealed off, and the tenderer decides (`deadline.decide`). Where that is not known yet it is sealed off as well, so
    that nobody learns how many they are, and the timer rings once more.
    """
    row = case_row(tx.session, case)
    if row.state == "SEALED":
        return _after_deadline(tx, row)
    if row.state != "ANNOUNCED" or row.deadline is None or tx.now < row.deadline:
        return {"state": row.state}
    withdraw_unfinished(tx, row)
    outages.note(tx, row)
    if row.suspended:
        body = {"deadline": row.deadline, "sealed_root": ledger.head(tx.session, sealed_stream(case))["root"]}
        tx.record(f"case:{case}", "tender.held", body, case=case)
        tx.publish(f"hall:{case}", "tender.held", {})
        return {"state": row.state}
    row, step = guard(tx, case, "tender.deadline")
    short = rules.enough_bids(len(live_bids(tx.session, row)), book_of(row, tx.now))
    unsure = outages.unsure_until(tx.session, row, tx.now)
    if short and not unsure and not outages.blocking(tx.session, row, tx.now):
        fail(tx, row, step, short[0], "tender.failed")
    else:
        root = ledger.head(tx.session, sealed_stream(case))["root"]
        go(tx, row, step, "tender.sealed", {"sealed_root": root}, target="SEALED")
        plan_attendance(tx, row)
        if unsure:
            jobs.plan(tx.session, unsure, "tender.deadline", row.id)
    return {"state": row.state}


def _after_deadline(tx: Tx, row: Case) -> Payload:
    """Sealed off before it was known whether uploads were down: too few fail now, unless they were."""
    assert row.deadline is not None
    if row.suspended or outages.unsure_until(tx.session, row, tx.now):
        return {"state": row.state}
    outages.note(tx, row)
    short = rules.enough_bids(len(live_bids(tx.session, row)), book_of(row, tx.now))
    if short and not outages.blocking(tx.session, row, tx.now):
        row, step = guard(tx, row.id, "tender.deadline")
        fail(tx, row, step, short[0], "tender.failed")
    return {"state": row.state}


@acting("opening.begin", Role.CENTRE, Role.AGENCY)
def begin(tx: Tx, case: str, p: Payload) -> Payload:
    """{window_minutes?} → {window_until}: the host opens the hall; names are public, prices are not.

    Refused while an outage around the deadline is undecided, or fewer than three have signed in; at the end of the
    sign-in time `opening.attendance` decides.
    """
    fields.only(p, "window_minutes")
    row, step = guard(tx, case, "opening.begin")
    refuse_if(not_yet(tx.session, row, tx.now))
    planned = int(row.settings.get("window_minutes", 30))
    minutes = fields.integer(p, "window_minutes", least=1, most=1440, default=planned)
    until = tx.now + timedelta(minutes=minutes)
    opening = Opening(
        case_id=case, round=row.round, began_at=tx.now, window_until=until, host_person=tx.actor.person,
        host_org=tx.actor.org,
    )  # fmt: skip
    tx.session.add(opening)
    bids = live_bids(tx.session, row)
    tx.session.add_all(Unlock(bid_id=bid.id) for bid in bids)
    stream = sealed_stream(case)
    head = ledger.head(tx.session, stream)
    here = sorted(present(tx.session, row))
    body = {"window_until": until, "bids": [bid.id for bid in bids], "present": here, "stream": stream, **head}
    go(tx, row, step, "opening.begun", body)
    tx.publish(f"hall:{case}", "opening.begun", {"window_until": until.isoformat()})
    jobs.plan(tx.session, until, "opening.close", case)
    timers.plan_window(tx.session, row, tx.now, until)
    return {"window_until": until.isoformat()}


@acting("opening.unlock", Role.BIDDER, signed=True)
def unlock(tx: Tx, case: str, p: Payload) -> Payload:
    """{file_key} (base64) → {bid}: checked against the ciphertext's key commitment; a wrong key loses nothing."""
    fields.only(p, "file_key")
    row, step = guard(tx, case, "opening.unlock")
    opening, book = going_hall(tx, row), book_of(row, tx.now)
    refuse_if(rules.in_window(opening.window_until, tx.now, book))
    bid = own_bid(tx, row)
    key = given_key(bid.manifest, p, book["E-04"].article)
    enter(tx, row, bid)
    held = tx.session.get_one(Unlock, bid.id)
    if not held.how:
        held.at, held.how, held.file_key, held.cause, held.reason = tx.now, "bidder", key, "", ""
        go(tx, row, step, "opening.unlocked", {"bid": bid.id, "how": "bidder"})
        _tell_unlocked(tx, bid, "bidder")
    return {"bid": bid.id}


def _tell_unlocked(tx: Tx, bid: Bid, how: str) -> None:
    tx.publish(f"hall:{bid.case_id}", "opening.unlocked", {"bid": bid.id, "how": how, "at": tx.now.isoformat()})


@acting("reference.unlock", Role.TENDERER, signed=True)
def unlock_reference(tx: Tx, case: str, p: Payload) -> Payload:
    """{file_key}: the tenderer opens the 标底 in the hall; it is read out with the prices."""
    fields.only(p, "file_key")
    row, step = guard(tx, case, "reference.unlock")
    opening = going_hall(tx, row)
    sealed = tx.session.get(SealedReference, (row.id, row.round))
    if sealed is None:
        raise Unusable("reference: none was sealed")
    opening.reference_key = given_key(sealed.manifest, p, book_of(row, tx.now)["E-04"].article)
    go(tx, row, step, "reference.unlocked", {})
    tx.publish(f"hall:{case}", "reference.unlocked", {})
    return {}


@acting("opening.extend", Role.CENTRE, Role.AGENCY)
def extend(tx: Tx, case: str, p: Payload) -> Payload:
    """{minutes, reason} → {window_until}: more time to unlock, for all alike (E-04)."""
    fields.only(p, "minutes", "reason")
    row, step = guard(tx, case, "opening.extend")
    opening = going_hall(tx, row)
    minutes = fields.integer(p, "minutes", least=1, most=1440)
    opening.window_until = max(tx.now, opening.window_until) + timedelta(minutes=minutes)
    body = {"window_until": opening.window_until, "reason": fields.text(p, "reason", limit=300)}
    go(tx, row, step, "opening.extended", body)
    tx.publish(f"hall:{case}", "opening.extended", {"window_until": opening.window_until.isoformat()})
    jobs.plan(tx.session, opening.window_until, "opening.close", case)
    return {"window_until": opening.window_until.isoformat()}


@acting("opening.release", Role.TENDERER, Role.CENTRE, Role.REGULATOR, signed=True)
def release(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid, share} → {released, unlocked}: a custodian's share; two of three give the key (补救方案)."""
    fields.only(p, "bid", "share")
    row, step = guard(tx, case, "opening.release")
    going_hall(tx, row)
    bid, held = any_bid(tx, row, p)
    book = book_of(row, tx.now)
    refuse_if(rules.may_release(bool(row.settings.get("custodians")), held.cause, book))
    role = next(CUSTODIANS[r] for r in CUSTODIANS if r in stands_as(row, tx.actor))
    manifest, share = manifest_of(bid.manifest), suite.unb64(p.get("share"), "share")
    try:
        sealing.check_share(manifest, role, share)
    except Fault as fault:
        raise Refused(Breach("E-04", book["E-04"].article, "B", f"share of {role}", str(fault), "share")) from None
    if tx.session.get(Released, (bid.id, role)) is None:
        kept = Released(bid_id=bid.id, role=role, share=suite.b64(share), person_id=tx.actor.person, at=tx.now)
        tx.session.add(kept)
        tx.session.flush()
        go(tx, row, step, "opening.released", {"bid": bid.id, "role": role})
    found = {r.role: r.share for r in tx.session.scalars(select(Released).where(Released.bid_id == bid.id))}
    if len(found) >= 2 and not held.how:
        _combine(tx, row, bid, held, {name: suite.unb64(text, "share") for name, text in found.items()})
    return {"released": sorted(found), "unlocked": bool(held.how)}


def _combine(tx: Tx, row: Case, bid: Bid, held: Unlock, released: dict[str, bytes]) -> None:
    """Shares that do not give the key are the sealer's fault: the bid stays shut for the bidder's own cause."""
    try:
        key = sealing.combine_shares(manifest_of(bid.manifest), released)
    except Fault as fault:
        held.cause, held.reason = "bidder", f"密钥份额不能恢复解密密钥：{fault}"[:300]
        tx.record(
            f"case:{row.id}", "opening.decided", {"bid": bid.id, "cause": "bidder", "reason": held.reason}, case=row.id
        )
        return
    held.at, held.how, held.file_key = tx.now, "shares", suite.b64(key)
    tx.record(f"case:{row.id}", "opening.unlocked", {"bid": bid.id, "how": "shares"}, case=row.id)
    _tell_unlocked(tx, bid, "shares")


@acting("opening.close", Role.CENTRE, Role.AGENCY)
def close(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {state, closing, comparing}: no more keys. Fewer than three: FAILED, files stay sealed. Else
    `opening.settle` follows. `comparing`: so many stored files are hashed first, then it closes by itself.

    The timer waits while the hall is suspended, where a custodian may still help and where the stored file is damaged;
    the host may close once the window is over and every damage is decided.
    """
    fields.only(p)
    timer = tx.actor == SYSTEM
    row = case_row(tx.session, case)
    opening = opening_of(tx.session, row)
    if timer and (row.state != "OPENING" or opening is None or opening.closing_at is not None):
        return _answer(row)
    row, step = guard(tx, case, "opening.close")
    if timer and pause_of(tx.session, row) is not None:
        return _answer(row)
    opening, book = going_hall(tx, row), book_of(row, tx.now)
    hall = hall_facts(tx.session, row, opening)
    helped = any(lock.cause == "platform" and not lock.unlocked for lock in hall.locks) and hall.fallback
    if timer and (tx.now < opening.window_until or helped or hall.differing):
        return _answer(row)
    refuse_if(rules.may_close(hall, tx.now, book))
    if hall.uncompared:
        for bid in hall.uncompared:
            plan_comparison(tx, row, bid)
        return _answer(row, comparing=len(hall.uncompared))
    return _closed(tx, row, step, opening, hall)


def _answer(row: Case, *, closing: bool = False, comparing: int = 0) -> Payload:
    return {"state": row.state, "closing": closing, "comparing": comparing}


def _closed(tx: Tx, row: Case, step: Row, opening: Opening, hall: Hall) -> Payload:
    """The window is over or all is settled, and every undecided file is known to be the one of its receipt."""
    left = [lock.bid for lock in hall.locks if lock.undecided]
    blame_by_rule(tx, row, {bid: tx.session.get_one(Unlock, bid) for bid in left})
    short = rules.enough_bids(hall.unlocked, book_of(row, tx.now))
    if short:
        fail(tx, row, step, short[0], "opening.failed")
        return _answer(row)
    opening.closing_at = tx.now
    go(tx, row, step, "opening.closing", {}, target="OPENING")
    tx.publish(f"hall:{row.id}", "opening.closing", {})
    jobs.plan(tx.session, tx.now, "opening.settle", row.id)
    return _answer(row, closing=True)


@acting("opening.object", Role.BIDDER)
def object_to(tx: Tx, case: str, p: Payload) -> Payload:
    """{text} → {objection}: on the spot, while the hall is open and shortly after the prices (R1-30)."""
    fields.only(p, "text")
    row, step = guard(tx, case, "opening.object")
    refuse_if(rules.objection_open(row.opened_at, tx.now, book_of(row, tx.now)))
    bid = own_bid(tx, row)
    said = OpeningObjection(
        case_id=case, round=row.round, bid_id=bid.id, text=fields.text(p, "text", limit=2000), at=tx.now
    )
    tx.session.add(said)
    tx.session.flush()
    go(tx, row, step, "opening.objected", {"objection": said.id, "bid": bid.id, "text": said.text})
    tx.publish(f"hall:{case}", "opening.objected", {"objection": said.id, "bid": bid.id, "text": said.text})
    return {"objection": said.id}


@acting("opening.answer", Role.TENDERER, Role.AGENCY)
def answer(tx: Tx, case: str, p: Payload) -> Payload:
    """{objection, text}: answered on the spot."""
    fields.only(p, "objection", "text")
    row, step = guard(tx, case, "opening.answer")
    said = tx.session.get(OpeningObjection, fields.text(p, "objection", limit=16))
    if said is None or said.case_id != case or said.answer:
        raise Unusable("objection: none that waits for an answer")
    said.answer, said.answered_at, said.answered_by = fields.text(p, "text", limit=2000), tx.now, tx.actor.person
    go(tx, row, step, "opening.answered", {"objection": said.id, "text": said.answer})
    tx.publish(f"hall:{case}", "opening.answered", {"objection": said.id, "text": said.answer})
    return {}
