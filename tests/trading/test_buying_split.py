"""Splitting (实施条例 art. 28): the boundary to the fen, and a generated year beside brute force."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.rules import Refused
from tests.trading.buying_world import BUYER, CHAIR, LAPTOP, NOW, OTHER, PC, PRINTER, Mall, mall_of
from trading.buying import limits, queries, rules
from trading.buying.facts import Local, Year
from trading.buying.guards import Numbers
from trading.buying.models import Parameter, PurchaseLine, SplitFlag
from trading.buying.rulebook import RULES
from trading.mall.categories import categories
from trading.order.models import Order, OrderLine
from trading.order.placing import Line, Placing, place

CLERK = "经办人"
DAY = date(2026, 3, 2)


@pytest.fixture
def mall(world) -> Mall:
    found = mall_of(world)
    found.budget("9000000")
    found.free()
    return found


def threshold(value: str, category: str = "A", level: int = 0, region: str = "42", first: date = DAY) -> Local:
    return Local("BUY-SPLIT", region, category, "", Decimal(value), level, first, "地方标准")


@pytest.mark.parametrize(
    ("before", "more", "warned"),
    [
        ("0", "100", False),
        ("0", "100.01", True),
        ("99.99", "0.01", False),
        ("99.99", "0.02", True),
        ("100", "0.01", True),
    ],
)
def test_the_boundary(before: str, more: str, warned: bool) -> None:
    found = rules.split(Year(PC, Decimal(before), Decimal(more)), threshold("100"), RULES.at(DAY))
    assert [(one.rule, one.action) for one in found] == ([("BUY-SPLIT", "W")] if warned else [])


def test_the_threshold_is_of_region_category_regime_and_day() -> None:
    rows = [
        threshold("1"), threshold("2", region="4201"), threshold("3", "A02010000"),
        threshold("4", first=DAY + timedelta(1)),
        Local("BUY-SPLIT", "42", "A", "enterprise", Decimal(5), 0, DAY, "企业"),
    ]  # fmt: skip

    def value(region: str, category: str, regime: str = "government", day: date = DAY) -> Decimal | None:
        found = rules.in_force(rows, "BUY-SPLIT", day, region, category, regime)
        return found.value if found else None

    assert value("420300", CHAIR) == 1
    assert value("420112", CHAIR) == 2, "the nearer region"
    assert value("420300", PC) == 3, "the deeper category"
    assert value("420300", CHAIR, day=DAY + timedelta(1)) == 4, "from its day on"
    assert value("420300", CHAIR, "enterprise") == 5
    assert value("110101", CHAIR) is None and value("420300", "C01010000") is None
    assert value("420300", CHAIR, day=DAY - timedelta(1)) is None


def test_a_warning_needs_a_reason_and_flags_for_the_regulator(mall: Mall) -> None:
    mall.number("BUY-SPLIT", "1000", "A", level=3)
    pc, laptop = mall.item("投标人甲", PC, "600"), mall.item("投标人乙", LAPTOP, "400.01")
    for item in (pc, laptop):
        mall.do(CLERK, "cart.put", item=item, quantity=1)
    assert mall.ask(CLERK, pc)["warnings"] == []
    with pytest.raises(Refused) as caught:
        mall.ask(CLERK, laptop)
    assert [(b.rule, b.required, b.found) for b in caught.value.breaches] == [
        ("BUY-SPLIT", "≤ 1,000.00元", "1,000.01元")
    ]
    done = mall.ask(CLERK, laptop, reason="追加的应急项目")
    assert [one["rule"] for one in done["warnings"]] == ["BUY-SPLIT"]
    with mall.world.read() as session:
        flag = session.query(SplitFlag).one()
        assert (flag.total, flag.threshold, flag.reason) == (Decimal("1000.01"), 1000, "追加的应急项目")
        shown, more = queries.flags(session, 2026)
        assert ([one["org_name"] for one in shown], more) == ([BUYER], "")


def test_what_waits_counts_and_what_was_cancelled_or_taken_back_does_not(mall: Mall) -> None:
    mall.number("BUY-SPLIT", "1000", "A")
    mall.do(BUYER, "chain.set", least="0", steps=[{"name": "审批", "duty": "manager"}])
    item = mall.item("投标人甲", PC, "600")
    mall.do(CLERK, "cart.put", item=item, quantity=1)
    waiting = mall.ask(CLERK, item)["purchase"]
    mall.do(CLERK, "cart.put", item=item, quantity=1)
    with pytest.raises(Refused, match="BUY-SPLIT"):
        mall.ask(CLERK, item)
    mall.do(CLERK, "purchase.recall", waiting)
    placed = mall.ask(CLERK, item)["purchase"]
    order = mall.do(BUYER, "purchase.approve", placed)["orders"][0]
    mall.do(CLERK, "cart.put", item=item, quantity=1)
    with pytest.raises(Refused, match="BUY-SPLIT"):
        mall.ask(CLERK, item)
    with mall.world.read() as session, session.begin():
        session.get_one(Order, order).state = "CANCELLED"
    assert mall.ask(CLERK, item)["warnings"] == []


def test_another_year_and_another_buyer_begin_at_nothing(mall: Mall) -> None:
    mall.number("BUY-SPLIT", "1000", "A")
    mall.budget("9000", year=2027)
    mall.budget("9000", org=OTHER)
    mall.free(org=OTHER)
    item = mall.item("投标人甲", PC, "600")
    for who, moment in ((BUYER, NOW), (OTHER, NOW), (BUYER, NOW.replace(year=2027, month=1, day=1, hour=0))):
        mall.stage.at(moment)
        mall.do(who, "cart.put", item=item, quantity=1)
        assert mall.ask(who, item)["warnings"] == []


def test_every_code_begins_with_the_stem_of_all_above_it() -> None:
    """The sums asked of the database go by the beginning of a code: it must be the same as the list's tree."""
    known = categories()
    for code in known.by_code:
        above = [one.code for one in known.path(code)]
        assert all(rules.covers(one, code) for one in above)
        for level, one in enumerate(above, 1):
            assert rules.group_of(code, level) == one
    codes = sorted(known.by_code)
    for code in codes[::97]:
        assert {one for one in codes if rules.covers(one, code)} == {one.code for one in known.path(code)}


CODES = (PC, LAPTOP, PRINTER, CHAIR)
PIECE = st.tuples(st.integers(0, 364), st.sampled_from((BUYER, OTHER)), st.sampled_from(CODES), st.integers(1, 60_000))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(PIECE, min_size=20, max_size=60), level=st.sampled_from((0, 3, 4)), most=st.integers(9_000, 900_000)
)
def test_a_generated_year_beside_brute_force(mall: Mall, pieces: list, level: int, most: int) -> None:
    """Orders in the order of their days, over the turn of the year: the database warns exactly where adding up by hand
    passes the threshold."""
    mall.world.acts.act(play, mall.stage.people[BUYER], mall, sorted(pieces), level, Decimal(most) / 100)


def play(tx, mall: Mall, pieces: list, level: int, most: Decimal) -> None:
    for table in (OrderLine, Order, Parameter):
        tx.session.query(table).delete()
    tx.session.add(Parameter(rule="BUY-SPLIT", region="420000", category="A", value=most, level=level, source="标准",
                             effective_from=DAY, set_by="-", set_at=NOW))  # fmt: skip
    tx.session.flush()
    held: dict[tuple, Decimal] = {}
    for offset, who, code, fen in pieces:
        tx.now, amount, buyer = NOW + timedelta(days=offset), Decimal(fen) / 100, mall.stage.people[who]
        key = (who, tx.now.year, rules.group_of(code, level))
        held[key] = held.get(key, Decimal(0)) + amount
        numbers = Numbers(tx.session, tx.now, "420112", "government")
        found = limits.splitting(tx.session, numbers, buyer.org, tx.now, [PurchaseLine(category=code, amount=amount)])
        assert bool(found) == (held[key] > most)
        assert all(one.year.total == held[key] for one in found)
        line = Line(code, "商品", "台", 1, amount)
        supplier = mall.stage.people["投标人甲"].org
        place(tx, Placing(buyer.org, buyer.person, supplier, "direct", "", "420112", "地址", "人", (line,)))
