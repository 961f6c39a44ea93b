"""Figures of the mall are what the rows say, and orders leave as open data, page by page."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, text

from core.access import SYSTEM, Role
from core.clock import CST
from core.faults import Unusable
from oversight import market, ocds
from oversight.market import Scope
from tests.web.conftest import NOW as NOW
from tests.web.conftest import Front, front  # noqa: F401  the same app
from trading.mall.categories import categories
from trading.order.models import SOURCES, Order, OrderLine
from trading.order.placing import Line, Placing, place
from web.demo import year

BUYERS, SUPPLIERS = ("org-tenderer", "org-elector"), ("org-bidder", "org-agency")
STATES = ("PLACED", "CONFIRMED", "SHIPPED", "PAID", "CANCELLED")


def placing(dice: random.Random) -> Placing:
    codes = [code for code in categories().by_code if len(code) == 9]
    lines = tuple(
        Line(dice.choice(codes), f"货物{n}", "台", dice.randint(1, 9), Decimal(dice.randint(1, 10**7)) / 100)
        for n in range(dice.randint(1, 4))
    )
    whole = sum(line.amount for line in lines)
    reference = whole + Decimal(dice.randint(0, 10**6)) / 100 if dice.random() < 0.6 else None
    return Placing(dice.choice(BUYERS), "p-tenderer", dice.choice(SUPPLIERS), dice.choice(SOURCES), "", "420112",
                   "某路1号", "某人", lines, reference=reference)  # fmt: skip


def fill(front: Front, count: int, seed: int = 7) -> None:  # noqa: F811
    """So many orders over two years, some called off."""
    dice = random.Random(seed)
    days = sorted(dice.randrange(600) for _ in range(count))
    for day in days:
        front.clock.moment = datetime(2025, 1, 1, 0, 30, tzinfo=CST) + timedelta(days=day)

        def made(tx) -> None:
            place(tx, placing(dice)).state = dice.choice(STATES)

        front.acts.act(made, SYSTEM)
    front.clock.moment = NOW


def rows(session, year: int, side: str = "", org: str = "") -> list[Order]:
    found = session.query(Order).filter(Order.fiscal_year == year, Order.state != "CANCELLED").all()
    return [row for row in found if not side or getattr(row, side) == org]


@pytest.mark.parametrize(("buyer", "supplier"), [("", ""), ("org-tenderer", ""), ("", "org-agency")])
def test_every_sum_is_that_of_the_rows(front, buyer, supplier):  # noqa: F811
    fill(front, 60)
    with front.acts.reading() as session:
        found = market.figures(session, Scope(2025, buyer, supplier))
        mine = rows(session, 2025, "buyer_org" if buyer else "supplier_org" if supplier else "", buyer or supplier)
        lines = [line for line in session.query(OrderLine) if line.order_id in {row.id for row in mine}]
        assert market.years(session) == [2026, 2025]
        assert len(mine) > 8
        assert (found.orders, found.amount) == (len(mine), sum(row.total for row in mine))
        assert found.buyers == len({row.buyer_org for row in mine})
        with_reference = [row for row in mine if row.reference is not None]
        assert found.saved == sum(row.reference - row.total for row in with_reference)
        assert Counter({one.key: one.amount for one in found.months if one.orders}) == _sums(
            (f"{row.placed_at.astimezone(CST):%m}", row.total) for row in mine)  # fmt: skip
        assert {one.key: one.amount for one in found.ways} == _sums((row.source, row.total) for row in mine)
        by_category = _sums((line.category[:3], line.amount) for line in lines)
        assert sum(one.amount for one in found.categories) == found.amount == sum(by_category.values())
        assert all(by_category[one.key] == one.amount for one in found.categories if one.key)
        assert {one.key: one.amount for one in found.top_suppliers} == _sums((r.supplier_org, r.total) for r in mine)


def _sums(pairs) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for key, amount in pairs:
        found[key] = found.get(key, Decimal(0)) + amount
    return found


def test_the_share_saved_is_rounded_half_up_once(front):  # noqa: F811
    def made(tx) -> None:
        line = Line("A01010100", "货物", "台", 1, Decimal("1999.90"))
        place(tx, Placing(BUYERS[0], "p", SUPPLIERS[0], "direct", "", "420112", "路", "人", (line,),
                          reference=Decimal("2000.00")))  # fmt: skip

    front.acts.act(made, SYSTEM)
    with front.acts.reading() as session:
        found = market.figures(session, Scope(2026))
        assert (found.saved, found.saved_share) == (Decimal("0.10"), Decimal("0.01"))  # 0.005 %
        assert market.figures(session, Scope(2027)).saved_share is None


def test_the_number_of_statements_does_not_grow_with_the_orders(front):  # noqa: F811
    counts, said = [], []
    event.listen(front.acts.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    for count in (3, 40):
        fill(front, count, seed=count)
        said.clear()
        with front.acts.reading() as session:
            market.figures(session, Scope(2025))
            ocds.orders(session, "ocds-000000", year=2025)
        counts.append(len(said))
    assert counts[0] == counts[1] < 16


def test_the_page_shows_the_totals_and_to_a_party_its_own(front):  # noqa: F811
    fill(front, 30)
    with front.acts.reading() as session:
        every, own = market.figures(session, Scope(2025)), market.figures(session, Scope(2025, buyer="org-tenderer"))
    shown = front.client().get("/mall/figures?year=2025").text
    assert f"{every.mall.amount:,.2f}" in shown and "whose" not in shown
    bought = front.client(Role.TENDERER).get("/mall/figures?year=2025&whose=bought").text
    assert f"{own.mall.amount:,.2f}" in bought


@pytest.mark.parametrize(("query", "status"), [
    ("whose=bought", 403), ("whose=anybody", 400), ("year=20x5", 400), ("year=1", 400), ("year=1999", 200),
])  # fmt: skip
def test_what_cannot_be_asked_is_said(front, query, status):  # noqa: F811
    assert front.client().get(f"/mall/figures?{query}").status_code == status


def test_a_supplier_cannot_ask_for_what_it_bought(front):  # noqa: F811
    assert front.client(Role.BIDDER).get("/mall/figures?whose=bought").status_code == 403
    assert front.client(Role.BIDDER).get("/mall/figures?whose=sold").status_code == 200


# -- open data --------------------------------------------------------------------------------------------------------


def test_all_orders_leave_in_pages_each_once(front, monkeypatch):  # noqa: F811
    monkeypatch.setattr(ocds, "PAGE", 7)
    fill(front, 40)
    ids, address = [], "/api/v1/ocds/orders.json?year=2025"
    while address:
        answer = front.client().get(address).get_json()
        assert answer["version"] == "1.1" and len(answer["releases"]) <= 7
        ids += [one["ocid"] for one in answer["releases"]]
        address = answer.get("links", {}).get("next", "").partition("8000")[2]
    with front.acts.reading() as session:
        assert ids == sorted(f"ocds-000000-{number}" for (number,) in session.query(Order.number).filter_by(
            fiscal_year=2025))  # fmt: skip
    assert len(ids) == len(set(ids)) > 20


def test_a_release_holds_what_the_standard_requires(front):  # noqa: F811
    fill(front, 40)
    with front.acts.reading() as session:
        found = ocds.orders(session, "ocds-000000", year=2025).releases
        states = {row.number: row for row in session.query(Order)}
        session.expunge_all()
    for one in found:
        row = states[one["awards"][0]["id"]]
        assert {"ocid", "id", "date", "tag", "initiationType"} <= set(one)
        assert {role for party in one["parties"] for role in party["roles"]} >= {"buyer", "supplier"}
        named = {party["id"] for party in one["parties"]}
        assert {one["buyer"]["id"], one["awards"][0]["suppliers"][0]["id"]} == named
        assert Decimal(str(one["awards"][0]["value"]["amount"])) == row.total
        assert ("contracts" in one) == (row.state != "PLACED")
        assert (one["awards"][0]["status"] == "cancelled") == (row.state == "CANCELLED")
        whole = sum(Decimal(str(i["unit"]["value"]["amount"])) * i["quantity"] for i in one["awards"][0]["items"])
        assert whole == row.total


def test_a_page_after_nothing_known_is_refused(front):  # noqa: F811
    with front.acts.reading() as session, pytest.raises(Unusable, match="after"):
        ocds.orders(session, "ocds-000000", year=2025, after="' OR 1=1")
    assert front.client().get("/api/v1/ocds/orders.json?after=' OR 1=1").status_code == 400


# -- a district's year --------------------------------------------------------------------------------------------


def test_the_year_of_a_district_shows_the_totals_of_its_rows(front):  # noqa: F811
    """Seed documents: 1,237 mall orders of 82.87 million yuan; 2,693 framework suppliers, 49.55 million."""
    front.acts.act(year.take_over, SYSTEM)
    with front.acts.reading() as session:
        found = market.figures(session, Scope(year.YEAR))
        whole = session.execute(text(
            "SELECT source = 'framework', count(*), sum(total) FROM mall_order WHERE fiscal_year = 2025 GROUP BY 1"
        )).all()  # fmt: skip
        lines = session.execute(text("SELECT sum(amount), sum(price * quantity) FROM mall_order_line")).one()
        inside = session.execute(text("SELECT count(DISTINCT org_id) FROM framework_member")).scalar()
    assert (found.mall.orders, found.mall.amount) == (1237, Decimal("82870000.00"))
    assert (found.called.orders, found.called.amount) == (412, Decimal("49550000.00"))
    assert (found.entered, found.agreements) == (2693, 12) and inside == 2693
    assert sorted(map(tuple, whole)) == [(0, 1237, 8287000000), (1, 412, 4955000000)]
    assert lines[0] == lines[1] == 8287000000 + 4955000000
    assert sum(one.amount for one in found.months) == sum(one.amount for one in found.categories) == found.amount
    assert front.client().get("/frameworks").status_code == 200
    shown = front.client().get("/mall/figures").text
    assert all(one in shown for one in ("82,870,000.00", "1,237", "49,550,000.00", "2,693"))


def test_the_same_seed_makes_the_same_year(front):  # noqa: F811
    made = front.acts.act(year.take_over, SYSTEM)
    assert made["digest"] == "d3529931950683b4de926c6b410750c170af2802c3adfbdeb4b9d6ad61491f4f"
    assert (made["orders"], made["suppliers"]) == (1649, 2693)
