"""A whole order in process, buyer and supplier with their own keys; its papers checked by the stranger's tool."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from certs import authority, desk
from certs.models import SigningDoc
from core import canon
from core.clock import CST
from core.ledger import EntryRow
from tests.certs.pdf_tools import fonts_missing
from trading.order.models import Order
from trading.order.placing import Line
from verifier.commands import run_verify
from web.demo import orders
from web.demo.house import local_stage
from web.demo.local import LocalStage
from web.demo.orders import OrderTale
from web.demo.world import Builder, uscc

pytestmark = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
LINES = (
    Line("A02010105", "便携式计算机", "台", 3, Decimal("4999.99"), brand="某品牌", model="X1"),
    Line("A05010299", "办公椅", "把", 10, Decimal("350.00")),
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStage]:
    made = local_stage(tmp_path_factory.mktemp("orders"), datetime(2026, 3, 2, 9, 0, tzinfo=CST))
    builder = Builder(made, stored_keys=False)
    builder.founding("centre1", "东西湖区公共资源交易中心", uscc("12", "420112", 1), "420112")
    builder.org("buyer", "东西湖区某中学", uscc("12", "420112", 2), "tenderer", "420112", "centre1")
    builder.org("supplier", "武汉某办公设备有限公司", uscc("91", "420112", 3), "bidder", "420112", "centre1")
    yield made
    made.acts.engine.dispose()


def entries(stage: LocalStage, order: str) -> list[str]:
    with stage.acts.reading() as session:
        query = session.query(EntryRow).filter_by(stream=f"order:{order}").order_by(EntryRow.index)
        return [one.kind for one in query]


def verified(stage: LocalStage, tale: OrderTale, folder: Path) -> list[dict[str, Any]]:
    """Every paper of the order through `flask verify`; their states on the desk."""
    house = authority.of(stage.acts.house.config)
    (folder / "trust.json").write_bytes(canon.dumps(house.trust([])))
    with stage.acts.reading() as session:
        papers = desk.documents(session, tale.order)
    for one in papers:
        path = folder / f"{one['kind']}-{one['id']}.pdf"
        path.write_bytes(stage.acts.house.blobs.get(one["head"]))
        found = run_verify([path])
        assert found.status == 0, found.text
        broken = bytearray(path.read_bytes())
        broken[len(broken) // 3] ^= 1
        path.write_bytes(bytes(broken))
        assert run_verify([path]).status == 1
    return papers


def test_a_whole_order_with_its_signed_papers(stage: LocalStage, tmp_path: Path) -> None:
    tale = OrderTale(stage, "buyer", "supplier").place(LINES).confirm()
    laptops, chairs = (one["line"] for one in tale.page()["lines"])
    tale.accept(tale.receive(tale.ship({laptops: 3}), {laptops: 1}))
    assert tale.page()["state"] == "PARTIAL"
    tale.deliver().invoice().pay().rate(4, "一台有划痕，已退")
    shown = tale.page()
    assert shown["state"] == "RATED" and shown["accepted"] == shown["invoiced"] == shown["paid"] == "13499.98"
    papers = verified(stage, tale, tmp_path)
    assert [(one["kind"], one["state"]) for one in papers] == [("order_contract", "sealed")] + [
        ("acceptance_note", "sealed")] * 2  # fmt: skip
    assert all(place["signed_at"] for one in papers for place in one["fields"])
    assert entries(stage, tale.order) == [
        "order.placed", "order.confirmed", "paper.opened", "order.contract_opened", "paper.signed", "paper.signed",
        "paper.sealed", "order.contracted", "order.shipped", "order.received", "paper.opened", "order.inspected",
        "paper.signed", "paper.signed", "paper.sealed", "order.accepted", "order.shipped", "order.received",
        "paper.opened", "order.inspected", "paper.signed", "paper.signed", "paper.sealed", "order.accepted",
        "order.invoiced", "order.paid", "order.rated",
    ]  # fmt: skip
    assert chairs != laptops


def test_a_note_the_supplier_left_unsigned_says_so_and_still_verifies(stage: LocalStage, tmp_path: Path) -> None:
    tale = OrderTale(stage, "buyer", "supplier").place(LINES[1:]).confirm()
    document = tale.receive(tale.ship())
    stage.sign("buyer", document)
    with stage.acts.reading() as session:
        opened = session.get_one(SigningDoc, document).opened_at
    stage.move_to(datetime(opened.year, opened.month, opened.day + 8, 0, 0, tzinfo=CST))
    assert tale.page()["state"] == "INSPECTED" and tale.page()["accepted"] == "3500"
    (paper,) = verified(stage, tale, tmp_path)
    assert [bool(place["signed_at"]) for place in paper["fields"]] == [True, False]
    assert "paper.left_out" in entries(stage, tale.order)


def test_an_order_nobody_confirms_is_cancelled_by_the_clock(stage: LocalStage) -> None:
    tale = OrderTale(stage, "buyer", "supplier").place(LINES[1:])
    until = tale.page()["confirm_by"]
    stage.move_to(until)
    assert tale.page()["state"] == "PLACED"
    stage.move_to(datetime.fromtimestamp(until.timestamp() + 1, CST))
    assert tale.page()["state"] == "CANCELLED"


def test_the_demo_plays_an_order_to_every_kind_of_station(stage: LocalStage) -> None:
    made = orders.play(stage, "buyer", "supplier", LINES[1:])
    with stage.acts.reading() as session:
        states = {key: session.get_one(Order, order).state for key, order in made.items()}
    assert states == {
        "rated": "RATED", "paid": "PAID", "invoiced": "INVOICED", "accepted": "INSPECTED",
        "returned": "RETURN_REQUESTED", "disputed": "DISPUTED", "on_the_way": "SHIPPED", "cancelled": "CANCELLED",
        "waiting": "PLACED",
    }  # fmt: skip
