"""Budgets: never overdrawn, whatever comes in which order; held, spent, released, refunded to the fen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faults import Unusable
from core.rules import Refused
from tests.trading.buying_world import BUYER, CHAIR, LAPTOP, OTHER, PC, Mall, mall_of
from trading.buying import budgets, rules
from trading.buying.models import Budget, BudgetMove
from trading.buying.rulebook import RULES
from trading.order.placing import Line, Placing, place


@pytest.fixture
def mall(world) -> Mall:
    return mall_of(world)


def order(mall: Mall, amount: str, category: str = PC, who: str = BUYER) -> str:
    """An order with its hold, as an approved purchase makes it."""

    def run(tx) -> str:
        buyer = mall.stage.people[who]
        line = Line(category, "商品", "台", 1, Decimal(amount))
        supplier = mall.stage.people["投标人甲"].org
        made = place(tx, Placing(buyer.org, buyer.person, supplier, "direct", "", "420112", "地址", "人", (line,)))
        budgets.hold(tx, made.id, buyer.org, 2026, "fiscal", [(category, line.amount)])
        return made.id

    return mall.world.acts.act(run, mall.stage.people[who])


def act(mall: Mall, fn, *args):
    return mall.world.acts.act(lambda tx: fn(tx, *args), mall.stage.people[BUYER])


def state(mall: Mall, budget: str) -> tuple[str, str, str]:
    with mall.world.read() as session:
        row = session.get_one(Budget, budget)
        return f"{row.amount:.2f}", f"{row.held:.2f}", f"{row.spent:.2f}"


def test_held_spent_released_and_refunded(mall: Mall) -> None:
    budget = mall.budget("100.00")
    first, second = order(mall, "60.01"), order(mall, "39.99")
    assert state(mall, budget) == ("100.00", "100.00", "0.00")
    assert act(mall, budgets.spend, first, Decimal("20.01")) == Decimal("20.01")
    assert act(mall, budgets.release, second) == Decimal("39.99")
    assert act(mall, budgets.release, second) == 0, "once"
    assert state(mall, budget) == ("100.00", "40.00", "20.01")
    assert act(mall, budgets.refund, first, Decimal("100")) == Decimal("20.01"), "no more than was spent"
    assert state(mall, budget) == ("100.00", "40.00", "0.00")
    with pytest.raises(Refused, match="BUY-BUDGET"):
        act(mall, budgets.spend, first, Decimal("40.01"))
    assert act(mall, budgets.spend, first) == 40
    with mall.world.read() as session:
        kinds = [one.kind for one in session.query(BudgetMove).filter_by(budget_id=budget).order_by(BudgetMove.at)]
        assert sorted(kinds) == ["hold", "hold", "refund", "release", "set", "spend", "spend"]


def test_a_fen_too_much_is_refused_with_required_and_found(mall: Mall) -> None:
    budget = mall.budget("100.00")
    with pytest.raises(Refused) as caught:
        order(mall, "100.01")
    assert [(one.rule, one.required, one.found) for one in caught.value.breaches] == [
        ("BUY-BUDGET", "≥ 100.01元", "100.00元")
    ]
    order(mall, "100.00")
    assert state(mall, budget) == ("100.00", "100.00", "0.00")
    with pytest.raises(Refused, match="none"):
        order(mall, "1", who=OTHER)


def test_a_code_covers_all_below_and_the_deepest_budget_is_drawn_on(mall: Mall) -> None:
    whole, computers = mall.budget("100", "A"), mall.budget("50", "A02010100")
    order(mall, "50", LAPTOP)
    with pytest.raises(Refused):
        order(mall, "1", PC)  # the money of the whole is not taken for what has a budget of its own
    order(mall, "100", CHAIR)
    assert state(mall, whole) == ("100.00", "100.00", "0.00")
    assert state(mall, computers) == ("50.00", "50.00", "0.00")


def test_a_budget_is_not_set_below_what_is_drawn_and_only_by_a_manager(mall: Mall) -> None:
    budget = mall.budget("100")
    order(mall, "60")
    p = {"fiscal_year": 2026, "category": "A", "funds": "fiscal", "reason": "调减"}
    assert mall.refused(BUYER, "budget.set", amount="59.99", **p) == ["BUY-BUDGET"]
    mall.do(BUYER, "budget.set", amount="60", **p)
    assert state(mall, budget) == ("60.00", "60.00", "0.00")
    assert mall.refused("经办人", "budget.set", amount="100", **p) == ["BUY-MANAGER"]
    assert mall.refused("投标人甲", "budget.set", amount="100", **p) == ["ACCESS"]
    for bad in ({"amount": "-1"}, {"amount": "1.001"}, {"amount": "x"}, {"amount": "1", "category": "A99"},
                {"amount": "1", "fiscal_year": 26}, {"amount": "1", "reason": ""}):  # fmt: skip
        with pytest.raises(Unusable):
            mall.do(BUYER, "budget.set", **(p | bad))


def test_two_at_once_never_hold_the_same_yuan(mall: Mall) -> None:
    budget, done, broken = mall.budget("100"), [], []

    def run() -> None:
        try:
            done.append(order(mall, "30"))
        except Refused:
            broken.append(1)

    threads = [Thread(target=run) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(done), len(broken)) == (3, 5)
    assert state(mall, budget) == ("100.00", "90.00", "0.00")


@dataclass(frozen=True)
class Told:
    kind: str
    amount: Decimal


@dataclass(frozen=True)
class Ordered:
    id: str


def test_what_happens_to_an_order_moves_its_money(mall: Mall) -> None:
    """As orders tell it: pieces that will not be paid, payments, refunds."""
    budget = mall.budget("100")
    made = Ordered(order(mall, "100"))
    for kind, amount, left in (
        ("confirmed", "0", ("100.00", "0.00")), ("dropped", "10", ("90.00", "0.00")),
        ("refused", "20", ("70.00", "0.00")), ("paid", "70", ("0.00", "70.00")),
        ("returned", "30", ("0.00", "70.00")), ("paid", "-30", ("0.00", "40.00")), ("rated", "0", ("0.00", "40.00")),
    ):  # fmt: skip
        act(mall, budgets.follow, made, Told(kind, Decimal(amount)))
        assert state(mall, budget)[1:] == left, kind


AMOUNTS = st.integers(1, 5_000).map(lambda fen: Decimal(fen) / 100)


@given(limit=AMOUNTS, wanted=st.lists(AMOUNTS, max_size=12))
def test_affordable_is_exact(limit: Decimal, wanted: list[Decimal]) -> None:
    """Taken one after the other, what is held never passes the budget, and nothing that fits is refused."""
    book, held = RULES.at(date(2026, 3, 2)), Decimal(0)
    for one in wanted:
        broken = rules.affordable(one, limit - held, "A", book)
        assert bool(broken) == (held + one > limit)
        held += Decimal(0) if broken else one
    assert held <= limit
