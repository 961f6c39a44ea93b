"""What framework agreements put on a workbench: the solicitor's duties with their days, answers that suppliers owe,
purchases that wait for their buyer."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from certs.models import SigningDoc
from core.access import Actor, Role
from core.clock import CST
from trading.framework import machine
from trading.framework.entry import summary_by
from trading.framework.models import Framework, FrameworkMember, FrameworkNeed, FrameworkSealed
from trading.framework.states import book_of, due
from web.words import N_
from web.workbench import Item

SHOWN = 50
RUNNING = ("ACTIVE", "OPEN_CALL")


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day, time.max, CST) if day else None


def _item(title: str, href: str, subject: str, at: datetime | None = None, *, waiting: bool = False) -> Item:
    return Item(title=title, href=href, act=N_("Open"), subject=subject, due=at, waiting=waiting)


def solicitors(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Duties of the solicitor and its agency."""
    if not actor.org or not actor.has(*machine.OWN):
        return []
    mine = or_(Framework.org_id == actor.org, Framework.agency_org == actor.org)
    query = select(Framework, SigningDoc.state).join(SigningDoc, SigningDoc.id == Framework.report_doc, isouter=True)
    query = query.where(mine, Framework.state.in_(("OPENED", "REVIEWED", "EXPIRED", *RUNNING)))
    found: list[Item] = []
    rows = session.execute(query.order_by(Framework.created_at.desc()).limit(SHOWN)).all()
    for row, report in rows:
        item = _duty(row, report or "", now)
        if item is not None:
            found.append(item)
    return found + _applications(session, {row.id: row for row, _ in rows if row.state == "OPEN_CALL"}, now)


def _duty(row: Framework, report: str, now: datetime) -> Item | None:
    page = f"/frameworks/{row.id}"
    if row.state == "OPENED":
        return _item(N_("Review the responses"), f"{page}/review", row.name)
    if row.state == "REVIEWED":
        signed = report == "sealed"
        return _item(N_("Publish the shortlist"), f"{page}/review", row.name, waiting=not signed)
    if row.state == "EXPIRED":
        return _item(N_("Publish the closing summary"), page, row.name, _end(summary_by(row, now)))
    if row.copied_at is None and row.signed_at is not None:
        last = due(book_of(row, now), "FA-07/copy", row.signed_at)
        if last is not None:
            return _item(N_("Hand the copy to the finance department"), page, row.name, _end(last))
    return None


def _applications(session: Session, rows: dict[str, Framework], now: datetime) -> list[Item]:
    query = select(FrameworkMember).where(
        FrameworkMember.framework_id.in_(rows), FrameworkMember.state.in_(("APPLIED", "CHECKED"))
    )
    found = []
    for one in session.scalars(query.order_by(FrameworkMember.applied_at).limit(SHOWN)):
        row = rows[one.framework_id]
        checked = one.state == "CHECKED" and one.checked_at is not None
        rule, since = ("FA-11/list", one.checked_at or now) if checked else ("FA-11/check", one.applied_at)
        title = N_("Publish a supplier that may join") if checked else N_("Check an application to join")
        found.append(_item(title, f"/frameworks/{row.id}", row.name, _end(due(book_of(row, now), rule, since))))
    return found


def suppliers(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """What a supplier must unlock, quote for, or answer."""
    if not actor.org or not actor.has(Role.BIDDER):
        return []
    return [*_to_unlock(session, actor), *_purchases(session, actor)]


def _to_unlock(session: Session, actor: Actor) -> list[Item]:
    query = select(Framework).join(FrameworkSealed, FrameworkSealed.subject == Framework.id)
    query = query.where(FrameworkSealed.org_id == actor.org, FrameworkSealed.state == "received")
    query = query.where(FrameworkSealed.file_key == "", Framework.state == "RESPONSES").limit(SHOWN)
    title = N_("Unlock your response")
    return [_item(title, f"/frameworks/{row.id}/respond", row.name, row.unlock_until) for row in session.scalars(query)]


def _purchases(session: Session, actor: Actor) -> list[Item]:
    query = (
        select(FrameworkNeed, Framework.name, FrameworkMember.id)
        .join(Framework, Framework.id == FrameworkNeed.framework_id)
        .join(FrameworkMember, FrameworkMember.framework_id == Framework.id)
        .where(FrameworkMember.org_id == actor.org, FrameworkMember.state.in_(machine.SUPPLYING))
        .where(FrameworkNeed.state.in_(("QUOTING", "UNLOCKING", "OFFERED")))
        .order_by(FrameworkNeed.created_at.desc()).limit(SHOWN)
    )  # fmt: skip
    rows = session.execute(query).all()
    ids = [need.id for need, _, _ in rows]
    mine = (FrameworkSealed.subject.in_(ids), FrameworkSealed.org_id == actor.org, FrameworkSealed.state == "received")
    quoted = {one.subject: one for one in session.scalars(select(FrameworkSealed).where(*mine))}
    found = []
    for need, name, member in rows:
        href, invited = f"/frameworks/needs/{need.id}", any(one["member"] == member for one in need.invited)
        if need.state == "OFFERED" and need.member_id == member:
            found.append(_item(N_("Answer an offer of purchase"), href, name, need.offer_until))
        elif need.state == "QUOTING" and invited and need.id not in quoted:
            found.append(_item(N_("Quote in a mini-competition"), href, name, need.end_at))
        elif need.state == "UNLOCKING" and need.id in quoted and not quoted[need.id].file_key:
            found.append(_item(N_("Unlock your quote"), href, name, need.unlock_until))
    return found


def buyers(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Purchases to award, and results to publish."""
    if not actor.org or not actor.has(Role.TENDERER):
        return []
    open_result = (FrameworkNeed.state == "ACCEPTED") & FrameworkNeed.result_by.is_not(None)
    open_result &= FrameworkNeed.published_at.is_(None)
    query = select(FrameworkNeed, Framework.name).join(Framework, Framework.id == FrameworkNeed.framework_id)
    query = query.where(FrameworkNeed.buyer_org == actor.org, or_(FrameworkNeed.state == "RANKED", open_result))
    found = []
    for need, name in session.execute(query.order_by(FrameworkNeed.created_at.desc()).limit(SHOWN)):
        ranked = need.state == "RANKED"
        title = N_("Award a mini-competition") if ranked else N_("Publish the result of a purchase")
        found.append(_item(title, f"/frameworks/needs/{need.id}", name, None if ranked else _end(need.result_by)))
    return found
