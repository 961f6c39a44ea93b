"""Government procurement: the purchaser's representative judges with the others and leads nobody (87号令 art. 45)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.access import Role
from core.rules import Refused
from tests.evaluation.house import NOW

SITES = {"420112": 2, "420203": 4}


@pytest.fixture
def seated(house):
    """Six experts and the representative, before the election."""
    house.build(pool=8, sites=SITES, regime="R2")
    house.person("代表", Role.TENDERER, "org-tenderer")
    house.names = house.form(sites=SITES, representatives=[house.people["代表"]])
    house.seat()
    house.world.clock.moment = NOW + timedelta(hours=1)
    for name in house.names:
        house.come_in(name)
    return house


@pytest.mark.rule("R2-12", "refused")
def test_nobody_votes_for_the_representative(seated):
    with pytest.raises(Refused) as refused:
        seated.do(seated.names[0], "leader.vote", **{"for": seated.place("代表").id})
    assert [(b.rule, b.found) for b in refused.value.breaches] == [("R2-12", "representative")]


@pytest.mark.rule("R2-12", "allowed")
def test_the_representative_votes_and_an_expert_leads(seated):
    seated.elect(seated.names)
    assert seated.stage == "PRELIM"
