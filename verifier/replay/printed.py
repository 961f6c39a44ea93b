"""The course of a case file in text: a line an entry with what it changed, or the whole state after one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core import canon
from core.faults import Unusable
from verifier.casefile import CaseFile
from verifier.replay.course import fold, openings, state_at
from verifier.replay.state import Line

LONG = 160  # a value in a line of the course; `--at` shows it whole


def lines_of(case: CaseFile) -> list[Line]:
    """The entries of the case's own stream."""
    name = canon.loads(case.files["manifest.json"])["case"]
    return [Line(one.kind, one.at, one.body) for one in case.ledger.entries if one.stream == f"case:{name}"]


def opened_by(case: CaseFile) -> dict[str, Any]:
    """Sheets that the machine records of the case file open."""
    found: dict[str, Any] = {}
    for _path, data in sorted(case.under("records").items()):
        found |= openings(canon.loads(data))
    return found


def course(case: CaseFile) -> Iterator[str]:
    """One line an entry: number, time, kind; under it the facts that are new."""
    lines = lines_of(case)
    for number, (line, (_, changed)) in enumerate(zip(lines, fold(lines, opened_by(case)), strict=True)):
        told = [_said(section, key, facts) for section, rows in changed.items() for key, facts in rows.items()]
        withheld = "  (not opened here)" if line.body is None else ""
        yield f"{number:5} {line.at} {line.kind}{withheld}" + "".join(f"\n      {one}" for one in told)


def _said(section: str, key: str, facts: Any) -> str:
    if facts is None:
        return f"{section} {key}: gone"
    return f"{section} {key}: {', '.join(f'{name}={_short(fact)}' for name, fact in facts.items()) or 'as before'}"


def _short(fact: Any) -> str:
    text = fact if isinstance(fact, str) else canon.dumps(fact).decode()
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def state_after(case: CaseFile, number: int) -> str:
    """The state after entry `number`, as canonical JSON; Unusable when there is no such entry."""
    lines = lines_of(case)
    if not 0 <= number < len(lines):
        raise Unusable(f"--at: 0 to {len(lines) - 1} are expected")
    return canon.dumps(state_at(lines[: number + 1], opened_by(case))).decode()
