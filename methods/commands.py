"""What `flask score`, `vote` and `tax` answer; the command line only prints the text and exits with the status."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.canon import loads
from core.faults import Fault, Unusable
from methods.scoring import score
from methods.tax import withholding
from methods.vote import count

# A published example carries its source and expected result around the file proper.
_EXAMPLE = {"about", "input", "expect"}


@dataclass(frozen=True)
class Outcome:
    """`status` 0 holds, 1 does not hold, 2 unusable input; `text` is what is printed, faults last."""

    status: int
    text: str


def run_score(path: Path) -> Outcome:
    """The scoring/1 result of a file as JSON."""
    return _answer(lambda: score(_read(path)))


def run_vote(path: Path) -> Outcome:
    """The vote/1 result of a file as JSON."""
    return _answer(lambda: count(_read(path)))


def run_tax(amounts: Sequence[str]) -> Outcome:
    """A JSON list of withholdings, one for each gross amount in yuan."""
    return _answer(lambda: _withholdings(amounts))


def _withholdings(amounts: Sequence[str]) -> list[dict[str, str]]:
    if not amounts:
        raise Unusable("no amount given")
    return [withholding(amount) for amount in amounts]


def _read(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unusable(f"cannot read {path.name}: {error.strerror}") from None
    found = loads(data)
    if isinstance(found, dict) and "input" in found and set(found) <= _EXAMPLE:
        return found["input"]
    return found


def _answer(compute: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(0, json.dumps(compute(), ensure_ascii=False, indent=2))
    except Fault as fault:
        return Outcome(1, _line(fault))
    except Unusable as error:
        return Outcome(2, _line(error))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
