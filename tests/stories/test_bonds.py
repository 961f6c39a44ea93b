"""Two bonds from one account: who must see it does, after the opening and not before; nothing is rejected."""

from __future__ import annotations

import json
import re

import pytest

from accounts import sign_in
from core.access import SYSTEM
from tests.stories.play import Life
from trading.procedures.open_works.story import basic_account
from web.app import create_app


class Shown:
    """Pages of one life, each opened as somebody."""

    def __init__(self, life: Life) -> None:
        self.life, self.app = life, create_app(life.acts.house.config, life.acts.house.clock)

    def __call__(self, who: str, path: str) -> str:
        client = self.app.test_client()
        if who:
            client.set_cookie("gh_session", self.life.acts.act(sign_in.begin, SYSTEM, self.life.user(who).person))
        answer = client.get(path.format(self.life.case))
        assert answer.status_code == 200, (who, path, answer.status_code)
        return re.sub(r"\s+", " ", answer.get_data(as_text=True))


@pytest.mark.certify("A-103", "A-104")
def test_bonds_are_shown_in_the_hall_and_one_payer_of_two_to_committee_and_regulator(begin) -> None:
    life = begin().announce()
    first = basic_account(life.file["bidders"][0]["uscc"])

    def lodge(one: dict) -> None:
        who = life.bidders[one["id"]]
        life.stage.act(who, "bond.lodge", life.case, form="transfer")
        life.stage.act(who, "bond.pay", life.case, account=first if one["id"] in "甲乙" else basic_account(one["uscc"]))

    life.lodge = lodge  # type: ignore[method-assign]
    life.bid_all()
    shown = Shown(life)
    mine = shown("bidder1", "/cases/{}/bid")
    assert "缴款识别码" in mine and "转账" in mine
    for who in ("", "tenderer", "centre1", "regulator"):
        assert "符合招标文件要求" not in shown(who, "/cases/{}/hall")
    assert "投标人甲" not in shown("tenderer", "/cases/{}/bonds") + shown("centre1", "/bonds")
    flags = life.stage.ask("regulator", "audit.flags", life.case)["flags"]
    assert life.deadline_passes() == "SEALED"
    assert life.open() == "OPENED"
    (told,) = [entry.body for entry in life.entries() if entry.kind == "bond.checked"]
    assert [one["amount"] for one in told["bids"]] == ["800000"] * 3
    assert [(one["rule"], one["field"]) for one in told["warnings"]] == [("R1-15", life.bids["乙"])]
    hall = shown("", "/cases/{}/hall")
    assert hall.count("符合招标文件要求") == 2 and hall.count("<strong>R1-15</strong>") == 1
    assert first[-4:] not in hall, "the hall knows no account"
    for who in ("tenderer", "agency", "centre1", "regulator", "auditor"):
        assert f"****{first[-4:]}" in shown(who, "/cases/{}/bonds")
    raised = {one["rule"]: one for one in life.stage.ask("regulator", "audit.flags", life.case)["flags"]}
    assert "C1" not in {one["rule"] for one in flags}
    assert (raised["C1"]["level"], sorted(raised["C1"]["entries"])) == (
        "DETERMINED_BASIS", sorted([life.bids["甲"], life.bids["乙"]]),
    )  # fmt: skip
    assert "认定依据" in shown("regulator", "/audit/{}")
    life.draw_committee()
    life.seat()
    view = life.stage.ask(life.members[0], "room.view", life.case)
    assert json.loads(json.dumps(view["signs"]))[0]["rule"] == "C1"
    assert [breach["rule"] for breach in view["bonds"][life.bids["乙"]]["breaches"]] == ["R1-15"]
    room = shown(life.members[0], f"/room/{{}}?bid={life.bids['乙']}")
    assert "认定依据" in room and "<strong>R1-15</strong>" in room and "第40条" in room
    assert view["rejected"] == {}, "people decide"
