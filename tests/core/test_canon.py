"""Canonical JSON: one text per value, whatever writes it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import canon
from core.access import Role

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_it_is_what_the_standard_library_would_write(value: object) -> None:
    wanted = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    assert canon.dumps(value) == wanted.encode()
    assert canon.loads_canonical(canon.dumps(value)) == value


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (2**63, b"9223372036854775808"),
        (-(2**80), str(-(2**80)).encode()),
        ('\x7f\x1f\u2028"\\/', '"\x7f\\u001f\u2028\\"\\\\/"'.encode()),
        ({"é": 1, "z": 2, "e": 3, "𝒜": 4, "\ufffd": 5}, '{"e":3,"z":2,"é":1,"\ufffd":5,"𝒜":4}'.encode()),
        (Decimal("1.50"), b'"1.50"'),
        (Decimal("1E+2"), b'"100"'),
        (date(2026, 4, 1), b'"2026-04-01"'),
        (datetime(2026, 4, 1, tzinfo=UTC), b'"2026-04-01T00:00:00+00:00"'),
        ([Role.BIDDER, (1, None, True)], b'["bidder",[1,null,true]]'),
    ],
)
def test_edges(value: object, wanted: bytes) -> None:
    assert canon.dumps(value) == wanted


class _Odd(StrEnum):
    A = "a"


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), {1: "a"}, datetime(2026, 4, 1, tzinfo=UTC).replace(tzinfo=None), {"a": {1.5}}, b"x", object()],
)
def test_what_has_no_canonical_form(value: object) -> None:
    for nested in (value, [value], {"a": value}):
        with pytest.raises(TypeError):
            canon.dumps(nested)


def test_half_a_character_is_never_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        canon.dumps({"a": "\ud800"})
    assert canon.dumps({_Odd.A: _Odd.A}) == b'{"a":"a"}'
