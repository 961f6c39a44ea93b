from __future__ import annotations

import pytest

from certs import drawdesk
from tests.evaluation.house import House


@pytest.fixture
def house(world, monkeypatch) -> House:
    monkeypatch.setattr(drawdesk, "FALLBACK", {})
    return House(world)
