"""The pages of auctions over plain HTTP: who gets which, wrong addresses, nothing of a draft for others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.access import SYSTEM, Role
from tests.trading.auction_world import LINE
from tests.web.conftest import NOW, Front
from trading.auction import queries
from trading.supplier.models import MallSupplier

NOTICE: dict[str, Any] = {
    "regime": "state_firm", "title": "办公电脑<b>采购</b>", "region": "420112", "address": "某路1号",
    "receiver": "张三", "lines": [LINE], "entrants": "open", "ceiling": "50000", "step": "100", "far": "40",
    "opens_at": (NOW + timedelta(hours=1)).isoformat(), "ends_at": (NOW + timedelta(hours=2)).isoformat(),
}  # fmt: skip


@pytest.fixture
def draft(front: Front) -> str:
    body = {"case": "", "payload": NOTICE}
    answer = front.client(Role.TENDERER).post("/api/v1/acts/auction.save", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["result"]["auction"])


def test_the_form_and_its_draft(front: Front, draft: str) -> None:
    client = front.client(Role.TENDERER)
    assert 'name="title"' in client.get("/mall/auctions/new").text
    edit = client.get(f"/mall/auctions/{draft}/edit").text
    assert "办公电脑&lt;b&gt;采购" in edit and "内存: 16GB" in edit
    assert front.client(Role.BIDDER).get(f"/mall/auctions/{draft}/edit").status_code == 403
    found = client.get("/mall/auctions/categories?words=计算机").get_json()["rows"]
    assert {"code": "A02010100", "name": "计算机"} in found


def test_a_draft_is_nobody_elses(front: Front, draft: str) -> None:
    for role in (None, Role.BIDDER, Role.CENTRE, Role.REGULATOR):
        assert front.client(role).get(f"/mall/auctions/{draft}").status_code == 404
        assert front.client(role).get(f"/mall/auctions/{draft}/log").status_code == 404
    assert front.client(Role.TENDERER).get(f"/mall/auctions/{draft}").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/mall/auctions", 200), ("/mall/auctions?tab=closed&text=x", 200), ("/mall/auctions?tab=none", 404),
     ("/mall/auctions?tab=mine", 404), ("/mall/auctions?tab=coming&before=x", 400), ("/mall/auctions/none", 404)],
)  # fmt: skip
def test_addresses(front: Front, path: str, status: int) -> None:
    assert front.client().get(path).status_code == status


def test_every_role_reads_a_running_one_and_only_a_supplier_is_asked_in(front: Front, draft: str) -> None:
    acts = front.acts

    def run(tx: Any) -> None:
        row = tx.session.get(queries.Auction, draft)
        row.state, row.published_at = "BIDDING", tx.now
        tx.session.add(MallSupplier(org_id="org-bidder", state="active", categories=["A02000000"], regions=["420000"],
                                    applied_at=tx.now))  # fmt: skip

    acts.act(run, SYSTEM)
    for role in (None, *(one for one in Role if one is not Role.PUBLIC)):
        for language in ("zh_CN", "en"):
            client = front.client(role)
            client.set_cookie("gh_language", language)
            page = client.get(f"/mall/auctions/{draft}")
            assert page.status_code == 200, (role, language)
            assert ("auction.enter" in page.text) is (role is Role.BIDDER)
            assert ("auction.pause" in page.text) is (role is Role.CENTRE)
            assert ("auction.cancel" in page.text) is (role is Role.TENDERER)
    assert front.client().get(f"/mall/auctions/{draft}/log?after=x").status_code == 400
