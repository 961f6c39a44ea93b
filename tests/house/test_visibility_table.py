"""docs/visibility.md is what the table of tests/stories/visibility.py says; `VISIBILITY=write` writes it anew."""

from __future__ import annotations

import os

from tests.house.tree import ROOT
from tests.stories.visibility import EVERYBODY, FIELDS, Stage, Who, written

DOCUMENT = ROOT / "docs" / "visibility.md"


def test_the_written_table_is_the_tested_one():
    text = written()
    if os.environ.get("VISIBILITY") == "write":
        DOCUMENT.write_text(text, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == text, "docs/visibility.md is stale: VISIBILITY=write writes it anew"


def test_every_field_has_its_basis_and_a_reader():
    assert len({one.id for one in FIELDS}) == len(FIELDS)
    for field in FIELDS:
        assert field.basis and field.seen, field.id
        assert any(field.may(who, stage) for who in EVERYBODY for stage in Stage), field.id


def test_the_administrator_sees_nothing_but_what_is_public():
    for field in FIELDS:
        for stage in Stage:
            assert field.may(Who.ADMIN, stage) == (field.may(Who.PUBLIC, stage)), (field.id, stage)
