"""Coming in later: the supplementary call of a closed agreement, and an open agreement that anybody qualified may join
and leave at any time."""

from __future__ import annotations

from sqlalchemy import func, select

from accounts.models import Org
from core import fields, jobs
from core.access import Role, denied
from core.acts import Tx
from core.doors import Payload, acting
from core.rules import Refused, refuse_if, shown
from trading.framework import machine, rules
from trading.framework.facts import Remaining
from trading.framework.members import mine
from trading.framework.models import Framework, FrameworkItem, FrameworkMember, FrameworkPrice
from trading.framework.states import (
    book_of,
    day_of,
    due,
    framework_row,
    go,
    guard,
    items_of,
    late,
    member_row,
    members_of,
    move_member,
    number,
    over,
    own,
    publish,
    stream,
)
from trading.project.states import trading_org

ENDED = ("SUMMARY_PUBLIC", "FAILED", "TERMINATED", "JOINED")


@acting("framework.supplement", *machine.OWN, signed=True)
def supplement(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason} → {framework}: a supplementary call of the same items and terms, with a life of its own until those who
    sign go over to this agreement (FA-10)."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "framework.supplement")
    assert row.ends_on is not None
    joined = [one for one in members_of(tx.session, row.id) if one.joined_at is not None]
    left = [one for one in joined if one.state in machine.PRESENT]
    reason = fields.text(p, "reason", limit=500, default="")
    refuse_if(
        rules.may_call(Remaining(len(joined), len(left), reason, day_of(tx.now), row.ends_on), book_of(row, tx.now))
    )
    if row.parent or tx.session.scalar(
        select(Framework.id).where(Framework.parent == row.id, Framework.state.not_in(ENDED)).limit(1)
    ):
        raise Refused(book_of(row, tx.now)["FH-TWICE"].breach(row.number, required="-"))
    child = Framework(
        number=number(tx, Framework, "KJ"), name=f"{row.name}（补充征集）"[:120], kind="closed", regime=row.regime,
        state="SCHEME", org_id=row.org_id, agency_org=row.agency_org, person_id=tx.actor.person, region=row.region,
        parent=row.id, settings=dict(row.settings), created_at=tx.now,
    )  # fmt: skip
    tx.session.add(child)
    tx.session.flush()
    for one in items_of(tx.session, row.id):
        tx.session.add(
            FrameworkItem(framework_id=child.id, position=one.position, category=one.category, name=one.name,
                          specs=one.specs, unit=one.unit, ceiling=one.ceiling, weight=one.weight)
        )  # fmt: skip
    body = {"call": child.id, "reason": reason, "signed": len(joined), "left": len(left)}
    go(tx, row, step, "framework.supplemented", body)
    tx.record(stream(child.id), "framework.planned", {"framework": child.id, "number": child.number, "parent": row.id})
    return {"framework": child.id}


# -- the open kind ----------------------------------------------------------------------------------------------------


@acting("framework.apply", Role.BIDDER, signed=True)
def apply(tx: Tx, case: str, p: Payload) -> Payload:
    """{statement} → {member}: an application at any time of the term; what it must show stands in the notice."""
    fields.only(p, "statement")
    row, step = guard(tx, case, "framework.apply")
    org = trading_org(tx.session, tx.actor.org)
    assert row.starts_on is not None and row.ends_on is not None
    refuse_if(rules.inside(day_of(tx.now), row.starts_on, row.ends_on, book_of(row, tx.now)))
    if org.id in (row.org_id, row.agency_org):
        raise Refused(denied("FH-OWN", "bidder", org.name))
    mine_here = (FrameworkMember.framework_id == row.id, FrameworkMember.org_id == org.id)
    waiting = ("APPLIED", "CHECKED", *machine.PRESENT)
    if tx.session.scalar(select(FrameworkMember.id).where(*mine_here, FrameworkMember.state.in_(waiting)).limit(1)):
        raise Refused(book_of(row, tx.now)["FH-TWICE"].breach(org.name, required="-"))
    last = tx.session.scalar(select(func.max(FrameworkMember.number)).where(FrameworkMember.framework_id == row.id))
    member = FrameworkMember(
        framework_id=row.id, org_id=org.id, person_id=tx.actor.person, state="APPLIED", number=(last or 0) + 1,
        statement=fields.text(p, "statement", limit=1000), applied_at=tx.now,
    )  # fmt: skip
    tx.session.add(member)
    tx.session.flush()
    go(tx, row, step, "framework.applied", {"member": member.id})
    _watch(tx, row, member, "FA-11/check")
    return {"member": member.id}


def _watch(tx: Tx, row: Framework, member: FrameworkMember, rule: str) -> None:
    last = due(book_of(row, tx.now), rule, tx.now)
    if last is not None:
        jobs.plan(tx.session, over(last), "framework.member_late", row.id, {"member": member.id, "rule": rule})


@acting("framework.member_late")
def member_late(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: {member, rule}: an application was not checked, or not listed, within its days."""
    row = framework_row(tx.session, case)
    member = member_row(tx.session, row, str(p.get("member", "")))
    waits = {"FA-11/check": "APPLIED", "FA-11/list": "CHECKED"}.get(str(p.get("rule")))
    if member.state != waits:
        return {}
    article = book_of(row, tx.now)[str(p["rule"])].article
    tx.record(stream(row.id), "framework.late", {"rule": p["rule"], "article": article, "member": member.id})
    return {"late": p["rule"]}


@acting("framework.check", *machine.OWN)
def check(tx: Tx, case: str, p: Payload) -> Payload:
    """{member, pass, reason?} → {state, warnings}: within 7 working days (FA-11)."""
    fields.only(p, "member", "pass", "reason")
    row = own(tx, case)
    own_book = book_of(row, tx.now)
    member, passed = member_row(tx.session, row, fields.text(p, "member", limit=16)), fields.yes_no(p, "pass")
    reason = fields.text(p, "reason", limit=500, default="")
    if not passed and not reason:
        raise Refused(own_book["FH-REASON"].breach("-", required="reason", field="reason"))
    warnings = shown(late(own_book, "FA-11/check", member.applied_at, tx.now))
    move_member(tx, row, member, "framework.check", target="CHECKED" if passed else "REFUSED")
    member.checked_at, member.reason = tx.now, reason
    body = {"member": member.id, "pass": passed, "reason": reason, "warnings": warnings}
    tx.record(stream(row.id), "framework.checked", body)
    tx.publish(f"me:{member.person_id}", "framework.checked", {"framework": row.id})
    if passed:
        _watch(tx, row, member, "FA-11/list")
    return {"state": member.state, "warnings": warnings}


@acting("framework.list", *machine.OWN, signed=True)
def list_member(tx: Tx, case: str, p: Payload) -> Payload:
    """{member} → {notice, warnings}: published within 2 working days; it supplies from now on, at the prices of the
    notice."""
    fields.only(p, "member")
    row = own(tx, case)
    member = member_row(tx.session, row, fields.text(p, "member", limit=16))
    assert member.checked_at is not None or member.state == "APPLIED"
    move_member(tx, row, member, "framework.list")
    warnings = shown(late(book_of(row, tx.now), "FA-11/list", member.checked_at or tx.now, tx.now))
    member.joined_at = tx.now
    for item in items_of(tx.session, row.id):
        price = FrameworkPrice(member_id=member.id, item_id=item.id, price=item.ceiling, since=tx.now)
        tx.session.add(price)
    notice = publish(tx, row, "listing", {"supplier": tx.session.get_one(Org, member.org_id).name})
    body = {"member": member.id, "notice": notice.id, "warnings": warnings}
    tx.record(stream(row.id), "framework.listed", body)
    return {"notice": notice.id, "warnings": warnings}


@acting("framework.leave", Role.BIDDER, signed=True)
def leave(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason?} → {}: an open agreement may be left at any time."""
    fields.only(p, "reason")
    row = framework_row(tx.session, case)
    if row.kind != "open":
        raise Refused((book_of(row, tx.now).get("FA-12/quit") or book_of(row, tx.now)["FA-12/cause"]).breach("closed"))
    member = mine(tx, row, "APPLIED", "CHECKED", "LISTED")
    listed = member.state == "LISTED"
    move_member(tx, row, member, "framework.leave")
    member.ended_at, member.reason = tx.now, fields.text(p, "reason", limit=500, default="")
    if listed:
        publish(tx, row, "left", {"supplier": tx.actor.org_name, "state": "LEFT", "cause": "", "reason": member.reason})
    tx.record(stream(row.id), "framework.left", {"member": member.id, "reason": member.reason})
    return {}
