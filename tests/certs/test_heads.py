from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import heads
from core.faults import Fault, Unusable

runs = st.dictionaries(
    st.text("abc:-12", min_size=1, max_size=8),
    st.fixed_dictionaries({"size": st.integers(0, 9), "root": st.binary(min_size=32, max_size=32).map(bytes.hex)}),
    min_size=1,
    max_size=20,
)


@given(runs, st.data())
def test_a_head_is_proved_and_no_other(found: dict[str, dict[str, object]], data: st.DataObject) -> None:
    run, stream = heads.Heads(found), data.draw(st.sampled_from(sorted(found)))
    shown = run.shown(stream)
    head = heads.verify(run.body, shown)
    assert (head.stream, head.size, head.root) == (stream, found[stream]["size"], found[stream]["root"])
    changes = {"size": head.size + 1, "root": "f" * 64, "stream": "x", "index": len(found), "proof": ["q"]}
    for change in ({key: value} for key, value in changes.items()):
        with pytest.raises(Fault, match="not among those"):
            heads.verify(run.body, shown | change)


def test_shapes() -> None:
    run = heads.Heads({"a": {"size": 1, "root": "0" * 64}})
    with pytest.raises(Unusable, match="no head of stream b"):
        run.shown("b")
    with pytest.raises(Unusable):
        heads.verify({"streams": 1}, run.shown("a"))
    with pytest.raises(Unusable):
        heads.verify(run.body, run.shown("a") | {"more": 1})
