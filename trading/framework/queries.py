"""What pages and other rooms read of framework agreements, by audience and by time.

Before the responses are open nobody is told who answered; before the result is published only the solicitor and its
supervisors know the responders.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import Actor, Role
from core.doors import Payload, asking
from core.faults import Unusable
from core.money import plain
from trading.framework import machine
from trading.framework.models import (
    Framework,
    FrameworkItem,
    FrameworkMember,
    FrameworkMove,
    FrameworkNeed,
    FrameworkNotice,
    FrameworkPrice,
)
from trading.framework.states import framework_row, items_of, members_of, owns
from trading.mall.categories import covers
from trading.project.queries import org_names

SUPERVISORS = (Role.REGULATOR, Role.AUDITOR)
RESPONDERS_KNOWN = ("OPENED", "REVIEWED")
SHOWN = 20


def inner(row: Framework, actor: Actor) -> bool:
    """Solicitor, agency and supervisors: who reads the review."""
    return owns(row, actor) or actor.has(*SUPERVISORS)


def visible(row: Framework, actor: Actor) -> bool:
    return row.solicited_at is not None or inner(row, actor)


def seen(session: Session, framework: str, actor: Actor) -> Framework | None:
    """None for what this reader may not know of: a scheme is nobody else's until it is published."""
    row = session.get(Framework, framework)
    return row if row is not None and visible(row, actor) else None


def listed(session: Session, actor: Actor, *, text: str = "", tab: str = "", after: str = "") -> dict[str, Any]:
    """{items: [{row, org_name, members}], next}: newest first, by keyset. `tab`: running, soliciting, ended or own."""
    query = select(Framework, Org.name).join(Org, Org.id == Framework.org_id)
    if tab == "own" and actor.org:
        query = query.where(or_(Framework.org_id == actor.org, Framework.agency_org == actor.org))
        at = Framework.created_at
    else:
        query = query.where(Framework.solicited_at.is_not(None))
        at = Framework.solicited_at  # type: ignore[assignment]
    states = {"running": ("ACTIVE", "OPEN_CALL"), "soliciting": ("SOLICITED", "RESPONSES", "OPENED", "REVIEWED"),
              "ended": ("EXPIRED", "SUMMARY_PUBLIC", "FAILED", "TERMINATED")}.get(tab)  # fmt: skip
    if states:
        query = query.where(Framework.state.in_(states))
    if text:
        query = query.where(or_(Framework.name.contains(text, autoescape=True), Framework.number == text.upper()))
    if after:
        last = session.get(Framework, after)
        if last is None:
            raise Unusable("after: no such page")
        moment = last.created_at if tab == "own" and actor.org else last.solicited_at
        query = query.where(or_(at < moment, and_(at == moment, Framework.id < last.id)))
    rows = session.execute(query.order_by(at.desc(), Framework.id.desc()).limit(SHOWN + 1)).all()
    items = [{"row": row, "org_name": name} for row, name in rows[:SHOWN]]
    return {"items": items, "next": rows[SHOWN - 1][0].id if len(rows) > SHOWN else ""}


def stations(session: Session, row: Framework) -> list[dict[str, Any]]:
    """[{state, at, done}]: what was passed and when, then what still lies ahead on the straight way."""
    query = select(FrameworkMove).where(FrameworkMove.framework_id == row.id).order_by(FrameworkMove.position)
    moves = list(session.scalars(query))
    found = [{"state": machine.MACHINES[row.kind].first, "at": row.created_at, "done": True}]
    found += [{"state": one.target, "at": one.at, "done": True} for one in moves]
    if row.state in ("FAILED", "TERMINATED", "JOINED"):
        return found
    way = CLOSED_WAY if row.kind == "closed" else OPEN_WAY
    ahead = way[way.index(row.state) + 1 :]
    if row.parent and "SIGNED" in ahead:
        ahead = (*ahead[: ahead.index("SIGNED") + 1], "JOINED")
    return found + [{"state": one, "at": None, "done": False} for one in ahead]


CLOSED_WAY = (
    "SCHEME", "SOLICITED", "RESPONSES", "OPENED", "REVIEWED", "SHORTLISTED", "SIGNED", "ACTIVE", "EXPIRED",
    "SUMMARY_PUBLIC",
)  # fmt: skip
OPEN_WAY = ("SCHEME", "OPEN_CALL", "EXPIRED", "SUMMARY_PUBLIC")


def shown_to_all(row: Framework, member: FrameworkMember) -> bool:
    """Who entered or was to enter, once that is published: a closed agreement's with the shortlist, an open one's when
    they are listed."""
    known = ("SHORTLISTED", "LAPSED", "LEFT", *machine.PRESENT, "REMOVED")
    return member.state in known and (member.joined_at is not None or row.kind == "closed")


def members(session: Session, row: Framework, actor: Actor) -> list[dict[str, Any]]:
    """[{row, org_name, prices}]: to the public those who entered, from the published result on; all responders to the
    solicitor and supervisors once they are known; to a supplier itself its own place."""
    everybody = members_of(session, row.id)
    if not inner(row, actor):
        everybody = [
            one for one in everybody
            if shown_to_all(row, one)
            or (actor.org and one.org_id == actor.org and row.kind == "open")
        ]  # fmt: skip
    names, prices = org_names(session, (one.org_id for one in everybody)), _prices(session, everybody)
    return [{"row": one, "org_name": names[one.org_id].name, "prices": prices.get(one.id, {})} for one in everybody]


def _prices(session: Session, those: Iterable[FrameworkMember]) -> dict[str, dict[str, FrameworkPrice]]:
    found: dict[str, dict[str, FrameworkPrice]] = {}
    ids = [one.id for one in those]
    query = select(FrameworkPrice).where(FrameworkPrice.member_id.in_(ids), FrameworkPrice.ended_at.is_(None))
    for one in session.scalars(query):
        found.setdefault(one.member_id, {})[one.item_id] = one
    return found


def notices(session: Session, row: Framework) -> list[FrameworkNotice]:
    """What was published, the newest first."""
    query = select(FrameworkNotice).where(FrameworkNotice.framework_id == row.id)
    return list(session.scalars(query.order_by(FrameworkNotice.published_at.desc()).limit(200)))


def own_member(session: Session, row: Framework, actor: Actor) -> FrameworkMember | None:
    """The actor's place in it, the newest where it came back."""
    mine = (FrameworkMember.framework_id == row.id, FrameworkMember.org_id == actor.org)
    query = select(FrameworkMember).where(*mine).order_by(FrameworkMember.number.desc()).limit(1)
    return session.scalar(query) if actor.org else None


def needs_of(session: Session, row: Framework, actor: Actor, *, after: str = "") -> dict[str, Any]:
    """{items: [{row, buyer, supplier}], next}: one's own purchases, all of them for solicitor and supervisors."""
    query = select(FrameworkNeed).where(FrameworkNeed.framework_id == row.id)
    if not inner(row, actor):
        query = query.where(FrameworkNeed.buyer_org == actor.org)
    if after:
        last = session.get(FrameworkNeed, after)
        if last is None or last.framework_id != row.id:
            raise Unusable("after: no such page")
        older = and_(FrameworkNeed.created_at == last.created_at, FrameworkNeed.id < last.id)
        query = query.where(or_(FrameworkNeed.created_at < last.created_at, older))
    query = query.order_by(FrameworkNeed.created_at.desc(), FrameworkNeed.id.desc()).limit(SHOWN + 1)
    rows = list(session.scalars(query))
    by_id = {one.id: one.org_id for one in members_of(session, row.id)}
    names = org_names(session, [*(one.buyer_org for one in rows), *by_id.values()])
    items = [
        {"row": one, "buyer": names[one.buyer_org].name,
         "supplier": names[by_id[one.member_id]].name if one.member_id in by_id else ""}
        for one in rows[:SHOWN]
    ]  # fmt: skip
    return {"items": items, "next": rows[SHOWN - 1].id if len(rows) > SHOWN else ""}


def part_in(session: Session, need: FrameworkNeed, row: Framework, actor: Actor) -> str:
    """buyer, inner, supplier (invited or offered to) or "": as what this reader sees a purchase."""
    if actor.org and need.buyer_org == actor.org and actor.has(Role.TENDERER):
        return "buyer"
    if inner(row, actor):
        return "inner"
    member = own_member(session, row, actor) if actor.has(Role.BIDDER) else None
    asked = {one["member"] for one in need.invited} | set(need.tried)
    return "supplier" if member is not None and member.id in asked else ""


def supplying(session: Session, org: str) -> list[tuple[str, str]]:
    """(id, name) of the agreements that run and in which this organisation supplies now."""
    query = select(Framework.id, Framework.name).join(FrameworkMember, FrameworkMember.framework_id == Framework.id)
    query = query.where(FrameworkMember.org_id == org, FrameworkMember.state.in_(machine.SUPPLYING))
    found = session.execute(query.where(Framework.state.in_(machine.RUNNING)).order_by(Framework.name).distinct())
    return [(framework, name) for framework, name in found]


# -- for other rooms --------------------------------------------------------------------------------------------------


def agreement_price(
    session: Session, agreement: str, supplier_org: str, category: str, model: str = ""
) -> Decimal | None:
    """What this supplier may take for such an item under the agreement: its price in force for that model, else for the
    category where the agreement names no model; the lowest where several fit. None without one."""
    query = (
        select(FrameworkPrice, FrameworkItem.category)
        .join(FrameworkMember, FrameworkMember.id == FrameworkPrice.member_id)
        .join(FrameworkItem, FrameworkItem.id == FrameworkPrice.item_id)
        .where(
            FrameworkMember.framework_id == agreement, FrameworkMember.org_id == supplier_org,
            FrameworkMember.state.in_(machine.SUPPLYING), FrameworkPrice.ended_at.is_(None),
        )
    )  # fmt: skip
    fitting = [price for price, code in session.execute(query) if covers(code, category)]
    exact = [one.price for one in fitting if model and one.model == model]
    return min(exact or [one.price for one in fitting if not one.model], default=None)


@asking("framework.prices", Role.PUBLIC)
def ask_prices(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {items, members}: suppliers, items and prices in force of an agreement, as plain data."""
    row = framework_row(session, case)
    if not visible(row, actor):
        raise Unusable("framework: no such agreement")
    items = {one.id: one for one in items_of(session, row.id)}
    return {
        "items": [{"item": one.id, "category": one.category, "name": one.name, "unit": one.unit,
                   "ceiling": plain(one.ceiling)} for one in items.values()],
        "members": [
            {"org": one["row"].org_id, "name": one["org_name"], "state": one["row"].state,
             "prices": [{"item": item, "price": plain(price.price), "brand": price.brand, "model": price.model}
                        for item, price in one["prices"].items()]}
            for one in members(session, row, actor) if one["row"].state in machine.PRESENT
        ],
    }  # fmt: skip
