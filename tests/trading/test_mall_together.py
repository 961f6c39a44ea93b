"""What the rooms of the mall tell each other inside one act: stock, budgets, agreements, figures."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from core.rules import Refused
from tests.stories.test_frameworks import agreements  # noqa: F401  the same world
from tests.trading.buying_world import PC, Mall
from tests.trading.framework_world import Agreements
from tests.trading.test_buying_purchases import CLERK, mall  # noqa: F401  the same world
from trading.buying.models import Budget
from trading.framework.models import FrameworkMember
from trading.mall.models import Item
from trading.mall.search_store import SearchDoc
from trading.order.models import Order
from trading.supplier.models import MallSupplier


def _bought(mall: Mall, quantity: int, **changes: object) -> tuple[str, str]:  # noqa: F811
    """(item, order) of a direct purchase without approval."""
    mall.free()
    item = mall.item("投标人甲", PC, "5000", stock=10, **changes)
    mall.do(CLERK, "cart.put", item=item, quantity=quantity)
    (order,) = mall.ask(CLERK, item)["orders"]
    return item, order


def test_an_order_takes_stock_and_budget_and_a_called_off_one_gives_both_back(mall: Mall) -> None:  # noqa: F811
    item, order = _bought(mall, 4, elsewhere=Decimal("5500"))
    with mall.world.read() as session:
        row, budget = session.get_one(Item, item), session.scalars(select(Budget)).one()
        assert (row.stock, row.sold, budget.held) == (6, 4, Decimal("20000"))
        assert session.get_one(Order, order).reference == Decimal("22000")
    mall.do(CLERK, "order.cancel", order, reason="不再需要")
    with mall.world.read() as session:
        row, budget = session.get_one(Item, item), session.scalars(select(Budget)).one()
        assert (row.stock, row.sold, budget.held) == (10, 0, Decimal(0))


def test_more_than_there_is_is_not_ordered(mall: Mall) -> None:  # noqa: F811
    item, _ = _bought(mall, 10)
    mall.do(CLERK, "cart.put", item=item, quantity=1)
    with pytest.raises(Refused):
        mall.ask(CLERK, item)


def test_without_a_price_elsewhere_nothing_is_counted_as_saved(mall: Mall) -> None:  # noqa: F811
    _, order = _bought(mall, 1)
    with mall.world.read() as session:
        assert session.get_one(Order, order).reference is None


def _offered(agreements: Agreements, who: str, price: str, category: str = "A05040101") -> str:  # noqa: F811
    org = agreements.actor(who).org
    with agreements.read() as session, session.begin():
        session.add(MallSupplier(org_id=org, state="active", categories=["A"], regions=["420000"],
                                 applied_at=agreements.now))  # fmt: skip
        row = Item(supplier_org=org, sku="1", category=category, name="复印纸", brand="纸", unit="包", stock=9,
                   state="listed", changed_at=agreements.now, price=Decimal(price))  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


@pytest.mark.rule("FH-PRICED", "allowed")
@pytest.mark.parametrize(("price", "state"), [("20.00", "listed"), ("20.01", "blocked")])
def test_an_item_under_an_agreement_never_costs_more_there(agreements: Agreements, price, state) -> None:  # noqa: F811
    framework = agreements.ready({"投标人甲": "20.00", "投标人乙": "21.00"})
    item = _offered(agreements, "投标人甲", price)
    assert agreements.do("投标人甲", "framework.bind", framework, item=item) == {"price": "20"}
    with agreements.read() as session:
        row = session.get_one(Item, item)
        assert (row.state, row.agreement_id, row.agreement_price) == (state, framework, Decimal("20.00"))


def test_only_who_supplies_binds_its_own_item_and_with_the_place_goes_the_binding(agreements: Agreements) -> None:  # noqa: F811
    framework = agreements.ready({"投标人甲": "20.00", "投标人乙": "21.00"})
    item = _offered(agreements, "投标人甲", "19.00")
    for who in ("投标人乙", "投标人丙"):
        with pytest.raises(Exception, match="item"):
            agreements.do(who, "framework.bind", framework, item=item)
    agreements.do("投标人甲", "framework.bind", framework, item=item)
    with agreements.read() as session:
        member = session.scalars(select(FrameworkMember).where(
            FrameworkMember.org_id == agreements.actor("投标人甲").org)).one().id  # fmt: skip
    agreements.do("招标人", "framework.suspend", framework, member=member, cause="late_delivery", reason="抽检不合格")
    with agreements.read() as session:
        assert session.get_one(Item, item).agreement_id == ""


def test_what_buyers_see_anew_is_found_anew(agreements: Agreements) -> None:  # noqa: F811
    framework = agreements.ready({"投标人甲": "20.00", "投标人乙": "21.00"})
    item = _offered(agreements, "投标人甲", "19.00")
    agreements.do("投标人甲", "framework.bind", framework, item=item)
    with agreements.read() as session:
        doc = session.scalars(select(SearchDoc).where(SearchDoc.item_id == item)).one()
        assert doc.price == 1900 or doc.price == Decimal("19.00")


@pytest.mark.rule("FH-PRICED", "refused")
def test_what_the_agreement_does_not_price_is_not_bound_to_it(agreements: Agreements) -> None:  # noqa: F811
    framework = agreements.ready({"投标人甲": "20.00", "投标人乙": "21.00"})
    item = _offered(agreements, "投标人甲", "19.00", category="A02010105")
    with pytest.raises(Refused) as caught:
        agreements.do("投标人甲", "framework.bind", framework, item=item)
    assert [one.rule for one in caught.value.breaches] == ["FH-PRICED"]
