"""Buying as a whole, through the doors with real signatures: two buyers, three suppliers, a request for quotes from its
sealed quotes to the order, and a direct purchase beside it. The clock is moved, timers do the rest."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.proof import prove
from certs import sealing, suite
from certs.sealing_parts import Part
from core import canon, ledger
from core.access import Role
from core.acts import Tx
from core.ledger import EntryRow
from oversight.checkpoints import stream_heads
from tests.browser.conftest import REGION, START, make_world, populate
from trading.buying.models import Budget, SplitFlag
from trading.buying.quotes import contents
from trading.buying.quotes.contents import Offer, Priced
from trading.mall.models import Item
from trading.order.models import Order
from trading.supplier.models import MallSupplier
from web import timers
from web.demo.local import LocalStage
from web.demo.world import Builder, uscc

PC = "A02010105"
WHERE = {"region": REGION, "address": "测试路1号", "receiver": "收货人"}
SUPPLIERS = ("bidder1", "bidder2", "bidder3")


def fill(builder: Builder) -> None:
    populate(builder)
    builder.opening_key(builder.ring["bidder1"], "bidder")
    builder.person("tenderer", "clerk", "李经办", [Role.TENDERER], REGION)
    builder.org("school", "东西湖区第一中学", uscc("12", REGION, 40), "tenderer", REGION, "centre1")
    builder.person("school", "teacher", "王经办", [Role.TENDERER], REGION)
    orgs = [builder.ring[who].org for who in SUPPLIERS]

    def rows(tx: Tx) -> None:
        for n, org in enumerate(orgs):
            tx.session.add(MallSupplier(org_id=org, state="active", categories=["A"], regions=["420000"],
                                        applied_at=START))  # fmt: skip
            tx.session.add(
                Item(id=f"item{n}", supplier_org=org, sku=str(n), category=PC, name=f"电脑{n}", brand="牌", unit="台",
                     price=Decimal(4000 + n), stock=50, state="listed", changed_at=START)
            )  # fmt: skip

    builder.stage.acts.act(rows, builder.stage.actor("centre1"))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[LocalStage]:
    acts, ring = make_world(tmp_path, fill)
    yield LocalStage(acts, prove, ring, lambda: timers.run_once(acts))
    acts.engine.dispose()


def sealed(stage: LocalStage, who: str, request: str, price: str) -> sealing.Manifest:
    user = stage.ring[who]
    assert user.opening is not None
    held = stage.ask(who, "quote.desk", request)["sealing"]["custodians"]
    custodians = {role: suite.load_spki(suite.unb64(spki, "spki")) for role, spki in held.items()}
    data = contents.compose(Offer((Priced(1, Decimal(price), "牌", "型"),), 7, False, ""))
    context, out = sealing.Context("quote", request, secrets.token_hex(8), user.fingerprint), io.BytesIO()
    part = Part.of_bytes(contents.NAME, "application/json", data)
    manifest = sealing.seal([part], user.opening.public_key(), context, out, custodians)
    stored = stage.upload(who, out.getvalue())
    stage.act(who, "quote.submit", request, manifest=canon.loads(manifest.data),
              ciphertext_sha256=stored["sha256"], size=stored["size"])  # fmt: skip
    return manifest


def prepared(stage: LocalStage) -> None:
    """Local numbers, budgets, and for the school a chain of two steps."""
    today = stage.now().date().isoformat()
    for rule, value in (("BUY-DIRECT-ORDER", "10000"), ("BUY-SPLIT", "45000")):
        stage.act("centre1", "parameter.set", rule=rule, category="A", value=value, level=3, region=REGION,
                  effective_from=today, source="东财采〔2026〕1号")  # fmt: skip
    for manager in ("tenderer", "school"):
        stage.act(manager, "budget.set", fiscal_year=2026, category="A", funds="fiscal", amount="60000", reason="批复")


def direct(stage: LocalStage) -> None:
    """The school buys two computers of two suppliers on one word."""
    for item in ("item0", "item1"):
        stage.act("teacher", "cart.put", item=item, quantity=1)
    asked = stage.act("teacher", "purchase.submit", items=["item0", "item1"], funds="fiscal", **WHERE)
    assert stage.refused("teacher", "purchase.approve", asked["purchase"]) == ["BUY-APART"]
    assert stage.refused("tenderer", "purchase.approve", asked["purchase"]) == ["BUY-OWN"]
    assert len(stage.act("school", "purchase.approve", asked["purchase"])["orders"]) == 2


def test_two_buyers_three_suppliers_from_sealed_quotes_to_orders(stage: LocalStage) -> None:
    prepared(stage)
    direct(stage)
    line = {"category": PC, "name": "电脑", "spec": "8核", "unit": "台", "quantity": 10}
    ends_at = (stage.now() + timedelta(days=9)).replace(hour=9, minute=0, second=0, microsecond=0)
    terms = {
        "title": "电脑",
        "kind": "inquiry",
        "to_whom": "open",
        "lines": [line],
        "ceiling": "50000",
        "funds": "fiscal",
    }
    request = stage.act("clerk", "quote.publish", **terms, delivery_days=10, ends_at=ends_at.isoformat(), **WHERE)
    assert request["fallback"]
    key = request["request"]
    made = {who: sealed(stage, who, key, price) for who, price in zip(SUPPLIERS, ("4700", "4600", "4500"), strict=True)}
    with stage.acts.reading() as session:
        assert not [name for name in stream_heads(session) if name == f"sealed:{key}"], "no checkpoint tells of it"
    stage.move_to(ends_at)
    for who in ("bidder1", "bidder2"):
        file_key = suite.b64(sealing.unwrap_file_key(made[who], stage.ring[who].opening))
        stage.act(who, "quote.unlock", key, file_key=file_key)
    stage.move_to(ends_at + timedelta(hours=1, seconds=1))  # the third is asleep: two custodians open its quote
    for who, role in (("tenderer", "tenderer"), ("regulator", "regulator")):
        share = suite.b64(sealing.unwrap_share(made["bidder3"], role, stage.ring[who].opening))
        stage.act(who, "quote.release", key, quote=made["bidder3"].context.bid, share=share)
    stage.let_work()
    winner = made["bidder3"].context.bid
    asked = stage.act("clerk", "quote.select", key, quote=winner)
    assert (asked["state"], asked["warnings"]) == ("BUYER_APPROVAL", []), "45,000 is the threshold, not more"
    assert stage.ask("", "quote.result", key)["result"] == {}, "public with the order, not before"
    stage.act("tenderer", "purchase.approve", asked["purchase"])
    result = stage.ask("", "quote.result", key)["result"]
    assert (result["supplier"], result["total"], result["valid"]) == (stage.ring["bidder3"].org, "45000", 3)
    settled(stage, key)


def settled(stage: LocalStage, key: str) -> None:
    with stage.acts.reading() as session:
        entries = session.query(EntryRow.kind).filter_by(stream=f"buying:{key}").order_by(EntryRow.index)
        assert next(kind for (kind,) in entries) == "quote.published"
        assert ledger.head(session, f"sealed:{key}")["size"] == 3
        assert session.query(SplitFlag).count() == 0
        assert {order.source for order in session.query(Order)} == {"direct", "quote"}
        # The direct purchase was never confirmed: its order lapsed, and its money is free again.
        assert sorted(row.held for row in session.query(Budget)) == [Decimal("0"), Decimal("45000")]
