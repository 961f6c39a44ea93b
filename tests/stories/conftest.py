"""Whole lives in process: the platform is built once a session, and every life is played on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stories.play import CaseFile, Life, build, four_sites, life_of

Begin = Callable[..., Life]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("platform") / "built"
    build(folder)
    return folder


def _starter(built: Path, where: Path) -> Iterator[Begin]:
    """`begin(case file)`: the case of the repository when none is given."""
    made: list[Life] = []

    def start(case: CaseFile | None = None) -> Life:
        folder = where / f"platform{len(made)}"
        shutil.copytree(built, folder)
        file = case or four_sites()
        made.append(life_of(file).begin(folder, file))
        return made[-1]

    yield start
    for life in made:
        life.acts.engine.dispose()


@pytest.fixture
def begin(built: Path, tmp_path: Path) -> Iterator[Begin]:
    yield from _starter(built, tmp_path)


@pytest.fixture(scope="module")
def begin_shared(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begin]:
    yield from _starter(built, tmp_path_factory.mktemp("shared"))
