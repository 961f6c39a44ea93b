"""Lists, workbench and statements of orders: each sees its own, and every sum is that of plain SQL."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
from openpyxl import load_workbook
from sqlalchemy import event, text

from core.clock import CST
from core.faults import Unusable
from core.money import yuan
from core.rules import Refused
from tests.certs.pdf_tools import fonts_missing
from tests.trading.order_world import LAPTOP, SECOND, Orders, set_up
from trading.order import queries, statements
from trading.order.machine import MACHINE
from web import order_words

NAMES = {key: key for key in MACHINE.states}


@pytest.fixture
def orders(world) -> Orders:
    return set_up(world)


@pytest.fixture
def many(orders) -> Orders:
    """Twelve orders of two buyers on three days, two of them settled, one refused in part."""
    for day in (1, 2, 3):
        orders.at(datetime(2026, 3, day, 9, 0, tzinfo=CST))
        pairs = (("采购人", "供应商"), ("采购人", "别的供应商"), ("别的采购人", "供应商"), ("采购人", "供应商"))
        for buyer, supplier in pairs:
            orders.place(buyer=buyer, supplier=supplier)
            orders.at(orders.now + SECOND)
    orders.paid()
    orders.accepted(line1=4)
    return orders


def listed(orders: Orders, who: str, **asked: Any) -> dict[str, Any]:
    with orders.world.read() as session:
        return queries.orders(session, orders.stage.people[who], orders.now, **asked)


def sql(orders: Orders, where: str, **values: Any) -> tuple[Any, ...]:
    query = "SELECT count(*), sum(total), sum(accepted), sum(invoiced), sum(paid) FROM mall_order WHERE "
    with orders.world.read() as session:
        number, *found = session.execute(text(query + where), values).one()
    return number, *(Decimal(one or 0) / 100 for one in found)


@pytest.mark.parametrize(
    ("who", "where"),
    [("采购人", "buyer_org = :org"), ("别的采购人", "buyer_org = :org"), ("供应商", "supplier_org = :org"),
     ("交易中心", "1 = 1"), ("监管", "1 = 1"), ("审计", "1 = 1"), ("管理员", "1 = 0"), ("没登录", "1 = 0")],
)  # fmt: skip
def test_everybody_sees_the_own_orders_and_their_sums(many, who, where):
    found = listed(many, who, limit=100)
    asked = {"org": many.stage.people[who].org} if ":org" in where else {}
    assert (found["count"], *found["sums"].values()) == sql(many, where, **asked)
    assert len(found["items"]) == found["count"] == found["tabs"][""]


def test_pages_follow_each_other_without_a_gap(many):
    whole, seen, after = [one["id"] for one in listed(many, "采购人", limit=100)["items"]], [], ""
    for _ in range(20):
        found = listed(many, "采购人", after=after, limit=3)
        seen += [one["id"] for one in found["items"]]
        after = found["next"]
        if not after:
            break
    assert seen == whole and len(seen) > 9
    for bad in ("x", "2026-03-02|", "yesterday|1"):
        with pytest.raises(Unusable, match="after"):
            listed(many, "采购人", after=bad)


def test_tabs_hold_every_state_once_and_search_begins_with_the_number(many):
    assert sorted(one for states in queries.TABS.values() for one in states) == sorted(MACHINE.states)
    assert set(order_words.TABS) == {"", queries.LATE, *queries.TABS}
    counted = {tab: listed(many, "监管", tab=tab, limit=100)["count"] for tab in order_words.TABS}
    assert counted == listed(many, "监管")["tabs"]
    number = listed(many, "采购人")["items"][0]["number"]
    assert [one["number"] for one in listed(many, "采购人", text=number.lower())["items"]] == [number]
    assert listed(many, "采购人", text="DD20260302")["count"] == 3
    assert listed(many, "采购人", text="%")["count"] == 0
    own = {one["number"] for one in listed(many, "采购人", limit=100)["items"]}
    assert all(one["number"] not in own for one in listed(many, "别的采购人", limit=100)["items"])


def test_a_list_of_many_costs_as_many_queries_as_a_list_of_one(many, sql_count):
    few = sql_count(lambda: listed(many, "监管", limit=1))
    assert sql_count(lambda: listed(many, "监管", limit=100)) == few


@pytest.fixture
def sql_count(orders):
    engine = orders.world.engine

    def counted(work: Any) -> int:
        seen: list[str] = []

        def hear(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", hear)
        work()
        event.remove(engine, "before_cursor_execute", hear)
        return len(seen)

    return counted


def test_nobody_else_reads_an_order(orders):
    order = orders.place()
    with orders.world.read() as session:
        for who in ("采购人", "供应商", "交易中心", "监管", "审计"):
            assert queries.readable(session, order, orders.stage.people[who]).id == order
        for who in ("别的采购人", "别的供应商", "管理员", "没登录"):
            with pytest.raises(Refused, match="ACCESS"):
                queries.order_page(session, order, orders.stage.people[who], orders.now)


# -- workbench --------------------------------------------------------------------------------------------------------


def tasks(orders: Orders, who: str) -> list[str]:
    actor = orders.stage.people[who]
    with orders.world.read() as session:
        found = queries.todo(session, actor, orders.now)
        found += queries.watched(session, actor, orders.now, orders.now - timedelta(days=7))
    return [one["act"] for one in found]


def test_the_workbench_names_the_next_act_of_whose_turn_it_is(orders):
    order = orders.place(LAPTOP)
    turns: list[tuple[str, str]] = []

    def note() -> None:
        turns.extend((who, act) for who in ("采购人", "供应商") for act in tasks(orders, who))

    note()
    orders.do("供应商", "order.confirm", order)
    note()
    document = orders.do("采购人", "order.contract", order)["document"]
    assert tasks(orders, "采购人") == tasks(orders, "供应商") == []  # the papers' own work says who signs
    orders.sign(document, buyer="采购人", supplier="供应商")
    note()
    sent = orders.sent(order)
    note()
    orders.do("采购人", "order.receive", order, shipment=sent)
    note()
    orders.closed(order, orders.noted(order, sent))
    note()
    orders.invoice(order)
    note()
    orders.do("采购人", "order.ask_return", order, lines={orders.lines(order)[0].id: 1}, reason="x")
    note()
    orders.do("供应商", "order.answer_return", order, accept=True)
    note()
    assert turns == [
        ("供应商", "order.confirm"), ("采购人", "order.contract"), ("供应商", "order.ship"),
        ("采购人", "order.receive"), ("采购人", "order.inspect"), ("供应商", "order.invoice"), ("采购人", "order.pay"),
        ("供应商", "order.answer_return"), ("供应商", "order.take_back"),
    ]  # fmt: skip
    assert tasks(orders, "别的采购人") == tasks(orders, "别的供应商") == []


def test_the_regulator_hears_of_late_payments_and_disputes(orders):
    order = orders.accepted()
    orders.invoice(order)
    until = orders.row(order).pay_by
    assert until is not None
    orders.at(until)
    assert tasks(orders, "监管") == [] and listed(orders, "监管")["tabs"]["late"] == 0
    orders.at(until + SECOND)
    assert tasks(orders, "监管") == ["order.late"] and listed(orders, "监管")["tabs"]["late"] == 1
    assert tasks(orders, "交易中心") == []
    orders.do("供应商", "order.dispute", order, reason="拖欠")
    assert tasks(orders, "监管") == tasks(orders, "交易中心") == ["order.decide"]
    orders.do("交易中心", "order.decide", order, outcome="go_on", reason="应当付款")
    assert tasks(orders, "监管") == ["order.late", "order.decided"]
    orders.at(orders.now + timedelta(days=8))
    assert tasks(orders, "监管") == ["order.late"]


def test_a_cancellation_waits_on_the_workbench_of_who_was_asked(orders):
    order = orders.confirmed()
    orders.do("供应商", "order.ask_cancel", order, reason="x")
    assert tasks(orders, "采购人") == ["order.answer_cancel"] and tasks(orders, "供应商") == []


# -- statements -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "begins", "ends"),
    [("2026", "2026-01-01", "2027-01-01"), ("2026-Q1", "2026-01-01", "2026-04-01"),
     ("2026-Q4", "2026-10-01", "2027-01-01"), ("2026-02", "2026-02-01", "2026-03-01"),
     ("2026-12", "2026-12-01", "2027-01-01")],
)  # fmt: skip
def test_a_period_begins_and_ends_at_midnight_in_china(said, begins, ends):
    found = statements.period(said)
    assert (found.begins.isoformat(), found.ends.isoformat()) == (f"{begins}T00:00:00+08:00", f"{ends}T00:00:00+08:00")


@pytest.mark.parametrize("said", ["", "26", "2026-13", "2026-Q5", "2026-3", "1999", "2026-03-02", "２０２６"])
def test_another_period_is_refused(said):
    with pytest.raises(Unusable, match="period"):
        statements.period(said)


def test_the_periods_offered_have_begun():
    offered = [one.text for one in statements.periods(datetime(2026, 3, 2, tzinfo=CST))]
    assert offered[0] == "2026" and "2026-Q1" in offered and "2026-Q2" not in offered
    assert "2026-03" in offered and "2025-04" in offered and "2026-04" not in offered


def statement(orders: Orders, who: str, side: str, said: str, limit: int = 1000) -> dict[str, Any]:
    with orders.world.read() as session:
        return statements.statement(session, orders.stage.people[who], side, statements.period(said), limit=limit)


@pytest.mark.parametrize(
    ("who", "side", "column"), [("采购人", "buyer", "buyer_org"), ("供应商", "supplier", "supplier_org")]
)
def test_the_sums_of_a_statement_are_those_of_sql(many, who, side, column):
    last = datetime(2026, 3, 31, 23, 59, 59, tzinfo=CST)
    for moment in (last, last + SECOND):
        many.at(moment)
        many.place()
    found = statement(many, who, side, "2026-03", limit=2)
    wanted = sql(many, f"{column} = :org AND placed_at >= :a AND placed_at < :z", org=many.stage.people[who].org,
                 a="2026-02-28 16:00:00", z="2026-03-31 16:00:00")  # fmt: skip
    assert (found["count"], *list(found["sums"].values())[:4]) == wanted and len(found["rows"]) == 2
    assert found["sums"]["owed"] == found["sums"]["accepted"] - found["sums"]["paid"] == Decimal(2100)
    assert statement(many, who, side, "2026")["count"] == found["count"] + 1


def test_nobody_has_a_statement_of_the_other_side_or_of_others(many):
    wrong = (("采购人", "supplier"), ("供应商", "buyer"), ("监管", "buyer"), ("没登录", "buyer"), ("采购人", "x"))
    for who, side in wrong:
        with pytest.raises(Unusable, match="side"):
            statement(many, who, side, "2026")


def test_the_workbook_holds_the_same_rows_and_sums(many):
    found = statement(many, "采购人", "buyer", "2026-03")
    found["rows"][0]["other"] = "=1+1"
    book = load_workbook(io.BytesIO(statements.workbook(found, NAMES)))
    rows = list(book["对账单"].iter_rows(values_only=True))
    assert rows[0] == statements.HEADINGS and len(rows) == found["count"] + 2
    assert rows[1][3] == "=1+1" and book["对账单"].cell(2, 4).data_type == "s"
    for column, key in enumerate(("total", "accepted", "invoiced", "paid", "owed"), 5):
        total = sum(Decimal(str(row[column])) for row in rows[1:-1])
        assert total == Decimal(str(rows[-1][column])) == found["sums"][key]


@pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
def test_the_pdf_prints_the_sums(many):
    found = statement(many, "采购人", "buyer", "2026-03", limit=2)
    made = statements.paper(found, NAMES, "采购人", many.now, demo=True)
    with pypdfium2.PdfDocument(made) as document:
        said = "".join("".join(page.get_textpage().get_text_range().split()) for page in document)
    assert f"{found['count']}笔" in said and "仅列示最近2笔" in said
    assert all(yuan(found["sums"][key]) in said for key in ("total", "accepted", "paid", "owed"))


def test_a_statement_of_too_many_asks_for_a_shorter_period(many, monkeypatch):
    monkeypatch.setattr(statements, "MOST", 3)
    with pytest.raises(Unusable, match="shorter"):
        statement(many, "采购人", "buyer", "2026-03")


def test_an_empty_statement_is_one(orders):
    found = statement(orders, "采购人", "buyer", "2026-02")
    assert found["count"] == 0 and statements.workbook(found, NAMES)
    assert statements.paper(found, NAMES, "采购人", orders.now, demo=True)
