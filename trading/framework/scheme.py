"""The scheme of an agreement and its solicitation: what is bought, how long, how it is decided and bought later."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select

from core import fields, jobs
from core.access import Role, denied
from core.acts import Tx
from core.data import regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, Refused, refuse_if
from trading.framework import machine, rules
from trading.framework.models import Framework, FrameworkItem
from trading.framework.states import (
    book_of,
    day_of,
    go,
    guard,
    items_of,
    number,
    over,
    printed,
    publish,
    scheme_of,
    stream,
)
from trading.mall.categories import categories
from trading.project.states import trading_org

GOODS, BASES, WAYS = ("goods", "services"), ("price", "quality"), ("direct", "mini", "rota")
# How equals are told apart: by the reviewers' points, by the reviewers' own order with a reason, or all of them leave.
TIES, ROTAS = ("points", "reviewers", "out"), ("rank", "draw")
_TEXTS = ("ground", "override", "adjustment", "qualification", "documents")
_KEYS = (
    "name", "goods", "months", "basis", "ways", "competitions", "rate", "cap", "tie", "rota", "unlock_hours", *_TEXTS,
)  # fmt: skip


def _settings(p: Payload) -> dict[str, Any]:
    """What the solicitation says. `rate`: percent, "" for the law's own. `cap`: most suppliers, null for none."""
    ways = [str(one) for one in fields.items(p, "ways", most=len(WAYS))]
    if not ways or not set(ways) <= set(WAYS) or len(set(ways)) != len(ways):
        raise Unusable("ways: one or more of direct, mini, rota are expected")
    rate = plain(fields.decimal(p, "rate", least=Decimal(0), places=2)) if p.get("rate") else ""
    if rate and Decimal(rate) >= 100:
        raise Unusable("rate: out of range")
    return {
        "goods": fields.choice(p, "goods", GOODS),
        "months": fields.integer(p, "months", least=1, most=60),
        "basis": fields.choice(p, "basis", BASES),
        "ways": ways,
        "competitions": fields.integer(p, "competitions", least=1, most=2, default=1),
        "rate": rate,
        "cap": fields.integer(p, "cap", least=1, most=500) if p.get("cap") else None,
        "tie": fields.choice(p, "tie", TIES),
        "rota": fields.choice(p, "rota", ROTAS) if "rota" in ways else "rank",
        "unlock_hours": fields.integer(p, "unlock_hours", least=1, most=120, default=24),
        **{key: printed(p, key, limit=2000, default="") for key in _TEXTS},
    }


@acting("framework.plan", *machine.OWN)
def plan(tx: Tx, case: str, p: Payload) -> Payload:
    """{kind, regime, region, agency_org? | tenderer_org?, and what `framework.edit` takes} → {framework, number}."""
    fields.only(p, "kind", "regime", "region", "agency_org", "tenderer_org", *_KEYS)
    tenderer, agency = tx.actor.org, fields.text(p, "agency_org", limit=16, default="")
    if not tx.actor.has(Role.TENDERER):
        tenderer, agency = fields.text(p, "tenderer_org", limit=16), tx.actor.org
    if "tenderer" not in trading_org(tx.session, tenderer).kinds:
        raise Refused(denied("FH-OWN", "tenderer", tenderer))
    if agency and "agency" not in trading_org(tx.session, agency).kinds:
        raise Unusable("agency_org: not an agency")
    region = regions().check(fields.text(p, "region", limit=6)).code
    row = Framework(
        number=number(tx, Framework, "KJ"), name=printed(p, "name", limit=120), state="SCHEME",
        kind=fields.choice(p, "kind", ("closed", "open")), regime=fields.choice(p, "regime", ("gov", "soe")),
        org_id=tenderer, agency_org=agency, person_id=tx.actor.person, region=region, settings=_settings(p),
        created_at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    body = {"framework": row.id, "number": row.number, "name": row.name, "kind": row.kind, "regime": row.regime}
    tx.record(stream(row.id), "framework.planned", body)
    return {"framework": row.id, "number": row.number}


@acting("framework.edit", *machine.OWN)
def edit(tx: Tx, case: str, p: Payload) -> Payload:
    """{name, goods, months, basis, ways, competitions, rate, cap, tie, rota, unlock_hours, texts} → {}."""
    fields.only(p, *_KEYS)
    row, step = guard(tx, case, "framework.edit")
    if row.parent:
        raise Refused(book_of(row, tx.now)["FH-TWICE"].breach(row.parent, required="-"))
    row.name, row.settings = printed(p, "name", limit=120), _settings(p)
    go(tx, row, step, "framework.edited", {"settings": row.settings})
    return {}


@acting("framework.item", *machine.OWN)
def add_item(tx: Tx, case: str, p: Payload) -> Payload:
    """{category, name, specs?, unit, ceiling, weight?} → {item}: what is bought, with its highest unit price."""
    fields.only(p, "category", "name", "specs", "unit", "ceiling", "weight")
    row, step = guard(tx, case, "framework.edit")
    category = categories().get(fields.text(p, "category", limit=9).upper())
    if category.doubtful:
        raise Unusable("category: not one whose name is known")
    if row.parent:
        raise Refused(book_of(row, tx.now)["FH-TWICE"].breach(row.parent, required="-"))
    last = tx.session.scalar(select(func.max(FrameworkItem.position)).where(FrameworkItem.framework_id == row.id))
    if (last or 0) >= 200:
        raise Unusable("items: a list of at most 200 is expected")
    item = FrameworkItem(
        framework_id=row.id, position=(last or 0) + 1, category=category.code,
        name=printed(p, "name", limit=120), specs=fields.text(p, "specs", limit=500, default=""),
        unit=printed(p, "unit", limit=10), weight=fields.integer(p, "weight", least=1, most=10**6, default=1),
        ceiling=fields.decimal(p, "ceiling", least=Decimal("0.01"), places=2),
    )  # fmt: skip
    tx.session.add(item)
    tx.session.flush()
    go(tx, row, step, "framework.item_added", {"item": item.id, "category": item.category, "name": item.name,
       "ceiling": plain(item.ceiling), "weight": item.weight})  # fmt: skip
    return {"item": item.id}


@acting("framework.item_drop", *machine.OWN)
def drop_item(tx: Tx, case: str, p: Payload) -> Payload:
    """{item}: taken out of the scheme again."""
    fields.only(p, "item")
    row, step = guard(tx, case, "framework.edit")
    item = tx.session.get(FrameworkItem, fields.text(p, "item", limit=16))
    if item is None or item.framework_id != row.id or row.parent:
        raise Unusable("item: no such item in this scheme")
    tx.session.execute(delete(FrameworkItem).where(FrameworkItem.id == item.id))
    go(tx, row, step, "framework.item_dropped", {"item": item.id})
    return {}


def blocked(tx_session: Any, row: Framework, now: datetime) -> list[Breach]:
    """What stands against the solicitation as the scheme is now."""
    return rules.scheme(scheme_of(tx_session, row), book_of(row, now))


@acting("framework.solicit", *machine.OWN, signed=True)
def solicit(tx: Tx, case: str, p: Payload) -> Payload:
    """{deadline?} → {notice}: 征集公告. A closed one names the end of the responses; an open one is open at once."""
    fields.only(p, "deadline")
    row, step = guard(tx, case, "framework.solicit")
    broken = blocked(tx.session, row, tx.now)
    if row.kind == "closed":
        deadline = fields.moment(p, "deadline")
        if deadline <= tx.now:
            raise Unusable("deadline: out of range")
        broken += rules.long_enough((day_of(deadline) - day_of(tx.now)).days, book_of(row, tx.now))
        row.deadline, row.unlock_until = deadline, deadline + timedelta(hours=row.settings["unlock_hours"])
    refuse_if(broken)
    row.solicited_at = tx.now
    if row.kind == "closed":
        assert row.deadline is not None
        jobs.plan(tx.session, row.deadline, "framework.close", row.id)
    elif row.kind == "open":
        start_term(tx, row)
    notice = publish(tx, row, "call" if row.parent else "solicitation", announced(tx, row))
    go(tx, row, step, "framework.solicited", {"notice": notice.id, "sha256": notice.sha256,
       "deadline": row.deadline.isoformat() if row.deadline else ""})  # fmt: skip
    return {"notice": notice.id}


def announced(tx: Tx, row: Framework) -> dict[str, Any]:
    """The notice's body: everything a responder must know."""
    cut = rules.cut_of(scheme_of(tx.session, row), book_of(row, tx.now)) if row.kind == "closed" else None
    return {
        "name": row.name, "number": row.number, "kind": row.kind, "regime": row.regime,
        "settings": row.settings, "rate": str(cut.rate) if cut else "",
        "deadline": row.deadline.isoformat() if row.deadline else "",
        "unlock_until": row.unlock_until.isoformat() if row.unlock_until else "",
        "items": [{"name": one.name, "category": one.category, "specs": one.specs, "unit": one.unit,
                   "ceiling": plain(one.ceiling), "weight": one.weight} for one in items_of(tx.session, row.id)],
    }  # fmt: skip


def start_term(tx: Tx, row: Framework) -> None:
    """From today, for the months of the solicitation; a supplementary call ends with its agreement."""
    row.starts_on = day_of(tx.now)
    months = row.starts_on.month - 1 + row.settings["months"]
    year, month = row.starts_on.year + months // 12, months % 12 + 1
    # the day before the same day; a month that is shorter ends on its last day
    first_after = row.starts_on.replace(year=year, month=month, day=1)
    row.ends_on = min(first_after + timedelta(days=row.starts_on.day - 2), _month_end(first_after))
    jobs.plan(tx.session, over(row.ends_on), "framework.expire", row.id)


def _month_end(first: Any) -> Any:
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


@acting("framework.terminate", *machine.OWN, signed=True)
def terminate(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: ended before the responses are opened; what was handed in stays sealed."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "framework.terminate")
    row.failed_reason = fields.text(p, "reason", limit=300)
    if row.solicited_at is not None:
        publish(tx, row, "failure", {"name": row.name, "reason": row.failed_reason})
    go(tx, row, step, "framework.terminated", {"reason": row.failed_reason})
    return {}
