"""The portal: filters and keyset pages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.faults import Unusable
from core.machine import Machine
from tests.trading.stage import START
from trading import procedures
from trading.project.queries import cases_of, portal


@pytest.fixture
def world_of_plans(stage):
    for number in range(5):
        stage.at(START + timedelta(days=number))
        made = stage.do(
            "招标人", "project.create", name=f"第{number}号工程", region="420112" if number % 2 else "420106",
            category="A02 市政" if number % 2 else "A08 施工", regime="R1", procedure="open-works", funds="state",
            estimate="500", unit="万元", lot={"no": "001", "name": "标段", "duration_days": 30},
        )  # fmt: skip
        stage.do("招标人", "plan.publish", made["case"])
    return stage


@pytest.fixture(autouse=True)
def centre_of_the_city(stage):
    """A centre of the city serves a district that has none."""
    stage.org("市交易中心", "centre", next(iter(stage.people["交易中心"].roles)), region="420100")


def _names(found) -> list[str]:
    return [item["title"][1] for item in found["items"]]


def test_filters(world_of_plans) -> None:
    with world_of_plans.world.read() as session:
        assert _names(portal(session)) == list("43210")
        assert _names(portal(session, region="420112")) == list("31")
        assert _names(portal(session, region="420000")) == list("43210")
        assert _names(portal(session, region="420100")) == list("43210")
        assert _names(portal(session, region="610900")) == []
        assert _names(portal(session, category="A08")) == list("420")
        assert _names(portal(session, text="第3号")) == ["3"]
        assert _names(portal(session, text="%")) == []
        assert _names(portal(session, stage="PLAN_PUBLIC")) == list("43210")
        assert _names(portal(session, tab="notice")) == []
        assert _names(portal(session, since=date(2026, 3, 4), until=date(2026, 3, 5))) == list("32")


def test_keyset_pages_meet_without_gap_or_repetition(world_of_plans) -> None:
    with world_of_plans.world.read() as session:
        first = portal(session, limit=2)
        second = portal(session, limit=2, after=first["next"])
        third = portal(session, limit=2, after=second["next"])
        assert _names(first) + _names(second) + _names(third) == list("43210")
        assert third["next"] == ""
        mine = cases_of(session, world_of_plans.people["招标人"], limit=3)
        rest = cases_of(session, world_of_plans.people["招标人"], after=mine["next"])
        assert len(mine["items"] + rest["items"]) == 5
        for cursor in ("x", "2026-03-02|a", "2026-03-02T00:00:00+08:00|"):
            with pytest.raises(Unusable):
                portal(session, after=cursor)


def test_every_procedure_has_a_sound_machine_whose_acts_have_names() -> None:
    for kind in procedures.TYPES.values():
        assert isinstance(kind.machine, Machine)
        assert kind.machine.faults() == []
        assert set(kind.fields.ROAD) <= set(kind.machine.states)
    with pytest.raises(Unusable):
        procedures.of("auction")
