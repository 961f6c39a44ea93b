"""The price watch at its boundaries, its flags, the patrol, reports and the sample that anyone draws again."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import canon, ledger
from core.access import SYSTEM, Role
from core.faults import Unusable
from core.rules import Refused
from tests.trading.supply_world import (
    BUYER,
    CENTRE,
    DAY,
    FIRST,
    NEW,
    NOW,
    REGULATOR,
    SECOND,
    Mall,
    mall,
    rules_of,
)  # fmt: skip
from trading.mall import queries, rules, watch
from trading.mall.facts import Past, PriceFacts

__all__ = ["mall"]
BOOK = rules.book_at(NOW)
D = Decimal
PRICES = st.decimals("0.01", "99999.99", places=2)
MINUTE = timedelta(minutes=1)


def found(price: str, **facts) -> list[str]:
    return [one.rule for one in rules.watch(PriceFacts(D(price), NOW, **facts), BOOK)]


@pytest.mark.parametrize(
    ("price", "facts", "expected"),
    [
        ("100", {}, []),
        ("100", {"agreement": D("100")}, []),
        ("100.01", {"agreement": D("100")}, ["PRICE-AGREEMENT"]),
        ("100", {"elsewhere": D("100")}, []),
        ("100.01", {"elsewhere": D("100")}, ["PRICE-ELSEWHERE"]),
        ("120", {"past": [Past(NOW - DAY, D("100"))]}, []),
        ("120.01", {"past": [Past(NOW - DAY, D("100"))]}, ["PRICE-RISE"]),
        ("150", {"past": [Past(NOW - DAY, D("100"))]}, ["PRICE-RISE"]),
        ("150.01", {"past": [Past(NOW - DAY, D("100"))]}, ["PRICE-RISE/block"]),
        ("130", {"alike": [D("100"), D("100"), D("100")]}, []),
        ("130.01", {"alike": [D("100"), D("100"), D("100")]}, ["PRICE-MEDIAN"]),
        ("999", {"alike": [D("100"), D("100")]}, []),  # two others are no market
        ("131", {"alike": [D("1"), D("100"), D("100"), D("9999")]}, ["PRICE-MEDIAN"]),
        ("200", {"agreement": D("90"), "elsewhere": D("80"), "past": [Past(NOW - DAY, D("100"))]},
         ["PRICE-AGREEMENT", "PRICE-ELSEWHERE", "PRICE-RISE/block"]),
    ],
)  # fmt: skip
def test_the_watch_at_its_boundaries(price: str, facts: dict, expected: list) -> None:
    assert found(price, **facts) == expected


@pytest.mark.parametrize(
    ("past", "lowest"),
    [
        ([], None),
        ([Past(NOW - 90 * DAY, D("50")), Past(NOW - 31 * DAY, D("100"))], D("100")),  # the old price was gone by then
        ([Past(NOW - 90 * DAY, D("50")), Past(NOW - 30 * DAY, D("100"))], D("100")),
        ([Past(NOW - 90 * DAY, D("50")), Past(NOW - 30 * DAY + MINUTE, D("100"))], D("50")),  # it was still in force
        ([Past(NOW - 20 * DAY, D("100")), Past(NOW - DAY, D("80")), Past(NOW, D("96"))], D("80")),
    ],
)
def test_a_rise_is_measured_from_the_lowest_price_that_was_seen(past: list, lowest: Decimal | None) -> None:
    assert rules.lowest_of(past, NOW - 30 * DAY) == lowest


@given(st.lists(PRICES, min_size=1, max_size=9))
def test_half_of_the_prices_lie_on_each_side_of_the_median(prices: list) -> None:
    middle = rules.median(prices)
    assert 2 * sum(one <= middle for one in prices) >= len(prices)
    assert 2 * sum(one >= middle for one in prices) >= len(prices)
    assert rules.median(list(reversed(prices))) == middle


@given(price=PRICES, base=PRICES)
def test_small_steps_do_not_hide_a_rise(price: Decimal, base: Decimal) -> None:
    """Whatever stood between, a price is measured from the lowest one."""
    steps = [Past(NOW - 10 * DAY, base), Past(NOW - 5 * DAY, (base + price) / 2)]
    straight = rules.watch(PriceFacts(price, NOW, past=steps[:1]), BOOK)
    assert price <= base or rules.watch(PriceFacts(price, NOW, past=steps), BOOK) == straight


@given(seed=st.binary(min_size=4, max_size=8).map(bytes.hex), size=st.integers(0, 12),
       items=st.sets(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=20))  # fmt: skip
def test_a_sample_is_drawn_again_from_its_seed_whatever_the_order(seed: str, size: int, items: set) -> None:
    drawn = rules.sample(seed, sorted(items), size)
    assert drawn == rules.sample(seed, sorted(items, reverse=True), size)
    assert len(drawn) == min(size, len(items)) and set(drawn) <= items
    by_hand = sorted(items, key=lambda one: hashlib.sha256((seed + one).encode()).hexdigest())
    assert drawn == by_hand[:size]


# -- the watch at work ------------------------------------------------------------------------------------------------


def test_a_price_above_ones_own_elsewhere_is_not_handed_in(mall: Mall) -> None:
    mall.enter()
    item = mall.draft(elsewhere="99.99")
    with pytest.raises(Refused) as refused:
        mall.do(FIRST, "item.submit", items=[item])
    assert rules_of(refused) == ["PRICE-ELSEWHERE"]
    assert refused.value.breaches[0].required == "≤ 99.99元"
    listed = mall.listed(sku="K-2")
    with pytest.raises(Refused) as dearer:
        mall.change(listed, elsewhere="90")
    assert rules_of(dearer) == ["PRICE-ELSEWHERE"]


def test_a_rise_is_flagged_or_blocked_and_taking_down_does_not_help(mall: Mall) -> None:
    mall.enter()
    item = mall.listed()
    with pytest.raises(Refused) as blocked:
        mall.change(item, price="150.01")
    assert rules_of(blocked) == ["PRICE-RISE/block"]
    assert mall.change(item, price="120")["breaches"] == []
    told = mall.change(item, price="121")["breaches"]
    assert [one["rule"] for one in told] == ["PRICE-RISE"]
    mall.change(item, price="122")
    flags = mall.flags(item)
    assert [(one.kind, one.state, one.price) for one in flags] == [("rise", "open", D("121"))], "one task, not two"
    assert mall.row(item).state == "listed"
    mall.do(FIRST, "item.delist", item=item)
    mall.change(item, price="151")
    with pytest.raises(Refused) as again:
        mall.do(FIRST, "item.submit", items=[item])
    assert rules_of(again) == ["PRICE-RISE/block"]
    mall.stage.at(NOW + 31 * DAY)
    mall.do(FIRST, "item.submit", items=[item])


def test_a_price_far_above_those_of_others_is_flagged_when_it_is_listed(mall: Mall) -> None:
    others = ("供应商丁", "供应商戊")
    for place, who in enumerate((FIRST, SECOND, *others)):
        if who in others:
            mall.stage.org(who, "bidder", Role.BIDDER)
        mall.enter(who)
        if place:
            mall.listed(who)
    item = mall.listed(price="130.01")
    assert [one.kind for one in mall.flags(item)] == ["median"]
    without_model = mall.listed(sku="K-9", price="999", model="")
    assert mall.flags(without_model) == []


def test_the_agreements_price_blocks_what_is_listed_above_it(mall: Mall) -> None:
    mall.enter()
    item = mall.listed()
    bind = mall.world.acts.act
    bind(watch.bind, SYSTEM, item, "f" * 16, D("100"))
    assert (mall.row(item).state, mall.row(item).agreement_id) == ("listed", "f" * 16)
    with pytest.raises(Refused) as above:
        mall.change(item, price="100.01")
    assert rules_of(above) == ["PRICE-AGREEMENT"]
    bind(watch.bind, SYSTEM, item, "f" * 16, D("99.99"))
    assert (mall.row(item).state, mall.kinds(f"item:{item}")[-2]) == ("blocked", "item.blocked")
    flag = mall.flags(item)[0].id
    with pytest.raises(Refused) as still:
        mall.do(CENTRE, "flag.decide", flag=flag, outcome="release", reason="已调价")
    assert rules_of(still) == ["PRICE-AGREEMENT"]
    mall.change(item, price="99.99")
    assert mall.row(item).state == "blocked"
    mall.do(CENTRE, "flag.decide", flag=flag, outcome="release", reason="已调价")
    assert (mall.row(item).state, mall.past(item)) == ("listed", ["100", "99.99"])
    bind(watch.bind, SYSTEM, item, "", None)
    assert mall.row(item).agreement_price is None
    with pytest.raises(Unusable):
        bind(watch.bind, SYSTEM, "nobody", "", None)


# -- the patrol -------------------------------------------------------------------------------------------------------


def test_reported_answered_blocked_released(mall: Mall) -> None:
    mall.enter()
    item = mall.listed()
    flag = mall.do(BUYER, "flag.report", item=item, text="门店更低", url="https://shop.example/1")["flag"]
    with mall.world.read() as session:
        assert not any(
            mall.stage.people[BUYER].person in (one.actor, str(one.body))
            for one in ledger.entries(session, f"item:{item}")
            if one.kind == "item.flagged"
        )
    with pytest.raises(Unusable, match="no such task of yours"):
        mall.do(SECOND, "flag.answer", flag=flag, text="x")
    mall.do(FIRST, "flag.answer", flag=flag, text="配置不同")
    mall.do(CENTRE, "flag.decide", flag=flag, outcome="confirm", reason="三日内调价")
    assert mall.row(item).state == "listed"
    evidence = mall.bring(CENTRE, b"screenshot")
    mall.do(CENTRE, "flag.decide", flag=flag, outcome="block", reason="逾期未调价", file=evidence)
    assert (mall.row(item).state, mall.row(item).reason) == ("blocked", "逾期未调价")
    with pytest.raises(Refused) as down:
        mall.do(FIRST, "item.delist", item=item)
    assert rules_of(down) == ["STATE"]
    second = mall.flags(item)
    mall.change(item, price="80")
    mall.do(CENTRE, "flag.decide", flag=flag, outcome="release", reason="已调价")
    assert mall.row(item).state == "listed" and len(second) == 1
    with pytest.raises(Refused) as over:
        mall.do(CENTRE, "flag.decide", flag=flag, outcome="block", reason="x")
    assert rules_of(over) == ["STATE"]
    with mall.world.read() as session:
        shown = [(one.text, one.state, one.reason, one.answer) for one, _ in
                 queries.my_reports(session, mall.stage.people[BUYER].person)]  # fmt: skip
    assert shown == [("门店更低", "released", "已调价", "配置不同")]
    kinds = [kind for kind in mall.kinds(f"item:{item}") if kind in ("item.listed", "item.blocked")]
    assert kinds == ["item.listed", "item.blocked", "item.listed"]


def test_one_of_two_blocks_is_enough_to_keep_an_item_off_sale(mall: Mall) -> None:
    mall.enter()
    item = mall.listed()
    flags = [mall.do(who, "flag.report", item=item, text="贵")["flag"] for who in (BUYER, NEW)]
    for flag in flags:
        mall.do(CENTRE, "flag.decide", flag=flag, outcome="block", reason="核查")
    mall.do(CENTRE, "flag.decide", flag=flags[0], outcome="release", reason="其一查清")
    assert mall.row(item).state == "blocked"
    mall.do(CENTRE, "flag.decide", flag=flags[1], outcome="release", reason="均已查清")
    assert mall.row(item).state == "listed"


@pytest.mark.parametrize(("today", "waiting", "expected"), [(19, False, []), (20, False, ["REPORT-MOST"]),
                                                            (0, True, ["REPORT-ONCE"])])  # fmt: skip
def test_reports_of_a_person_are_bounded(today: int, waiting: bool, expected: list) -> None:
    assert [one.rule for one in rules.may_report(today, waiting, BOOK)] == expected


def test_a_report_is_made_once_and_of_what_is_on_sale(mall: Mall) -> None:
    supplier = mall.enter()
    item = mall.listed()
    mall.do(BUYER, "flag.report", item=item, text="贵")
    with pytest.raises(Refused) as twice:
        mall.do(BUYER, "flag.report", item=item, text="贵")
    assert rules_of(twice) == ["REPORT-ONCE"]
    for wrong in ({"text": ""}, {"text": "x", "url": "file:///etc"}, {"text": "x" * 1001}):
        with pytest.raises(Unusable):
            mall.do(NEW, "flag.report", item=item, **wrong)
    mall.do(REGULATOR, "supplier.suspend", supplier=supplier, days=1, reason="x")
    with pytest.raises(Refused) as hidden:
        mall.do(NEW, "flag.report", item=item, text="贵")
    assert rules_of(hidden) == ["ITEM-LISTED"]


def test_the_sample_of_a_month_is_drawn_once_and_again_by_anyone(mall: Mall) -> None:
    with pytest.raises(Refused) as empty:
        mall.do(CENTRE, "patrol.draw")
    assert rules_of(empty) == ["ITEM-LISTED"]
    mall.enter()
    items = sorted(mall.listed(sku=f"K-{n}", model="") for n in range(4))
    made = mall.do(CENTRE, "patrol.draw")
    assert (made["month"], made["items"]) == ("2026-05", 4)
    with pytest.raises(Refused) as twice:
        mall.do(CENTRE, "patrol.draw")
    assert rules_of(twice) == ["PATROL-ONCE"]
    with mall.world.read() as session:
        row = queries.samples(session)[0]
    population = canon.loads(mall.world.acts.house.blobs.get(row.population))
    assert population == items
    assert rules.sample(row.seed, population, 30) == row.items
    assert [one.kind for item in items for one in mall.flags(item)] == ["sample"] * 4
    with mall.world.read() as session:
        own = queries.own_flags(session, mall.stage.people[FIRST].org)
        seen = [queries.item_flags(session, item, own=True) for item in items]
    assert (own, seen) == ([], [[]] * 4), "which ones a supplier learns when something was found"
    mall.stage.at(datetime(2026, 6, 1, tzinfo=NOW.tzinfo))
    assert mall.do(CENTRE, "patrol.draw")["seed"] != row.seed
