"""The table of visibility (domain.md §4) against what each person really gets, at every stage of one case.

A case is played in which each secret has words of its own. At every stage everybody's pages, files, answers and live
channels are searched for all of them: what the table does not allow must be nowhere, what it allows must be somewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.access import SYSTEM, Role
from core.doors import QUESTIONS, Asking
from tests.stories.gather import Gatherer, Known, known
from tests.stories.sitting import POINTS, SAID, Sitting
from tests.stories.visibility import FIELDS, Field, Stage, Who, deviations

SECRETIVE = (Who.AUTHOR, Who.LEADER, Who.REPRESENTATIVE, Who.BIDDER_A, Who.BIDDER_B, Who.TENDERER)
Found = dict[tuple[Stage, Who], dict[str, list[str]]]


# What CI looks at: the stages between which most changes hands.
SHORT = (Stage.PRELIM, Stage.SUMMARY, Stage.EVALUATED)


class Searched:
    """One played case and what was found in it at `stages`."""

    def __init__(self, life: Sitting, stages: Iterable[Stage]) -> None:
        self.life, self.stages, self.found = life, tuple(stages), Found()
        self.gatherer = Gatherer(life, whole=len(self.stages) == len(Stage))

    def look(self, stage: Stage) -> None:
        if stage not in self.stages:
            return
        ids = self.known()
        for who in self.life.people:
            self.found[stage, who] = self.gatherer.search(self.life.people[who], ids, self.life.marks())

    def known(self) -> Known:
        """Own channels of those with secrets are tried by everybody."""
        return known(self.life, [self.life.people[one] for one in SECRETIVE if one in self.life.people])


@contextmanager
def _played(built: Path, folder: Path, stages: Iterable[Stage]) -> Iterator[Searched]:
    shutil.copytree(built, folder)
    life = Sitting.begin(folder)
    made = Searched(life, stages)
    life.play(made.look, max(made.stages))
    yield made
    made.gatherer.close()
    life.acts.engine.dispose()


@pytest.fixture(scope="module")
def searched(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    with _played(built, tmp_path_factory.mktemp("visibility") / "platform", SHORT) as made:
        yield made


@pytest.mark.parametrize("field", FIELDS, ids=lambda one: one.id)
def test_only_who_may_see_it_finds_it(searched: Searched, field: Field) -> None:
    lines = deviations(searched.found, field)
    assert not lines, "\n".join(lines)


def _complete(searched: Searched) -> None:
    """Nobody, no stage and no field was left out."""
    assert {stage for stage, _ in searched.found} == set(searched.stages)
    assert {who for stage, who in searched.found if stage >= Stage.COMMITTEE} == set(Who)
    assert {field for hits in searched.found.values() for field in hits} == {one.id for one in FIELDS}
    assert searched.gatherer.searched > 20 * len(searched.found)


def test_everybody_looked_at_every_stage_and_at_much(searched: Searched) -> None:
    _complete(searched)


@pytest.mark.soak
def test_the_whole_table_at_every_stage_and_every_address(built: Path, tmp_path: Path) -> None:
    with _played(built, tmp_path / "platform", Stage) as searched:
        _complete(searched)
        lines = [line for field in FIELDS for line in deviations(searched.found, field)]
        assert not lines, "\n".join(lines)


def _noticed(searched: Searched, who: Who, field: str) -> list[str]:
    life = searched.life
    hits = {(max(searched.stages), who): searched.gatherer.search(life.people[who], searched.known(), life.marks())}
    return deviations(hits, next(one for one in FIELDS if one.id == field))


def test_control_a_score_told_to_a_venue_is_noticed(searched: Searched) -> None:
    assert _noticed(searched, Who.OTHER_SUB, "points") == []
    seats = searched.life.stage.ask("centre3", "venue.list")["centres"]
    centre = next(one["id"] for one in seats if one["region"] == searched.life.file["sites"][2]["region"])
    searched.life.acts.act(lambda tx: tx.publish(f"venue:{centre}", "seat.checked", {"told": POINTS}), SYSTEM)
    (line,) = _noticed(searched, Who.OTHER_SUB, "points")
    assert line.startswith("LEAK EVALUATED: another sub-venue finds points of a member in live venue:")


def test_control_a_question_that_tells_what_was_said_is_noticed(searched: Searched, monkeypatch) -> None:
    leak = Asking("leak", lambda session, now, actor, case, p: {"said": SAID}, (Role.PUBLIC,))
    monkeypatch.setitem(QUESTIONS, "leak", leak)
    assert "ask leak" in _noticed(searched, Who.PUBLIC, "talk")[0]


def test_control_what_is_kept_from_somebody_entitled_is_noticed(searched: Searched) -> None:
    hidden = {key: {field: [] for field in hits} for key, hits in searched.found.items()}
    lines = deviations(hidden, next(one for one in FIELDS if one.id == "talk"))
    assert "MISSING PRELIM: regulator of the case does not find what is said in the room" in lines
