"""An order's rating and its supplier's credit points: by the dated table, once, in the act of rating itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core import ledger
from core.access import SYSTEM
from core.rules import Refused, RuleBook
from tests.trading.order_world import Orders, set_up
from tests.trading.stage import START
from trading.order import hooks
from trading.order.hooks import Happening
from trading.order.models import Order, OrderRating
from trading.supplier import queries, ratings, rules
from trading.supplier.models import Credit, MallSupplier

BUYER, SUPPLIER, CENTRE, REGULATOR = "采购人", "供应商", "交易中心", "监管"
BOOK = rules.book_at(START)


@pytest.fixture
def orders(world) -> Orders:
    return set_up(world)


def entered(orders: Orders) -> str:
    made = orders.stage.do(SUPPLIER, "supplier.apply", "", categories=["A05000000"], regions=["420100"], promise="三日")
    orders.stage.do(CENTRE, "supplier.decide", "", supplier=made["supplier"], approve=True)
    return str(made["supplier"])


def set_points(orders: Orders, supplier: str, points: int) -> None:
    with orders.world.read() as session, session.begin():
        session.get_one(MallSupplier, supplier).points = points


def rate(orders: Orders, goods: int, delivery: int, service: int, text: str = "") -> str:
    order = orders.paid()
    orders.do(BUYER, "order.rate", order, goods=goods, delivery=delivery, service=service, text=text)
    return order


def credits(orders: Orders, supplier: str) -> list[Credit]:
    with orders.world.read() as session:
        return queries.credits(session, supplier)


def entry(orders: Orders, supplier: str) -> MallSupplier:
    with orders.world.read() as session:
        return session.get_one(MallSupplier, supplier)


@pytest.mark.parametrize(("marks", "whole"), [
    ((1, 1, 1), 1), ((1, 1, 2), 1), ((1, 2, 2), 2), ((2, 2, 3), 2), ((2, 3, 3), 3), ((3, 3, 4), 3), ((3, 4, 4), 4),
    ((4, 4, 5), 4), ((4, 5, 5), 5), ((5, 5, 5), 5), ((1, 5, 5), 4), ((5, 1, 1), 2),
])  # fmt: skip
def test_three_marks_make_the_nearest_whole_star(marks, whole):
    assert rules.stars(marks) == whole
    assert rules.rated(marks, BOOK).id == f"CREDIT-RATED/{whole}"


@given(marks=st.lists(st.integers(1, 5), min_size=1, max_size=9))
def test_a_star_is_never_further_from_the_mean_than_half(marks):
    assert abs(2 * rules.stars(marks) * len(marks) - 2 * sum(marks)) <= len(marks)


def test_the_table_rises_with_the_stars_and_offices_cannot_choose_from_it():
    assert [row.number for row in rules.ratings(START)] == [2, 1, 0, -2, -5]
    assert not set(rules.grounds(BOOK)) & {row.id for row in rules.RATED}


@pytest.mark.parametrize(("stars", "before", "after"), [
    (5, 90, 92), (4, 90, 91), (2, 90, 88), (1, 90, 85), (5, 98, 100), (5, 99, 100), (4, 99, 100), (1, 3, 0),
])  # fmt: skip
def test_points_follow_the_table_and_stay_between_none_and_all(orders, stars, before, after):
    supplier = entered(orders)
    set_points(orders, supplier, before)
    order = rate(orders, stars, stars, stars)
    (one,) = credits(orders, supplier)
    assert (one.order_id, one.points, one.balance, one.ground) == (
        order, after - before, after, f"CREDIT-RATED/{stars}")  # fmt: skip
    assert entry(orders, supplier).points == after
    assert (one.given_by, one.given_org) == (SYSTEM.person, "")


@pytest.mark.parametrize(("stars", "before"), [(3, 90), (5, 100), (4, 100), (1, 0)])
def test_a_rating_that_moves_nothing_leaves_no_entry(orders, stars, before):
    supplier = entered(orders)
    set_points(orders, supplier, before)
    rate(orders, stars, stars, stars)
    assert credits(orders, supplier) == [] and entry(orders, supplier).points == before


def test_the_entry_says_why_and_stands_in_the_ledger_by_rule(orders):
    supplier = entered(orders)
    order = rate(orders, 1, 2, 1, "晚了十天")
    (one,) = credits(orders, supplier)
    assert one.evidence == f"订单 {orders.row(order).number}：货物1星、交付2星、服务1星。晚了十天"
    with orders.world.read() as session:
        last = ledger.entries(session, f"supplier:{supplier}")[-1]
        rated = ledger.entries(session, f"order:{order}")[-1]
        assert session.get_one(OrderRating, order).service == 1
    assert (last.kind, last.body["order"], last.body["balance"]) == ("supplier.credited", order, 95)
    assert (rated.kind, rated.actor["person"]) == ("order.rated", orders.stage.people[BUYER].person)
    assert last.actor["person"] == SYSTEM.person  # the rule took them, not the buyer


# -- one buyer's ratings together --------------------------------------------------------------------------------------


def told(orders: Orders, stars: int, buyer: str = BUYER, order: str = "") -> str:
    """As the act of rating tells it, of a new order."""
    order = order or orders.place(buyer=buyer)
    said = Happening("rated", said={"goods": stars, "delivery": stars, "service": stars})
    orders.world.acts.act(lambda tx: ratings.follow(tx, tx.session.get_one(Order, order), said), SYSTEM)
    return order


@given(change=st.integers(-5, 5), moved=st.integers(0, 30))
def test_what_is_left_of_a_rating_has_its_sign_and_stays_within_the_limit(change, moved):
    most, left = BOOK["CREDIT-RATED/most"].number, rules.capped(change, moved, BOOK)
    assert 0 <= left * change <= change * change
    assert abs(left) == min(abs(change), max(0, most - moved))


@pytest.mark.parametrize(("before", "stars", "moved", "withheld"), [
    (5, 1, -5, 0), (6, 1, -4, 1), (9, 2, -1, 1), (10, 2, 0, 2), (10, 1, 0, 5),
    (8, 5, 2, 0), (9, 5, 1, 1), (10, 4, 0, 1),
])  # fmt: skip
def test_one_buyer_moves_no_more_than_the_limit_either_way(orders, before, stars, moved, withheld):
    supplier = entered(orders)
    set_points(orders, supplier, 90)
    first = told(orders, 1 if stars < 3 else 5)
    with orders.world.read() as session, session.begin():  # what the earlier ones have moved
        session.query(Credit).filter_by(order_id=first).one().points = -before if stars < 3 else before
    at = entry(orders, supplier).points
    order = told(orders, stars)
    (one,) = [one for one in credits(orders, supplier) if one.order_id == order]
    assert (one.points, one.withheld, entry(orders, supplier).points) == (moved, withheld, at + moved)
    with orders.world.read() as session:
        body = ledger.entries(session, f"supplier:{supplier}")[-1].body
    assert (body.get("withheld", 0), body.get("rule", "")) == (withheld, "CREDIT-RATED/most" if withheld else "")


def test_many_low_ratings_of_one_buyer_warn_nobody_and_those_of_others_count(orders):
    supplier = entered(orders)
    for _ in range(5):
        told(orders, 1)
    assert (entry(orders, supplier).points, entry(orders, supplier).state) == (90, "active")
    told(orders, 1, "别的采购人")
    assert entry(orders, supplier).points == 85
    with orders.world.read() as session:
        assert queries.unanswered(session, supplier) == 3, "what took nothing asks for no answer"


@pytest.mark.parametrize(("late", "counts"), [(timedelta(0), False), (-timedelta(seconds=1), True)])
def test_a_rating_counts_for_so_many_days(orders, late, counts):
    supplier = entered(orders)
    begun = orders.now
    told(orders, 1)
    told(orders, 1)
    orders.at(begun + timedelta(days=BOOK["CREDIT-RATED/days"].number) + late)
    order = told(orders, 1)
    (one,) = [one for one in credits(orders, supplier) if one.order_id == order]
    assert (one.points, one.withheld) == ((0, 5) if counts else (-5, 0))


def test_points_that_were_withdrawn_do_not_count(orders):
    supplier = entered(orders)
    first = told(orders, 1)
    told(orders, 1)
    (one,) = [one for one in credits(orders, supplier) if one.order_id == first]
    orders.stage.do(CENTRE, "credit.settle", "", credit=one.id, keep=False, reason="评价与签收单不符")
    told(orders, 1)
    assert entry(orders, supplier).points == 90


def test_what_has_no_points_left_loses_none_and_says_nothing_of_a_limit(orders):
    supplier = entered(orders)
    told(orders, 1)
    told(orders, 1)
    set_points(orders, supplier, 0)
    told(orders, 1)
    assert len(credits(orders, supplier)) == 2


def test_the_limit_is_that_of_the_day(orders, monkeypatch):
    supplier = entered(orders)
    row = BOOK["CREDIT-RATED/most"]
    later = replace(row, value=Decimal(4), effective_from=(orders.now + timedelta(days=1)).date())
    monkeypatch.setattr(rules, "RULES", RuleBook([*rules.RULES.rows, later]))
    told(orders, 1)
    assert entry(orders, supplier).points == 95
    orders.at(orders.now + timedelta(days=1))
    told(orders, 1)
    assert entry(orders, supplier).points == 95
    told(orders, 1, "别的采购人")
    assert entry(orders, supplier).points == 91


def test_an_order_counts_once(orders):
    supplier = entered(orders)
    order = rate(orders, 1, 1, 1)
    assert orders.refused(BUYER, "order.rate", order, goods=1, delivery=1, service=1) == ["ORD-STATE"]
    said = Happening("rated", said={"goods": 1, "delivery": 1, "service": 1})
    with pytest.raises(IntegrityError):  # the table's own guard, were the state's to fail
        orders.world.acts.act(lambda tx: ratings.follow(tx, tx.session.get_one(Order, order), said), SYSTEM)
    assert len(credits(orders, supplier)) == 1 and entry(orders, supplier).points == 95


def test_rating_and_points_are_one_commit(orders, monkeypatch):
    supplier, order = entered(orders), orders.paid()

    def fails(*_):
        raise Refused([BOOK["SUP-ACTIVE"].breach("-")])

    monkeypatch.setattr(hooks, "TOLD", [*hooks.TOLD, fails])
    assert orders.refused(BUYER, "order.rate", order, goods=1, delivery=1, service=1) == ["SUP-ACTIVE"]
    assert credits(orders, supplier) == [] and orders.row(order).state == "PAID"
    assert entry(orders, supplier).points == 100


@pytest.mark.parametrize(("before", "state"), [(65, "active"), (64, "suspended"), (44, "removed")])
def test_what_the_balance_leads_to_happens_in_the_same_act(orders, before, state):
    supplier = entered(orders)
    set_points(orders, supplier, before)
    rate(orders, 1, 1, 1)
    assert entry(orders, supplier).state == state


def test_the_supplier_answers_and_an_office_gives_the_points_back(orders):
    supplier = entered(orders)
    rate(orders, 1, 1, 1)
    (one,) = credits(orders, supplier)
    with orders.world.read() as session:
        assert queries.unanswered(session, supplier) == 1
    orders.stage.do(SUPPLIER, "credit.answer", "", credit=one.id, text="已按期送达，附签收单")
    done = orders.stage.do(CENTRE, "credit.settle", "", credit=one.id, keep=False, reason="评价与签收单不符")
    assert done["points"] == 100 and credits(orders, supplier)[0].state == "withdrawn"


def test_points_that_were_given_ask_for_no_answer(orders):
    supplier = entered(orders)
    set_points(orders, supplier, 90)
    rate(orders, 5, 5, 5)
    with orders.world.read() as session:
        assert queries.unanswered(session, supplier) == 0


def test_who_has_no_entry_or_left_the_mall_has_no_points(orders):
    rate(orders, 1, 1, 1)
    with orders.world.read() as session:
        assert session.scalars(select(Credit)).all() == []
    supplier = entered(orders)
    order = orders.paid()
    orders.stage.do(REGULATOR, "supplier.remove", "", supplier=supplier, reason="围标")
    orders.do(BUYER, "order.rate", order, goods=1, delivery=1, service=1)
    assert credits(orders, supplier) == [] and orders.row(order).state == "RATED"
