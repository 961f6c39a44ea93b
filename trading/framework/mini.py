"""二次竞价: everybody in the agreement who meets the need is invited; quotes are sealed until the end and no higher
than the agreement price; the lowest wins."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import fields, jobs
from core.access import SYSTEM, Role
from core.acts import Acts, Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.machine import Row
from core.money import plain
from core.rules import Refused, refuse_if, shown
from trading.framework import ends, machine, needs, rules, sealed, sheet
from trading.framework.facts import Offered
from trading.framework.models import Framework, FrameworkMember, FrameworkNeed, FrameworkSealed
from trading.framework.states import begins, book_of, framework_row, members_of, workdays

Found = dict[str, dict[str, Any]]


@acting("framework.invite", Role.TENDERER, signed=True)
def invite(tx: Tx, case: str, p: Payload) -> Payload:
    """{quantities, end, region?, address, receiver, note?} → {need, invited}: all who can supply it."""
    fields.only(p, "end", *needs.COMMON)
    row, own = needs.running(tx, case, "mini")
    end = fields.moment(p, "end")
    least = begins(workdays(tx.now, own["FH-QUOTE"].number))
    if end < least:
        raise Refused(own["FH-QUOTE"].breach(end.isoformat(), required=f"≥ {least.isoformat()}", field="end"))
    need = needs.begin(tx, row, p, "mini")
    can = needs.able(tx.session, row, need)
    if not can:
        raise Refused(own["FH-MEMBER"].breach("0", required="≥ 1"))
    need.end_at, need.unlock_until = end, end + timedelta(hours=row.settings["unlock_hours"])
    # what may not be exceeded is what the agreement says today, for the whole competition
    need.invited = [
        {"member": member, "ceilings": {one["item"]: plain(prices[one["item"]].price) for one in need.lines}}
        for member, prices in can.items()
    ]
    need, _, step = needs.guard(tx, need.id, "framework.invite")
    needs.go(tx, need, step, "framework.invited", {"members": sorted(can), "end": end.isoformat()})
    jobs.plan(tx.session, end, "framework.quote_end", need.id)
    for member in can:
        person = tx.session.get_one(FrameworkMember, member).person_id
        tx.publish(f"me:{person}", "framework.invited", {"need": need.id})
    return {"need": need.id, "number": need.number, "invited": len(can)}


def invited_as(tx: Tx, need: FrameworkNeed, row: Framework) -> FrameworkMember:
    """The actor's place among those invited, while it still supplies."""
    asked = {one["member"] for one in need.invited}
    members = members_of(tx.session, row.id, *machine.SUPPLYING)
    found = next((one for one in members if one.id in asked and one.org_id == tx.actor.org), None)
    if found is None:
        raise Refused(book_of(row, tx.now)["FH-MEMBER"].breach("-", required="invited"))
    return found


def _open_need(tx: Tx, case: str, act: str) -> tuple[FrameworkNeed, Framework]:
    need = needs.need_row(tx.session, case)
    row = framework_row(tx.session, need.framework_id)
    if need.end_at is not None:
        refuse_if(rules.in_time(tx.now, need.end_at, book_of(row, tx.now)))
    need, row, _ = needs.guard(tx, case, act)
    invited_as(tx, need, row)
    return need, row


@acting("framework.quote", Role.BIDDER, signed=True)
def quote(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size} → {response, version, receipt}: sealed for kind "response", lot = the
    purchase's id."""
    need, row = _open_need(tx, case, "framework.quote")
    assert need.end_at is not None
    return sealed.hand_in(tx, need.id, p, need.end_at, book_of(row, tx.now))


@acting("framework.quote_withdraw", Role.BIDDER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    fields.only(p)
    need, row = _open_need(tx, case, "framework.quote_withdraw")
    assert need.end_at is not None
    return sealed.take_back(tx, need.id, need.end_at, book_of(row, tx.now))


@acting("framework.quote_end")
def end(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: from the end on whoever quoted may unlock."""
    need = needs.need_row(tx.session, case)
    if need.state != "QUOTING" or need.end_at is None or tx.now < need.end_at:
        return {}
    if ends.waits(tx, need):
        return {"state": need.state, "waits": True}
    need, _, step = needs.guard(tx, case, "framework.quote_end")
    came = sealed.shelf_of(need.id).live(tx.session)
    target = "UNLOCKING" if came else "VOID"
    needs.go(tx, need, step, "framework.quotes_closed", {"quotes": len(came)}, target=target)
    if came:
        assert need.unlock_until is not None
        jobs.plan(tx.session, need.unlock_until, "framework.rank", need.id)
    for one in came:
        tx.publish(f"me:{one.person_id}", "framework.unlock", {"need": need.id})
    return {"state": need.state}


@acting("framework.quote_unlock", Role.BIDDER, signed=True, keep=False)
def unlock(tx: Tx, case: str, p: Payload) -> Payload:
    """{file_key} → {all}"""
    need, row, _ = needs.guard(tx, case, "framework.quote_unlock")
    assert need.unlock_until is not None
    every = sealed.unlock(tx, need.id, p, need.unlock_until, book_of(row, tx.now))
    if every:
        jobs.plan(tx.session, tx.now, "framework.rank", need.id)
    return {"all": every}


# -- ranking ----------------------------------------------------------------------------------------------------------


def _due(session: Session, case: str, now: datetime) -> tuple[FrameworkNeed | None, list[FrameworkSealed]]:
    need = session.get(FrameworkNeed, case)
    if need is None or need.state != "UNLOCKING" or need.unlock_until is None:
        return None, []
    rows = sealed.shelf_of(need.id).live(session)
    if now < need.unlock_until and sealed.keyless(rows):
        return None, []
    return need, rows


def _read(blobs: Any, need: FrameworkNeed, rows: list[FrameworkSealed]) -> Found:
    items = [one["item"] for one in need.lines]
    return {one.id: sheet.opened(blobs, one.manifest, one.file_key, items) for one in rows if one.file_key}


@jobs.long("framework.rank")
def rank_all(acts: Acts, case: str, p: Payload | None = None) -> Payload:
    with acts.reading() as session:
        need, rows = _due(session, case, acts.house.clock.now())
        session.expunge_all()
    if need is None:
        return {}
    found = run_blocking(lambda: _read(acts.house.blobs, need, rows))
    return acts.act(write, SYSTEM, case, found)


@acting("framework.rank")
def rank_act(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: what `rank_all` does, inside one transaction."""
    need, rows = _due(tx.session, case, tx.now)
    return write(tx, case, _read(tx.blobs, need, rows)) if need is not None else {}


def write(tx: Tx, case: str, found: Found) -> Payload:
    """Quotes that can be read and exceed nothing, the lowest first; equals by their place of the first stage."""
    due, rows = _due(tx.session, case, tx.now)
    if due is None:
        return {}
    need, row, step = needs.guard(tx, case, "framework.rank")
    ceilings = {one["member"]: one["ceilings"] for one in need.invited}
    by_org = {one.org_id: one for one in members_of(tx.session, row.id) if one.id in ceilings}
    listed = []
    for one in rows:
        member = by_org[one.org_id]
        one.opened = found.get(one.id, {})
        listed.append(_line(tx, row, need, member, one, ceilings[member.id]))
    valid = sorted((one for one in listed if not one["why"]), key=_order)
    others = [one for one in listed if one["why"]]
    warnings = _too_few(row, len(valid), tx.now)
    need.result = {"ranking": [*valid, *others], "warnings": warnings}
    target = "RANKED" if valid else "VOID"
    body = {"ranking": [{"member": one["member"], "total": one["total"]} for one in valid], "warnings": warnings}
    needs.go(tx, need, step, "framework.ranked", body, target=target)
    return {"state": need.state}


def _order(line: dict[str, Any]) -> tuple[Decimal, int]:
    return Decimal(line["total"]), line["place"]


def _line(
    tx: Tx, row: Framework, need: FrameworkNeed, member: FrameworkMember, one: FrameworkSealed, ceilings: dict[str, str]
) -> dict[str, Any]:
    """`why`: the reason a quote does not count, "" when it does."""
    offers = sheet.offers_of(one.opened)
    base = {"member": member.id, "place": member.place or 10_000, "total": "", "prices": {}, "why": ""}
    if not offers:
        return base | {"why": one.opened.get("problem") or "not unlocked"}
    prices = {item: offer.price for item, offer in offers.items()}
    limits = {item: Decimal(text) for item, text in ceilings.items()}
    broken = rules.within(Offered(prices, limits), book_of(row, tx.now), "FA-08/ceiling")
    total = sum((prices[line["item"]] * line["quantity"] for line in need.lines), Decimal(0))
    said = {item: plain(price) for item, price in prices.items()}
    why = "above the agreement price" if broken else "" if member.state in machine.SUPPLYING else member.state
    return base | {"total": plain(total), "prices": said, "why": why}


def _too_few(row: Framework, valid: int, now: datetime) -> list[dict[str, str]]:
    """State firms that compete twice: a second competition of one leaves nobody behind; said, not forbidden (宜)."""
    rate = book_of(row, now).get("FB-05/two")
    if rate is None or row.settings["competitions"] != 2 or valid > 1:
        return []
    return shown([rate.breach(f"{valid}家", required=f"≥ {rate.value}%")])


def lowest(need: FrameworkNeed) -> list[dict[str, Any]]:
    """Those on the lowest price that have not been offered it yet; several only where place and price are equal."""
    left = [one for one in need.result.get("ranking", []) if not one["why"] and one["member"] not in need.tried]
    return [one for one in left if _order(one) == _order(left[0])]


@acting("framework.award", Role.TENDERER, signed=True)
def award(tx: Tx, case: str, p: Payload) -> Payload:
    """{member?, reason?} → {member}: the lowest. Between equals the buyer names one, with the reason."""
    fields.only(p, "member", "reason")
    need, row, step = needs.guard(tx, case, "framework.award")
    first, own = lowest(need), book_of(row, tx.now)
    if not first:
        raise Refused(own["FH-MEMBER"].breach("0", required="≥ 1"))
    chosen, reason = first[0], fields.text(p, "reason", limit=500, default="")
    if len(first) > 1:
        if not reason:
            raise Refused(own["FH-REASON"].breach("-", required="reason", field="reason"))
        named = fields.text(p, "member", limit=16)
        chosen = next((one for one in first if one["member"] == named), {})
    elif p.get("member") not in (None, "", chosen["member"]):
        raise Unusable("member: not one of those on the lowest price")
    if not chosen:
        raise Unusable("member: not one of those on the lowest price")
    prices = {item: Decimal(text) for item, text in chosen["prices"].items()}
    needs.offer(tx, need, step, chosen["member"], prices, "framework.awarded", {"reason": reason})
    return {"member": chosen["member"]}


@acting("framework.drop", Role.TENDERER)
def drop(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: nothing is bought."""
    fields.only(p, "reason")
    need, _, step = needs.guard(tx, case, "framework.drop")
    need.reason = fields.text(p, "reason", limit=500)
    needs.go(tx, need, step, "framework.dropped", {"reason": need.reason})
    return {"state": need.state}


def _back(tx: Tx, need: FrameworkNeed, step: Row, body: dict[str, Any]) -> None:
    """The next on the ranking may be asked; with nobody left the purchase ends."""
    target = "RANKED" if lowest(need) else "DECLINED"
    needs.go(tx, need, step, "framework.declined", body, target=target)


needs.REFUSED["mini"] = _back
