"""Cart, chains, direct purchase: what has changed is asked again, nobody approves what he asks for, orders come
together or not at all."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faults import Unusable
from core.rules import Refused
from tests.trading.buying_world import BUYER, CHAIR, LAPTOP, NOW, OTHER, PC, WHERE, Mall, mall_of
from trading.buying import queries, rules
from trading.buying.facts import Away, ChainRow
from trading.buying.machine import MACHINE
from trading.buying.models import Budget, CartLine, Purchase, PurchaseStep
from trading.order.models import Order, OrderLine

CLERK, APPROVER = "经办人", "审批人"


@pytest.fixture
def mall(world) -> Mall:
    found = mall_of(world)
    found.budget("1000000")
    return found


def put(mall: Mall, who: str, *items: str, quantity: int = 1) -> None:
    for item in items:
        mall.do(who, "cart.put", item=item, quantity=quantity)


def one(mall: Mall, table, **by):
    with mall.world.read() as session:
        return session.query(table).filter_by(**by).one()


def count(mall: Mall, table, **by) -> int:
    with mall.world.read() as session:
        return session.query(table).filter_by(**by).count()


def test_the_machine_is_sound() -> None:
    assert MACHINE.faults() == []


def test_from_cart_to_one_order_a_supplier(mall: Mall) -> None:
    first, second = mall.item("投标人甲", PC, "4999.99"), mall.item("投标人乙", CHAIR, "300")
    put(mall, CLERK, first, second, quantity=2)
    asked = mall.ask(CLERK, first, second)
    assert (asked["state"], asked["orders"]) == ("BUYER_APPROVAL", [])
    assert count(mall, CartLine) == count(mall, Order) == 0
    assert mall.refused(CLERK, "purchase.approve", asked["purchase"]) == ["BUY-APART"]
    assert mall.refused(APPROVER, "purchase.approve", asked["purchase"]) == ["BUY-STEP"], "without a chain the manager"
    assert mall.refused(OTHER, "purchase.approve", asked["purchase"]) == ["BUY-OWN"]
    assert mall.refused("投标人甲", "purchase.approve", asked["purchase"]) == ["ACCESS"]
    done = mall.do(BUYER, "purchase.approve", asked["purchase"], reason="同意")
    assert (done["state"], len(done["orders"])) == ("PLACED", 2)
    with mall.world.read() as session:
        totals = sorted(order.total for order in session.query(Order))
        assert totals == [Decimal("600"), Decimal("9999.98")]
        assert {order.source_id for order in session.query(Order)} == {asked["purchase"]}
    assert one(mall, Budget).held == Decimal("10599.98")
    assert mall.refused(BUYER, "purchase.approve", asked["purchase"]) == ["STATE"], "twice"


@pytest.mark.parametrize(
    ("change", "rule"),
    [({"price": Decimal("4999.98")}, "BUY-CHANGED"), ({"version": 2}, "BUY-CHANGED"), ({"stock": 1}, "ITEM-STOCK"),
     ({"state": "blocked"}, "ITEM-LISTED"), ({"regions": ["110000"]}, "SUP-REGION")],
)  # fmt: skip
@pytest.mark.parametrize("when", ["asked", "approved"])
def test_what_changed_is_asked_again(mall: Mall, change: dict, rule: str, when: str) -> None:
    item = mall.item("投标人甲", PC, "4999.99")
    put(mall, CLERK, item, quantity=2)
    if when == "asked":
        mall.change(item, **change)
        with pytest.raises(Refused) as caught:
            mall.ask(CLERK, item)
        assert [b.rule for b in caught.value.breaches] == [rule]
        assert count(mall, CartLine) == 1, "nothing is lost"
    else:
        asked = mall.ask(CLERK, item)["purchase"]
        mall.change(item, **change)
        assert mall.refused(BUYER, "purchase.approve", asked) == [rule]
        assert one(mall, PurchaseStep).state == "waiting", "not even the word is taken"
    assert count(mall, Order) == 0 and one(mall, Budget).held == 0


def test_a_suspended_supplier_sells_nothing(mall: Mall) -> None:
    item = mall.item("投标人甲", PC, "4999.99")
    put(mall, CLERK, item)
    mall.suspend("投标人甲")
    with pytest.raises(Refused, match="SUP-ACTIVE"):
        mall.ask(CLERK, item)
    assert mall.refused(CLERK, "cart.put", item=item, quantity=1) == ["SUP-ACTIVE"]


def test_a_change_is_accepted_as_it_was_shown(mall: Mall) -> None:
    item = mall.item("投标人甲", PC, "100")
    put(mall, CLERK, item)
    mall.change(item, price=Decimal("120"), version=2)
    with mall.world.read() as session:
        found = queries.cart(session, mall.stage.people[CLERK], NOW, "420112")
    assert [line["changed"] for group in found for line in group["lines"]] == [True]
    mall.change(item, price=Decimal("130"), version=3)
    assert mall.refused(CLERK, "cart.accept", item=item, price="120", version=2) == ["BUY-CHANGED"]
    mall.do(CLERK, "cart.accept", item=item, price="130", version=3)
    assert mall.ask(CLERK, item)["state"] == "BUYER_APPROVAL"


def test_lists_are_saved_used_and_left_out_where_nothing_is_sold(mall: Mall) -> None:
    first, second = mall.item("投标人甲", PC, "100"), mall.item("投标人乙", CHAIR, "30")
    put(mall, CLERK, first, second, quantity=3)
    saved = mall.do(CLERK, "list.save", name="新员工")["list"]
    mall.do(CLERK, "cart.change", item=first, quantity=0)
    mall.change(second, state="delisted")
    used = mall.do(APPROVER, "list.use", list=saved, times=2)
    assert (used["put"], [one["rule"] for one in used["left_out"]]) == (1, ["ITEM-LISTED"])
    with mall.world.read() as session:
        mine = session.query(CartLine).filter_by(person_id=mall.stage.people[APPROVER].person).one()
        assert (mine.item_id, mine.quantity) == (first, 6)
    for who, payload in ((OTHER, {"list": saved}), (CLERK, {"list": "x"}), (CLERK, {"list": saved, "times": 0})):
        with pytest.raises(Unusable):
            mall.do(who, "list.use", **payload)


@pytest.mark.parametrize(
    "bad", [{"quantity": 0}, {"quantity": 10**9}, {"quantity": "a"}, {"item": "none"}, {"more": 1}]
)
def test_a_cart_takes_no_nonsense(mall: Mall, bad: dict) -> None:
    item = mall.item("投标人甲", PC, "100")
    with pytest.raises(Unusable):
        mall.do(CLERK, "cart.put", **({"item": item, "quantity": 1} | bad))


# -- chains -----------------------------------------------------------------------------------------------------------


def chain(mall: Mall, least: str, *steps: dict, category: str = "") -> None:
    p = {"least": least, "steps": list(steps)} | ({"category": category} if category else {})
    mall.do(BUYER, "chain.set", **p)


def test_steps_by_amount_and_category_in_their_order(mall: Mall) -> None:
    person = mall.stage.people[APPROVER].person
    mall.do(BUYER, "buyer.duty", person=person, duty="finance", held=True)
    chain(mall, "0")
    chain(mall, "1000", {"name": "财务", "duty": "finance"}, {"name": "负责人", "duty": "manager"})
    chain(mall, "0", {"name": "信息中心", "persons": [person]}, category="A02010000")
    chair, pc = mall.item("投标人甲", CHAIR, "999.99"), mall.item("投标人甲", PC, "10")
    put(mall, CLERK, chair)
    assert mall.ask(CLERK, chair)["state"] == "PLACED", "below 1,000 nobody needs to"
    mall.change(chair, price=Decimal("1000"))
    put(mall, CLERK, chair, pc)
    asked = mall.ask(CLERK, chair, pc)["purchase"]
    with mall.world.read() as session:
        steps = session.query(PurchaseStep).filter_by(purchase_id=asked).order_by(PurchaseStep.position)
        assert [step.name for step in steps] == ["信息中心", "财务", "负责人"]
    assert mall.refused(BUYER, "purchase.approve", asked) == ["BUY-STEP"], "not yet"
    assert mall.do(APPROVER, "purchase.approve", asked)["state"] == "BUYER_APPROVAL"
    assert mall.do(APPROVER, "purchase.approve", asked)["state"] == "BUYER_APPROVAL"
    assert mall.do(BUYER, "purchase.approve", asked)["state"] == "PLACED"


def test_a_step_that_only_the_requester_could_take_stops_at_once(mall: Mall) -> None:
    chain(mall, "0", {"name": "科室", "persons": [mall.stage.people[CLERK].person]})
    item = mall.item("投标人甲", PC, "10")
    put(mall, CLERK, item)
    with pytest.raises(Refused, match="BUY-CHAIN"):
        mall.ask(CLERK, item)
    put(mall, APPROVER, item)
    assert mall.ask(APPROVER, item)["state"] == "BUYER_APPROVAL"


def test_a_substitute_decides_on_the_days_of_the_absence_and_no_other(mall: Mall) -> None:
    chain(mall, "0", {"name": "审批", "persons": [mall.stage.people[APPROVER].person]})
    mall.do(APPROVER, "absence.set", substitute=mall.stage.people[BUYER].person, first="2026-03-03", last="2026-03-04")
    item = mall.item("投标人甲", PC, "10")
    put(mall, CLERK, item)
    asked = mall.ask(CLERK, item)["purchase"]
    assert mall.refused(BUYER, "purchase.approve", asked) == ["BUY-STEP"], "the day before"
    mall.stage.at(NOW + timedelta(days=3))
    assert mall.refused(BUYER, "purchase.approve", asked) == ["BUY-STEP"], "the day after"
    mall.stage.at(NOW + timedelta(days=2))
    assert mall.refused(APPROVER, "purchase.approve", asked) == ["BUY-STEP"], "who is absent does not decide"
    with mall.world.read() as session:
        assert [row.id for row in queries.to_decide(session, mall.stage.people[BUYER], NOW + timedelta(days=2))] == [
            asked
        ]
    mall.do(BUYER, "purchase.approve", asked)
    step = one(mall, PurchaseStep)
    assert (step.decided_by, step.decided_for) == (
        mall.stage.people[BUYER].person, mall.stage.people[APPROVER].person,
    )  # fmt: skip


def test_a_requester_is_no_substitute_for_his_own_approver(mall: Mall) -> None:
    chain(mall, "0", {"name": "审批", "persons": [mall.stage.people[APPROVER].person]})
    mall.do(APPROVER, "absence.set", substitute=mall.stage.people[CLERK].person, first="2026-03-02", last="2026-03-02")
    item = mall.item("投标人甲", PC, "10")
    put(mall, CLERK, item)
    assert mall.refused(CLERK, "purchase.approve", mall.ask(CLERK, item)["purchase"]) == ["BUY-APART"]


def test_refused_recalled_and_put_in_again(mall: Mall) -> None:
    item = mall.item("投标人甲", PC, "10")
    put(mall, CLERK, item)
    first = mall.ask(CLERK, item)["purchase"]
    with pytest.raises(Unusable):
        mall.do(BUYER, "purchase.refuse", first)
    assert mall.refused(BUYER, "purchase.recall", first) == ["BUY-OWN"]
    mall.do(BUYER, "purchase.refuse", first, reason="型号过高")
    mall.do(CLERK, "purchase.again", first)
    second = mall.ask(CLERK, item)["purchase"]
    mall.do(CLERK, "purchase.recall", second)
    assert mall.refused(BUYER, "purchase.approve", second) == ["STATE"]
    assert [one(mall, Purchase, id=key).state for key in (first, second)] == ["REFUSED", "RECALLED"]


@given(
    rows=st.lists(st.tuples(st.sampled_from(["", "A", "A02010000", PC]), st.integers(0, 5)), max_size=6, unique=True),
    category=st.sampled_from([PC, LAPTOP, CHAIR]), total=st.integers(0, 6),
)  # fmt: skip
def test_the_deepest_chain_that_the_amount_reaches(rows: list, category: str, total: int) -> None:
    chains = [ChainRow(code, Decimal(least), ({"name": f"{code}{least}"},)) for code, least in rows]
    found = rules.chain_for(chains, [category], Decimal(total))
    reached = [(len(rules.stem(code)) if code else 0, least, f"{code}{least}")
               for code, least in rows if rules.covers(code, category) and least <= total]  # fmt: skip
    assert found == ([{"name": max(reached)[2]}] if reached else [rules.MANAGER_STEP])


def test_standing_in_counts_both_days() -> None:
    away = [Away("a", "b", NOW.date(), NOW.date() + timedelta(days=1))]
    for offset, own, other in ((-1, {"a"}, {"b"}), (0, set(), {"a", "b"}), (1, set(), {"a", "b"}), (2, {"a"}, {"b"})):
        day = NOW.date() + timedelta(days=offset)
        assert (rules.standing_in("a", away, day), rules.standing_in("b", away, day)) == (own, other)


# -- budgets and limits -----------------------------------------------------------------------------------------------


def test_what_the_budget_does_not_reach_is_not_asked_for(mall: Mall) -> None:
    item = mall.item("投标人甲", PC, "10000")
    put(mall, CLERK, item, quantity=2)
    with pytest.raises(Refused, match="BUY-BUDGET"):
        mall.ask(CLERK, item, funds="own")
    mall.do(BUYER, "budget.set", fiscal_year=2026, category="A", funds="own", amount="20000", reason="自筹")
    asked = mall.ask(CLERK, item, funds="own")["purchase"]
    mall.do(BUYER, "budget.set", fiscal_year=2026, category="A", funds="own", amount="19999.99", reason="调减")
    assert mall.refused(BUYER, "purchase.approve", asked) == ["BUY-BUDGET"]
    assert count(mall, Order) == count(mall, OrderLine) == 0


@pytest.mark.parametrize(("price", "broken"), [("50000", []), ("50000.01", ["BUY-DIRECT-ORDER"])])
def test_direct_purchase_has_its_limit_of_an_order(mall: Mall, price: str, broken: list[str]) -> None:
    mall.free()
    item = mall.item("投标人甲", PC, price)
    put(mall, CLERK, item)
    if broken:
        assert mall.refused(CLERK, "purchase.submit", items=[item], funds="fiscal", **WHERE) == broken
    else:
        assert mall.ask(CLERK, item)["state"] == "PLACED"


def test_the_catalogue_shrinks_on_its_day_and_the_nearest_number_holds(mall: Mall) -> None:
    mall.free()
    item = mall.item("投标人甲", PC, "100")
    mall.number("BUY-DIRECT-ORDER", None, "A02010100", effective_from="2026-03-03", source="目录调整")
    put(mall, CLERK, item)
    assert mall.ask(CLERK, item)["state"] == "PLACED"
    mall.stage.at(NOW + timedelta(days=1))
    put(mall, CLERK, item)
    assert mall.refused(CLERK, "purchase.submit", items=[item], funds="fiscal", **WHERE) == ["BUY-DIRECT"]
    mall.number("BUY-DIRECT-ORDER", "99.99", PC)
    assert mall.refused(CLERK, "purchase.submit", items=[item], funds="fiscal", **WHERE) == ["BUY-DIRECT-ORDER"]


def test_direct_purchases_of_a_year_have_their_limit(mall: Mall) -> None:
    mall.free()
    mall.number("BUY-DIRECT-YEAR", "300", "A", level=3)
    pc, laptop = mall.item("投标人甲", PC, "150"), mall.item("投标人乙", LAPTOP, "150.01")
    put(mall, CLERK, pc)
    mall.ask(CLERK, pc)
    put(mall, CLERK, laptop)
    assert mall.refused(CLERK, "purchase.submit", items=[laptop], funds="fiscal", **WHERE) == ["BUY-DIRECT-YEAR"]
    mall.change(laptop, price=Decimal("150"))
    mall.do(CLERK, "cart.change", item=laptop, quantity=0)
    put(mall, CLERK, laptop)
    assert mall.ask(CLERK, laptop)["state"] == "PLACED"


def test_local_numbers_are_the_centres_own_and_never_of_yesterday(mall: Mall) -> None:
    p = {"rule": "BUY-SPLIT", "region": "420112", "category": "A", "value": "1", "effective_from": "2026-03-02",
         "source": "文件"}  # fmt: skip
    mall.do("交易中心", "parameter.set", **p)
    assert mall.refused("交易中心", "parameter.set", **(p | {"effective_from": "2026-03-01"})) == ["BUY-PARAMETER"]
    assert mall.refused("交易中心", "parameter.set", **(p | {"region": "110000"})) == ["ACCESS"]
    assert mall.refused(BUYER, "parameter.set", **p) == ["ACCESS"]
    for bad in ({"category": ""}, {"rule": "BUY-BUDGET"}, {"level": 6}, {"value": "-1"}, {"source": ""}):
        with pytest.raises(Unusable):
            mall.do("交易中心", "parameter.set", **(p | bad))
