"""Local numbers: thresholds, limits of direct purchase and its catalogue, periods. A trading centre keeps them, each
with its source, from a day on."""

from __future__ import annotations

from decimal import Decimal

from accounts.models import Org
from core import fields
from core.access import Role, denied
from core.acts import Tx
from core.clock import CST
from core.data import regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Refused, refuse_if
from trading.buying import rules
from trading.buying.guards import book_at
from trading.buying.models import REGIMES, Parameter
from trading.buying.rulebook import BY_CATEGORY, LOCAL
from trading.mall.categories import categories

LEVELS = 5
MOST = Decimal("100000000000")


@acting("parameter.set", Role.CENTRE)
def set_parameter(tx: Tx, case: str, p: Payload) -> Payload:
    """{rule, region, category?, regime?, value?, level?, effective_from, source} → {parameter}: a number for the
    centre's own region or a part of it. No value: from that day there is none (a category leaves the catalogue)."""
    fields.only(p, "rule", "region", "category", "regime", "value", "level", "effective_from", "source")
    rule, region = fields.choice(p, "rule", LOCAL), regions().check(fields.text(p, "region", limit=6)).code
    category = fields.text(p, "category", limit=9, default="").upper()
    if category:
        categories().get(category)
    if bool(category) != (rule in BY_CATEGORY):
        raise Unusable("category: this rule is " + ("about a category" if rule in BY_CATEGORY else "about no category"))
    _own_region(tx, region)
    regime = fields.choice(p, "regime", REGIMES) if p.get("regime") else ""
    value = fields.decimal(p, "value", least=Decimal(0), places=2) if p.get("value") not in (None, "") else None
    if value is not None and (value > MOST or (rule not in BY_CATEGORY and not 1 <= value <= 9999)):
        raise Unusable("value: out of range")
    level = fields.integer(p, "level", least=0, most=LEVELS, default=0)
    first = fields.day(p, "effective_from")
    refuse_if(rules.from_today(first, tx.now.astimezone(CST).date(), book_at(tx.now)))
    row = Parameter(
        rule=rule, region=region, category=category, regime=regime, value=value, level=level, effective_from=first,
        source=fields.text(p, "source"), set_by=tx.actor.person, set_at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    body = {"parameter": row.id, "rule": rule, "region": region, "category": category, "regime": regime,
            "value": None if value is None else plain(value), "level": level, "effective_from": first.isoformat(),
            "source": row.source}  # fmt: skip
    tx.record("platform", "parameter.set", body)
    return {"parameter": row.id}


def _own_region(tx: Tx, region: str) -> None:
    org = tx.session.get(Org, tx.actor.org)
    own = org.region if org else ""
    if not own or not regions().covers(own, region):
        raise Refused(denied("ACCESS", f"region {own or '-'}", region))
