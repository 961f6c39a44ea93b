"""A district's year before its platform: what a real district reported (1,237 mall orders of 82.87 million yuan, 2,693
framework suppliers, 49.55 million yuan bought of them), with made-up names and a printed seed.

It is history that was taken over, not lived through: rows in their last state, and one entry that says so with the
digest of the whole list. Nothing in it was signed here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from accounts.models import Org
from accounts.rules import AGREEMENT
from core import canon, codes
from core.acts import Tx
from core.clock import CST
from core.db import new_id
from core.money import plain
from trading.framework.models import Framework, FrameworkItem, FrameworkMember
from trading.order import tally
from trading.order.models import Order, OrderLine

SEED, YEAR, REGION = 20251231, 2025, "420112"
MALL = (1237, Decimal("82870000.00"))
FRAMEWORK = (2693, Decimal("49550000.00"))
CALLS = 412  # orders under agreements: a number that no seed document gives
BUYERS, SUPPLIERS = 46, 138
WAYS = (("direct", 70), ("quote", 20), ("auction", 10))
# Category, what was bought, unit, usual price in yuan.
GOODS = (
    ("A02010105", "台式计算机", "台", 5200), ("A02010108", "便携式计算机", "台", 6800),
    ("A02021003", "A4黑白打印机", "台", 1600),
    ("A02021301", "碎纸机", "台", 900), ("A02061804", "空调机", "台", 3900), ("A02020200", "投影仪", "台", 7400),
    ("A05010201", "办公桌", "张", 1450), ("A05010301", "办公椅", "把", 620), ("A05040101", "复印纸", "箱", 165),
    ("A02020400", "多功能一体机", "台", 2900), ("A05030505", "窗帘", "套", 780), ("A02010201", "路由器", "台", 2100),
    ("C21040000", "物业管理服务", "月", 38000), ("C23090199", "其他印刷服务", "批", 9600),
    ("A02061819", "热水器", "台", 1300),
)  # fmt: skip
AGREEMENTS = (
    ("A05040101", "复印纸"), ("C23090199", "印刷服务"), ("C23120301", "车辆维修和保养"), ("C23120302", "车辆加油"),
    ("C18040102", "财产保险"), ("C21040000", "物业管理"), ("C23010000", "法律服务"), ("C23030000", "审计服务"),
    ("C20020700", "资产评估"), ("C20020500", "工程造价"), ("A05010201", "办公家具"), ("C23120200", "办公设备维修"),
)  # fmt: skip
# What an open call says, as trading/framework/scheme.py keeps it.
TERMS = {
    "goods": "services", "months": 24, "basis": "price", "ways": ["direct"], "competitions": 1, "rate": "", "cap": None,
    "tie": "points", "rota": "rank", "unlock_hours": 24, "ground": "all_qualified", "override": "", "adjustment": "",
    "qualification": "", "documents": "",
}  # fmt: skip
Row = dict[str, Any]
Goods = tuple[str, str, str, int]
Deal = tuple[str, str, str, tuple[Goods, ...]]  # supplier, way, its row, what may be bought


def take_over(tx: Tx) -> Row:
    """{orders, suppliers, digest}: the whole year in one commit."""
    dice = random.Random(SEED)  # noqa: S311 - a printed seed, nothing secret
    buyers = _orgs(tx, "tenderer", "预算单位", BUYERS, 1)
    suppliers = _orgs(tx, "bidder", "商城供应商", SUPPLIERS, 1001)
    entered = _orgs(tx, "bidder", "框架协议供应商", FRAMEWORK[0], 2001)
    agreements = _agreements(tx, buyers[0], entered)
    orders = _orders(dice, MALL, buyers, lambda: (dice.choice(suppliers), _way(dice), "", GOODS))
    orders += _orders(dice, (CALLS, FRAMEWORK[1]), buyers, lambda: _called(dice, entered, agreements))
    orders.sort(key=lambda one: one["order"]["placed_at"])
    _number(orders)
    tx.session.execute(insert(Order), [one["order"] for one in orders])
    tx.session.execute(insert(OrderLine), [line for one in orders for line in one["lines"]])
    tally.recount(tx.session)
    told = [{"number": one["order"]["number"], "total": plain(one["order"]["total"])} for one in orders]
    found = {"orders": len(orders), "suppliers": len(entered), "digest": canon.sha256_hex(canon.dumps(told))}
    tx.record("platform", "history.taken_over", {"year": YEAR, "seed": SEED, **found})
    return found


def _orgs(tx: Tx, kind: str, name: str, count: int, first: int) -> list[str]:
    at = datetime(YEAR - 1, 12, 1, 9, 0, tzinfo=CST)
    department = "91" if kind == "bidder" else "11"
    rows = [
        {"id": new_id(), "name": f"演示{name}{n:04d}",
         "uscc": codes.make_uscc(f"{department}{REGION}MB1Y{first + n:05d}"),
         "kinds": [kind], "region": REGION, "address": "", "legal_person": "", "account_bank": "", "account_masked": "",
         "account_hash": "", "agreement": AGREEMENT, "agreed_at": at, "state": "verified", "suspended": False,
         "verified_at": at}
        for n in range(1, count + 1)
    ]  # fmt: skip
    tx.session.execute(insert(Org), rows)
    return [str(row["id"]) for row in rows]


def _agreements(tx: Tx, owner: str, entered: list[str]) -> dict[str, tuple[str, Goods]]:
    """Open calls with their suppliers, dealt out one by one: {supplier: (agreement, what it is for)}."""
    at = datetime(YEAR, 1, 6, 9, 0, tzinfo=CST)
    found: dict[str, tuple[str, Goods]] = {}
    calls = []
    for place, (category, name) in enumerate(AGREEMENTS, 1):
        row = Framework(number=f"KJ{YEAR}0106{place:04d}", name=f"{YEAR}年{name}框架协议", kind="open", regime="gov",
                        state="OPEN_CALL", org_id=owner, person_id="", region=REGION, created_at=at, solicited_at=at,
                        published_at=at, settings=TERMS, starts_on=at.date(),
                        ends_on=at.replace(year=YEAR + 2).date())  # fmt: skip
        tx.session.add(row)
        tx.session.flush()
        tx.session.add(FrameworkItem(framework_id=row.id, position=1, category=category, name=name,
                                     unit="次", ceiling=Decimal(400 * place)))  # fmt: skip
        calls.append((row.id, (category, name, "次", 400 * place)))
    members = []
    for place, org in enumerate(entered):
        found[org] = calls[place % len(calls)]
        members.append({"id": new_id(), "framework_id": found[org][0], "org_id": org, "person_id": "",
                        "state": "LISTED", "number": place // len(calls) + 1, "review": {}, "applied_at": at,
                        "checked_at": at, "joined_at": at + timedelta(days=9)})  # fmt: skip
    tx.session.execute(insert(FrameworkMember), members)
    return found


def _way(dice: random.Random) -> str:
    return dice.choices([way for way, _ in WAYS], [weight for _, weight in WAYS])[0]


def _called(dice: random.Random, entered: list[str], agreements: dict[str, tuple[str, Goods]]) -> Deal:
    org = dice.choice(entered)
    return org, "framework", agreements[org][0], (agreements[org][1],)


def _orders(dice: random.Random, goal: tuple[int, Decimal], buyers: list[str], whom: Callable[[], Deal]) -> list[Row]:
    """So many orders, whose sum is the goal to the fen: amounts as they are drawn, then each stretched alike."""
    count, whole = goal
    drawn = [Decimal(round(dice.lognormvariate(10, 1), 2)).quantize(Decimal("0.01")) for _ in range(count)]
    stretched = [(one * whole / sum(drawn)).quantize(Decimal("0.01")) for one in drawn]
    stretched[0] += whole - sum(stretched)
    return [_order(dice, total, dice.choice(buyers), whom()) for total in stretched]


def _order(dice: random.Random, total: Decimal, buyer: str, deal: Deal) -> Row:
    supplier, source, source_id, goods = deal
    at = datetime(YEAR, 1, 2, 9, 0, tzinfo=CST) + timedelta(days=dice.randrange(363), minutes=dice.randrange(480))
    competed = source != "direct"
    reference = (total * Decimal(dice.randint(102, 125)) / 100).quantize(Decimal("0.01")) if competed else None
    order = {
        "id": new_id(), "number": f"{at:%Y%m%d}", "buyer_org": buyer, "buyer_person": "", "supplier_org": supplier,
        "source": source, "source_id": source_id, "state": "RATED", "total": total, "reference": reference,
        "fiscal_year": YEAR, "region": REGION, "address": "（原系统结转）", "receiver": "—",
        "settings": {"history": True}, "note": "", "placed_at": at, "accepted": total, "invoiced": total, "paid": total,
        "settled_at": at + timedelta(days=30),
    }  # fmt: skip
    return {"order": order, "lines": _lines(dice, order, goods)}


def _lines(dice: random.Random, order: Row, goods: tuple[Goods, ...]) -> list[Row]:
    """One to three kinds of goods; the last line is one piece that makes up the order's total."""
    left, chosen = Decimal(order["total"]), dice.sample(goods, min(len(goods), dice.randint(1, 3)))
    lines = []
    for place, (category, name, unit, usual) in enumerate(chosen, 1):
        price = Decimal(usual * dice.randint(80, 120)) / 100
        quantity = int(left * Decimal("0.6") / price)
        if place == len(chosen) or quantity < 1:
            price, quantity = left, 1
        left -= price * quantity
        lines.append({
            "id": new_id(), "order_id": order["id"], "position": place, "item_id": "", "category": category,
            "name": name, "brand": "", "model": "", "specs": {}, "unit": unit if quantity > 1 else "批",
            "quantity": quantity, "price": price, "amount": price * quantity, "buyer_org": order["buyer_org"],
            "fiscal_year": YEAR, "shipped": quantity, "accepted": quantity,
        })  # fmt: skip
        if not left:
            break
    return lines


def _number(orders: list[Row]) -> None:
    """As placing numbers them: the day and a serial of the day."""
    serials: dict[str, int] = {}
    for one in orders:
        day = one["order"]["number"]
        serials[day] = serials.get(day, 0) + 1
        one["order"]["number"] = f"DD{day}{serials[day]:06d}"
