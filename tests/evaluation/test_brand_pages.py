"""What the room, the bidder and supervisors read of brands, corrected prices and shared passages, in Chinese words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts import sign_in
from core.access import SYSTEM
from evaluation.aid import texts
from tests.evaluation.house import House, to_scoring
from tests.evaluation.test_aid import PDF, hand_in, read
from tests.evaluation.test_alike import PASSAGE, pdf, words
from tests.evaluation.test_figures import FOUR, correct
from tests.evaluation.test_same_brand import recorded, scored, sitting
from web.app import create_app

Open = Callable[..., str]


@pytest.fixture
def look(house: House) -> Iterator[Open]:
    """look(name, path): the page's text as that person gets it, for 200 alone."""
    app: Any = None

    def get(name: str, path: str) -> str:
        nonlocal app
        app = app or create_app(house.world.acts.house.config, house.world.clock)
        client = app.test_client()
        client.set_cookie("gh_session", house.world.acts.act(sign_in.begin, SYSTEM, house.people[name]))
        answer = client.get(path, headers={"Accept-Language": "zh-CN"})
        assert answer.status_code == 200, path
        return str(answer.text)

    yield get
    if app is not None:
        app.extensions["gongheng"].acts.engine.dispose()


def holds(text: str, *said: str) -> None:
    assert [one for one in said if one not in text] == []


def test_the_leader_sees_brands_and_corrects_and_the_bidder_answers(house, look):
    sitting(house, {"甲": "海信", "乙": "海信"}, prices=FOUR)
    room = f"/room/{house.case}"
    leader = look(house.names[0], room)
    holds(leader, "核心产品品牌", "相同品牌：", "认定品牌", "修正并请投标人确认", "第59条")
    other = look(house.names[1], room)
    holds(other, "相同品牌：")
    assert "brand.state" not in other and "figures.correct" not in other
    correct(house, minutes=10)
    holds(look(house.names[1], room), "报价修正", "等待投标人确认", "以大写金额为准")
    holds(look("丁", f"/cases/{house.case}/questions"), "5600", "确认修正后的报价", "大写金额和小写金额不一致")
    assert "5600" not in look("甲", f"/cases/{house.case}/questions")
    holds(look("丁", "/workbench"), "评标委员会修正了你方报价")
    house.world.clock.moment += timedelta(minutes=10, seconds=1)
    holds(look(house.names[1], room), "逾期未答复", "其投标无效")
    to_scoring(house)
    holds(look(house.names[1], f"{room}?bid={house.bids['丁']}"), "报价修正后，投标人未在规定时间内确认")
    holds(look("regulator", room), "报价修正")


def test_the_summary_says_who_stands_for_a_brand(house, look):
    sitting(house, {"甲": "海信", "乙": "海信"})
    scored(house, {"甲": "90", "乙": "95", "丙": "80", "丁": "70", "戊": "60"})
    for name in (house.names[0], "regulator"):
        holds(look(name, f"/room/{house.case}"), "相同品牌：", "第31条")


def test_shared_passages_lie_beside_the_bids(house, look):
    sitting(house, {}, prices=FOUR)
    hand_in(house, "甲", {"bid.pdf": (PDF, pdf(words(1, 500) + PASSAGE))})
    hand_in(house, "乙", {"bid.pdf": (PDF, pdf(words(2, 500) + PASSAGE))})
    path = f"/room/{house.case}/aid"
    read(house)
    holds(look(house.names[0], path), "文字比对尚在进行")
    texts.read(house.world.acts, house.case)
    page = look(house.names[0], path)
    holds(page, "投标文件之间相同的段落", PASSAGE, "第 1 页")
    recorded(house)
