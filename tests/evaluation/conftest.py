from __future__ import annotations

import pytest

from certs import drawdesk
from tests.evaluation.house import SMALL, House


@pytest.fixture
def house(world, monkeypatch) -> House:
    monkeypatch.setattr(drawdesk, "FALLBACK", {})
    return House(world)


@pytest.fixture
def room(house):
    house.build(pool=6, sites=SMALL)
    house.names = house.sit(sites=SMALL)
    return house
