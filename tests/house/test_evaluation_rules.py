"""Every rule of the evaluation has a test or says why it is not built, and the table says so."""

from __future__ import annotations

import pytest

from scripts import evaluation_rules as table


def test_every_rule_of_the_evaluation_is_shown_or_said_to_be_missing():
    rows, marks = table.rules(), table.marked(table.ROOT / "tests")
    assert table.faults(rows, marks) == []
    assert table.TARGET.read_text(encoding="utf-8") == table.document(rows, marks), "run scripts/evaluation_rules.py"


ROW = {"id": "3.1 x", "rule": "r", "article": "a", "not_built": ""}


@pytest.mark.parametrize(("rows", "marks", "said"), [
    ([ROW], {}, "no test shows it"), ([ROW | {"not_built": "why"}], {"3.1 x": ["t"]}, "listed as not built"),
    ([ROW, ROW], {"3.1 x": ["t"]}, "stands twice"), ([ROW], {"3.1 x": ["t"], "3.9": ["t"]}, "not in the table"),
])  # fmt: skip
def test_what_makes_the_table_untrue_is_named(rows, marks, said):
    assert any(said in one for one in table.faults(rows, marks))
    assert table.faults([ROW], {"3.1 x": ["t"]}) == []
