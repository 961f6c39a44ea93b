"""Framework agreements for suppliers and buyers: the desk that seals responses and quotes, buying under an agreement,
one purchase from its need to its order."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g
from sqlalchemy.orm import Session

from accounts.models import Org
from core import canon, data
from core.access import Role
from core.money import plain
from trading.deadline import ends
from trading.framework import machine, mini, needs, picks, queries, sealed
from trading.framework.models import Framework, FrameworkMember, FrameworkNeed
from trading.framework.states import begins, book_of, items_of, members_of, workdays
from trading.order.models import Order
from trading.project.queries import org_names
from web.front import permit, reading, wired
from web.pages.bids import WORDS as SEALING
from web.pages.bids import is_manager, own_key
from web.pages.frameworks import seen, shown
from web.words import N_

blueprint = Blueprint("framework_supply", __name__)
WORDS = (
    *SEALING,
    N_("Seal and hand in the response"), N_("Sealed response"), N_("Seal and hand in the quote"),
    N_("The response was received. The receipt is saved on this computer."),
    N_("Unlock the response"), N_("Unlocked. It is opened when all have unlocked, or when the time is over."),
    N_("The price of “%(name)s” must be a number with at most two decimals."),
    N_("The price of “%(name)s” is above %(ceiling)s."),
)  # fmt: skip


def desk_of(
    session: Session, subject: str, acts: dict[str, str], items: list[dict[str, Any]], back: str
) -> dict[str, Any]:
    """What the sealing page needs: own versions, the key, items with what they may not exceed."""
    versions = sealed.shelf_of(subject).versions(session, g.actor.org)
    live = next((one for one in versions if one.state == "received"), None)
    held = own_key(session)
    settings: dict[str, Any] = {
        "subject": subject, "org": g.actor.org, "key": held, "acts": acts, "items": items, "back": back,
        "manifest": live.manifest if live else None,
    }  # fmt: skip
    return {"versions": versions, "live": live, "held": held, "manager": is_manager(session), "settings": settings,
            "demo": wired().config.demo}  # fmt: skip


@blueprint.get("/frameworks/<framework>/respond")
@permit(Role.BIDDER)
def respond(framework: str) -> str:
    """The supplier's desk of a closed solicitation: one's own response only."""
    session, row = reading(), seen(framework)
    if row.kind != "closed" or row.solicited_at is None or g.actor.org in (row.org_id, row.agency_org):
        abort(404)
    items = [{"id": one.id, "name": one.name, "specs": one.specs, "unit": one.unit, "ceiling": plain(one.ceiling)}
             for one in items_of(session, row.id)]  # fmt: skip
    acts = {"submit": "framework.respond", "withdraw": "framework.withdraw", "unlock": "framework.unlock"}
    desk = desk_of(session, row.id, acts, items, f"/frameworks/{row.id}")
    phase = "open" if row.state == "SOLICITED" and row.deadline and g.now < row.deadline else \
        "unlock" if row.state == "RESPONSES" and row.unlock_until and g.now < row.unlock_until else "over"  # fmt: skip
    return shown(
        "respond.html", WORDS, row=row, need=None, desk=desk, items=items, phase=phase, until=row.deadline,
        unlock_until=row.unlock_until, title=row.name, owner=session.get_one(Org, row.org_id),
    )  # fmt: skip


@blueprint.get("/frameworks/receipts/<subject>/<response>")
@permit(Role.BIDDER)
def receipt(subject: str, response: str) -> Response:
    """One's own receipt in the bytes that were signed, for `flask verify`."""
    found = next((one for one in sealed.shelf_of(subject).versions(reading(), g.actor.org) if one.id == response), None)
    if found is None:
        abort(404)
    answer = Response(canon.dumps(found.receipt), mimetype="application/json")
    name = f"receipt-{response}-v{found.version}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.get("/frameworks/<framework>/buy")
@permit(Role.TENDERER)
def buy(framework: str) -> str:
    """The second stage: each way that the agreement names, with suppliers and prices side by side."""
    session, row = reading(), seen(framework)
    if row.state not in machine.RUNNING:
        abort(404)
    supplying = members_of(session, row.id, *machine.SUPPLYING)
    names, prices = org_names(session, (one.org_id for one in supplying)), needs.current_prices(session, supplying)
    own = book_of(row, g.now)
    listed = [{"row": one, "name": names[one.org_id].name, "prices": prices[one.id]} for one in supplying]
    return shown(
        "buy.html", row=row, items=items_of(session, row.id), listed=listed, order=picks.order_of(session, row),
        earliest=begins(workdays(g.now, own["FH-QUOTE"].number)), place=data.regions().full_name(row.region),
        offer_days=own["FH-OFFER"].number,
    )  # fmt: skip


def _members(session: Session, row: Framework, need: FrameworkNeed) -> dict[str, dict[str, Any]]:
    """{member: {name, number}} of all who stand in this purchase."""
    wanted = {one["member"] for one in need.invited} | set(need.tried)
    found = [one for one in members_of(session, row.id) if one.id in wanted]
    names = org_names(session, (one.org_id for one in found))
    return {one.id: {"name": names[one.org_id].name, "number": one.number} for one in found}


@blueprint.get("/frameworks/needs/<need>")
@permit(Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.REGULATOR, Role.AUDITOR)
def need(need: str) -> str:
    """One purchase as its buyer, its suppliers and the supervisors see it."""
    session = reading()
    one = session.get(FrameworkNeed, need)
    row = session.get_one(Framework, one.framework_id) if one is not None else None
    part = queries.part_in(session, one, row, g.actor) if one is not None and row is not None else ""
    if one is None or row is None or not part:
        abort(404)
    mine = queries.own_member(session, row, g.actor) if part == "supplier" else None
    people = _members(session, row, one)
    if mine is not None:  # a supplier learns of no other one before the result is public
        people = {member: who for member, who in people.items() if member == mine.id}
    return shown(
        "need.html", WORDS, need=one, breaks=ends.breaks(session, one.id), row=row, part=part, mine=mine, people=people,
        items={item.id: item for item in items_of(session, row.id)}, buyer=session.get_one(Org, one.buyer_org),
        order=session.get(Order, one.order_id) if one.order_id else None, place=data.regions().full_name(one.region),
        lowest=mini.lowest(one) if one.state == "RANKED" else [], desk=_quoting(session, one, row, mine),
        offered=mine is not None and one.state == "OFFERED" and one.member_id == mine.id,
    )  # fmt: skip


def _quoting(
    session: Session, need: FrameworkNeed, row: Framework, mine: FrameworkMember | None
) -> dict[str, Any] | None:
    """The sealing desk of an invited supplier."""
    asked = next((one for one in need.invited if mine is not None and one["member"] == mine.id), None)
    if asked is None or need.state not in ("QUOTING", "UNLOCKING"):
        return None
    found = {one.id: one for one in items_of(session, row.id)}
    items = [
        {"id": item, "name": found[item].name, "specs": found[item].specs, "unit": found[item].unit, "ceiling": ceiling}
        for item, ceiling in asked["ceilings"].items()
    ]
    acts = {"submit": "framework.quote", "withdraw": "framework.quote_withdraw", "unlock": "framework.quote_unlock"}
    return desk_of(session, need.id, acts, items, f"/frameworks/needs/{need.id}") | {"items": items}
