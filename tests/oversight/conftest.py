from __future__ import annotations

import pytest

from tests.oversight.scene import Scene, new_scene


@pytest.fixture
def scene(world) -> Scene:
    return new_scene(world)
