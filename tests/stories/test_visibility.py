"""The table of visibility (domain.md §4) against what each person really gets, at every stage of one case.

A case is played in which each secret has words of its own. At every stage everybody's pages, files, answers and live
channels are searched for all of them: what the table does not allow must be nowhere, what it allows must be somewhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from core.access import SYSTEM, Role
from core.doors import QUESTIONS, Asking
from tests.stories.gather import Gatherer, Known, known
from tests.stories.sitting import POINTS, SAID, Sitting
from tests.stories.visibility import FIELDS, Field, Stage, Who, deviations

SECRETIVE = (Who.AUTHOR, Who.LEADER, Who.REPRESENTATIVE, Who.BIDDER_A, Who.BIDDER_B, Who.TENDERER)
Found = dict[tuple[Stage, Who], dict[str, list[str]]]


class Searched:
    """One played case and what was found in it."""

    def __init__(self, life: Sitting) -> None:
        self.life, self.found = life, Found()
        self.gatherer = Gatherer(life)

    def look(self, stage: Stage) -> None:
        ids = self.known()
        for who in self.life.people:
            self.found[stage, who] = self.gatherer.search(self.life.people[who], ids, self.life.marks())

    def known(self) -> Known:
        """Own channels of those with secrets are tried by everybody."""
        return known(self.life, [self.life.people[one] for one in SECRETIVE if one in self.life.people])


@pytest.fixture(scope="module")
def searched(built, tmp_path_factory) -> Iterator[Searched]:
    folder = tmp_path_factory.mktemp("visibility") / "platform"
    shutil.copytree(built, folder)
    life = Sitting.begin(folder)
    made = Searched(life)
    life.play(made.look)
    yield made
    made.gatherer.close()
    life.acts.engine.dispose()


@pytest.mark.parametrize("field", FIELDS, ids=lambda one: one.id)
def test_only_who_may_see_it_finds_it(searched: Searched, field: Field) -> None:
    lines = deviations(searched.found, field)
    assert not lines, "\n".join(lines)


def test_everybody_looked_at_every_stage_and_at_much(searched: Searched) -> None:
    stages = {stage for stage, _ in searched.found}
    assert stages == set(Stage)
    assert {who for stage, who in searched.found if stage >= Stage.COMMITTEE} == set(Who)
    sought = {field for hits in searched.found.values() for field in hits}
    assert sought == {one.id for one in FIELDS}
    print(f"{searched.gatherer.searched} texts, {len(searched.found)} looks, {len(FIELDS)} fields")


def _noticed(searched: Searched, who: Who, field: str) -> list[str]:
    life = searched.life
    hits = {(Stage.RESULT, who): searched.gatherer.search(life.people[who], searched.known(), life.marks())}
    return deviations(hits, next(one for one in FIELDS if one.id == field))


def test_control_a_score_told_to_a_venue_is_noticed(searched: Searched) -> None:
    assert _noticed(searched, Who.OTHER_SUB, "points") == []
    seats = searched.life.stage.ask("centre3", "venue.list")["centres"]
    centre = next(one["id"] for one in seats if one["region"] == searched.life.file["sites"][2]["region"])
    searched.life.acts.act(lambda tx: tx.publish(f"venue:{centre}", "seat.checked", {"told": POINTS}), SYSTEM)
    (line,) = _noticed(searched, Who.OTHER_SUB, "points")
    assert line.startswith("LEAK RESULT: another sub-venue finds points of a member in live venue:")


def test_control_a_question_that_tells_what_was_said_is_noticed(searched: Searched, monkeypatch) -> None:
    leak = Asking("leak", lambda session, now, actor, case, p: {"said": SAID}, (Role.PUBLIC,))
    monkeypatch.setitem(QUESTIONS, "leak", leak)
    assert "ask leak" in _noticed(searched, Who.PUBLIC, "talk")[0]


def test_control_what_is_kept_from_somebody_entitled_is_noticed(searched: Searched) -> None:
    hidden = {key: {field: [] for field in hits} for key, hits in searched.found.items()}
    lines = deviations(hidden, next(one for one in FIELDS if one.id == "talk"))
    assert "MISSING PRELIM: regulator of the case does not find what is said in the room" in lines
