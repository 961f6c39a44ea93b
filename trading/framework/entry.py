"""From the review to the agreement in force: result published, agreements drawn up and signed on the desk, who does not
sign in time falls away, the copy for the finance department, the end of the term and its summary."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from accounts.models import Org
from certs import desk
from core import fields, jobs
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.doors import TABLE, Payload, acting
from core.ledger import Entry
from core.rules import refuse_if, shown
from trading.framework import machine, papers, review, summary
from trading.framework.models import Framework, FrameworkMember, FrameworkPrice
from trading.framework.scheme import start_term
from trading.framework.states import (
    begins,
    book_of,
    day_of,
    due,
    framework_row,
    go,
    guard,
    items_of,
    late,
    members_of,
    move_member,
    over,
    publish,
    stream,
    tell_changed,
    workdays,
)

AGREEMENT = "framework_agreement"


@acting("framework.publish", *machine.OWN, signed=True)
def publish_result(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {notice}: 入围结果公告 and letters at once, after all reviewers have signed. Each agreement follows to the
    desk by itself, for whoever publishes and the supplier."""
    fields.only(p)
    row, step = guard(tx, case, "framework.publish")
    own = book_of(row, tx.now)
    state = desk.row(tx.session, row.report_doc).state
    if state != "sealed":
        refuse_if([own["FH-SIGNED"].breach(state, required="sealed")])
    row.published_at, row.signer = tx.now, tx.actor.person
    chosen = members_of(tx.session, row.id, "CHOSEN")
    for member in chosen:
        move_member(tx, row, member, "framework.publish")
        _prices(tx, row, member)
        tx.publish(f"me:{member.person_id}", "framework.shortlisted", {"framework": row.id})
        jobs.plan(tx.session, tx.now, "framework.draw_up", row.id, {"member": member.id})
    last = due(own, "FA-07/sign", tx.now)
    assert last is not None
    row.sign_until = over(last)
    jobs.plan(tx.session, row.sign_until, "framework.lapse", row.id)
    notice = publish(tx, row, "shortlist", _announced(tx, row))
    go(tx, row, step, "framework.published", {"notice": notice.id, "members": [one.id for one in chosen]})
    return {"notice": notice.id, "members": len(chosen)}


def _prices(tx: Tx, row: Framework, member: FrameworkMember) -> None:
    for item, offer in review.offers(tx.session, row)[member.org_id].items():
        tx.session.add(
            FrameworkPrice(member_id=member.id, item_id=item, price=offer.price, brand=offer.brand,
                           model=offer.model, since=tx.now)
        )  # fmt: skip
    tx.session.flush()


def _announced(tx: Tx, row: Framework) -> dict[str, Any]:
    """Who enters with which prices, who does not and why; how the number was computed."""
    offered = review.offers(tx.session, row)
    names = {one.id: one.name for one in items_of(tx.session, row.id)}
    inside, outside = [], []
    for one in row.result["responders"]:
        if one["member"] in row.result["inside"]:
            prices = [{"item": names[item], **o.plain()} for item, o in offered[one["org"]].items()]
            inside.append({"name": one["name"], "place": one["place"], "evaluated": one["evaluated"],
                           "points": one["points"], "prices": prices})  # fmt: skip
        else:
            why = "eliminated" if one["state"] == "ELIMINATED" else "unqualified"
            outside.append({"name": one["name"], "place": one["place"], "why": why})
    keys = ("room", "derivation", "ties", "tie_reason")
    return {"name": row.name, "inside": inside, "outside": outside, **{key: row.result[key] for key in keys}}


@acting("framework.draw_up")
def draw_up(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: {member}: the agreement with one supplier goes to the desk, once."""
    row = framework_row(tx.session, case)
    member = tx.session.get(FrameworkMember, str(p.get("member", "")))
    if member is None or member.framework_id != row.id or member.state != "SHORTLISTED" or member.document:
        return {}
    owner, supplier = tx.session.get_one(Org, row.org_id), tx.session.get_one(Org, member.org_id)
    signers = [
        desk.signer(tx.session, row.signer, "solicitor", "tenderer", tx.now),
        desk.signer(tx.session, member.person_id, "supplier", "bidder", tx.now),
    ]
    lines = papers.priced(items_of(tx.session, row.id), prices_of(tx, member))
    record = {
        "schema": "framework-agreement/1", "framework": row.id, "number": row.number, "member": member.id,
        "solicitor": owner.uscc, "supplier": supplier.uscc, "settings": row.settings, "lines": lines,
        "place": member.place, "at": tx.now.isoformat(),
    }  # fmt: skip
    paper = papers.agreement(row, owner, supplier, record, demo=tx.config.demo)
    first = desk.first_revision(paper.bytes, paper.boxes, record, signers)
    title = f"{row.name} 框架协议（{supplier.name}）"[:200]
    member.document = desk.open_document(
        tx, first, case="", kind=AGREEMENT, title=title, audience="parties", stream=stream(row.id)
    )
    return {"document": member.document}


def prices_of(tx: Tx, member: FrameworkMember) -> dict[str, FrameworkPrice]:
    """Prices in force, by item."""
    query = select(FrameworkPrice).where(FrameworkPrice.member_id == member.id, FrameworkPrice.ended_at.is_(None))
    return {one.item_id: one for one in tx.session.scalars(query)}


@acting("framework.signed")
def signed(tx: Tx, case: str, p: Payload) -> Payload:
    """{document?}: an agreement that both have signed takes effect for its supplier; the last one settles stage one."""
    row = framework_row(tx.session, case)
    for member in members_of(tx.session, row.id, "SHORTLISTED"):
        if member.document and desk.row(tx.session, member.document).state == "sealed":
            move_member(tx, row, member, "framework.signed")
            member.joined_at = tx.now
            tx.record(stream(row.id), "framework.joined", {"member": member.id, "document": member.document})
    tx.session.flush()
    return _settled(tx, row)


def _settled(tx: Tx, row: Framework) -> Payload:
    if row.state != "SHORTLISTED" or members_of(tx.session, row.id, "SHORTLISTED"):
        return {"state": row.state}
    row, step = guard(tx, row.id, "framework.settle")
    active = members_of(tx.session, row.id, "ACTIVE")
    if not active:
        row.failed_reason = "signed: 0"
        notice = publish(tx, row, "failure", {"name": row.name, "why": "signed", "count": 0})
        go(tx, row, step, "framework.failed", {"notice": notice.id, "why": "signed", "count": 0}, target="FAILED")
        return {"state": row.state}
    row.signed_at = tx.now
    warnings = shown(late(book_of(row, tx.now), "FA-07/sign", row.published_at or tx.now, tx.now))
    go(
        tx,
        row,
        step,
        "framework.settled",
        {"members": [one.id for one in active], "warnings": warnings},
        target="SIGNED",
    )
    jobs.plan(tx.session, tx.now, "framework.activate", row.id)
    last = due(book_of(row, tx.now), "FA-07/copy", tx.now)
    if last is not None:
        jobs.plan(tx.session, over(last), "framework.overdue", row.id, {"rule": "FA-07/copy"})
    return {"state": row.state}


@acting("framework.lapse")
def lapse(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: when the time to sign is over, whoever has not signed is out."""
    row = framework_row(tx.session, case)
    if row.state != "SHORTLISTED" or row.sign_until is None or tx.now < row.sign_until:
        return {}
    signed(tx, case, {})
    for member in members_of(tx.session, row.id, "SHORTLISTED"):
        move_member(tx, row, member, "framework.lapse")
        member.ended_at = tx.now
        if member.document and desk.row(tx.session, member.document).state == "open":
            desk.void_document(tx, member.document, "未在规定期限内签订")
        tx.record(stream(row.id), "framework.lapsed", {"member": member.id})
    tx.session.flush()
    return _settled(tx, row)


@acting("framework.activate")
def activate(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: the term begins; what a supplementary call brought goes into its agreement."""
    row = framework_row(tx.session, case)
    if row.state != "SIGNED":
        return {}
    row, step = guard(tx, case, "framework.activate")
    if row.parent:
        _join(tx, row)
        go(tx, row, step, "framework.merged", {"parent": row.parent}, target="JOINED")
        return {"state": row.state}
    start_term(tx, row)
    assert row.starts_on is not None and row.ends_on is not None
    body = {"starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat()}
    go(tx, row, step, "framework.activated", body, target="ACTIVE")
    return {"state": row.state}


def _join(tx: Tx, child: Framework) -> None:
    """Members and their prices, item by item in the same order, go over to the agreement they were called for."""
    parent = framework_row(tx.session, child.parent)
    items = {a.id: b.id for a, b in zip(items_of(tx.session, child.id), items_of(tx.session, parent.id), strict=True)}
    places = [one.place or 0 for one in members_of(tx.session, parent.id)]
    numbers = [one.number for one in members_of(tx.session, parent.id)]
    for step, member in enumerate(members_of(tx.session, child.id, "ACTIVE"), 1):
        for price in prices_of(tx, member).values():
            price.item_id = items[price.item_id]
        member.framework_id, member.place = parent.id, max(places) + step
        member.number = max(numbers) + step
        tx.record(stream(parent.id), "framework.joined", {"member": member.id, "call": child.id})
    tx.session.flush()


@acting("framework.copy", *machine.OWN)
def copy(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: the signed agreements are handed to the finance department, which reads them here; once, late or not."""
    fields.only(p)
    row, step = guard(tx, case, "framework.copy")
    if row.copied_at is not None:
        return {"at": row.copied_at.isoformat()}
    row.copied_at = tx.now
    warnings = shown(late(book_of(row, tx.now), "FA-07/copy", row.signed_at or row.solicited_at or tx.now, tx.now))
    documents = [
        {"member": one.id, "document": one.document, "sha256": desk.row(tx.session, one.document).head}
        for one in members_of(tx.session, row.id) if one.document
    ]  # fmt: skip
    go(tx, row, step, "framework.copied", {"documents": documents, "warnings": warnings})
    return {"at": tx.now.isoformat(), "warnings": warnings}


@acting("framework.overdue")
def overdue(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: {rule}: a duty's period is over; the ledger says whether it was done."""
    row, rule = framework_row(tx.session, case), str(p.get("rule", ""))
    done = {"FA-07/copy": row.copied_at, "FA-09/summary": row.summary_at}.get(rule)
    if rule not in ("FA-07/copy", "FA-09/summary") or done is not None:
        return {}
    tx.record(stream(row.id), "framework.late", {"rule": rule, "article": book_of(row, tx.now)[rule].article})
    return {"late": rule}


@acting("framework.expire")
def expire(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: the day after the last one."""
    row = framework_row(tx.session, case)
    if row.state not in ("ACTIVE", "OPEN_CALL") or row.ends_on is None or tx.now < over(row.ends_on):
        return {}
    row, step = guard(tx, case, "framework.expire")
    last = summary_by(row, tx.now)
    go(tx, row, step, "framework.expired", {"summary_by": last.isoformat() if last else ""})
    for member in members_of(tx.session, row.id, *machine.SUPPLYING):
        tell_changed(tx, member)
    if last is not None:
        jobs.plan(tx.session, over(last), "framework.overdue", row.id, {"rule": "FA-09/summary"})
    return {"state": row.state}


def summary_by(row: Framework, now: datetime) -> date | None:
    """Last day to publish the summary, None where this regime names none."""
    period = book_of(row, now).get("FA-09/summary")
    assert row.ends_on is not None
    return workdays(begins(row.ends_on), period.number) if period else None


@acting("framework.summary", *machine.OWN, signed=True)
def close_with_summary(tx: Tx, case: str, p: Payload) -> Payload:
    """{text?} → {notice, figures}: what was bought under it, computed from its purchases, and what is said about it."""
    fields.only(p, "text")
    row, step = guard(tx, case, "framework.summary")
    figures = summary.figures(tx.session, row)
    said = fields.text(p, "text", limit=2000, default="")
    last = summary_by(row, tx.now)
    row.summary_at = tx.now
    warnings = []
    if last is not None and day_of(tx.now) > last:
        period = book_of(row, tx.now)["FA-09/summary"]
        warnings = shown([period.breach(day_of(tx.now).isoformat(), required=f"≤ {last.isoformat()}")])
    notice = publish(tx, row, "summary", {"name": row.name, "text": said, **figures})
    go(tx, row, step, "framework.summed_up", {"notice": notice.id, "total": figures["total"], "warnings": warnings})
    return {"notice": notice.id, "figures": figures, "warnings": warnings}


def on_sealed(acts: Acts, entry: Entry) -> None:
    """An agreement that both have signed."""
    if entry.body.get("kind") == AGREEMENT:
        acts.act(TABLE["framework.signed"].fn, SYSTEM, entry.stream.removeprefix("framework:"), {})


LISTENERS = {"paper.sealed": on_sealed}
