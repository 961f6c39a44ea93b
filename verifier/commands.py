"""`verify`, `replay`, `draw replay` as plain functions: an exit status and the text to print, the first fault last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from certs import draws
from core import canon
from core.faults import Fault, Unusable
from methods.commands import Outcome
from verifier import casefile
from verifier.casefile import MISSHAPEN
from verifier.check import draw_lines, kind_of
from verifier.replay import printed
from verifier.trust import for_path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror}") from None


def _answer(path: Path, check: Callable[[bytes], list[str]]) -> Outcome:
    try:
        said = check(_read(path))
    except Fault as fault:
        return Outcome(1, f"{path.name}: does not hold: {fault}")
    except Unusable as error:
        return Outcome(2, f"{path.name}: {error}")
    except MISSHAPEN as error:
        return Outcome(2, f"{path.name}: a value of the wrong shape ({type(error).__name__})")
    return Outcome(0, "\n".join([f"{path.name}: holds", *(f"  {line}" for line in said)]))


def _verify(path: Path, data: bytes, given: Path | None) -> list[str]:
    check = kind_of(path, data)
    trusted = for_path(path, given)
    return [f"trust {trusted.fingerprint}", *check(path, data, trusted)]


def run_verify(paths: Sequence[Path], trust: Path | None = None) -> Outcome:
    """Check each file against `trust` (default: trust.json beside it); stops at the first that does not hold."""
    if not paths:
        return Outcome(2, "no file given")
    told: list[str] = []
    for path in paths:
        outcome = _answer(path, lambda data, path=path: _verify(path, data, trust))  # type: ignore[misc]
        told.append(outcome.text)
        if outcome.status:
            return Outcome(outcome.status, "\n".join(told))
    return Outcome(0, "\n".join(told))


def _replay(data: bytes) -> list[str]:
    record = canon.loads(data)
    replayed = draws.replay(record)
    return [*draw_lines(record, replayed), f"result {canon.dumps(replayed.result).decode()}"]


def run_replay(path: Path) -> Outcome:
    """Recompute a recorded draw from its file alone; whose keys they are is not checked, and the answer says so."""
    return _answer(path, _replay)


def run_course(path: Path, at: int | None = None, trust: Path | None = None) -> Outcome:
    """The course of a case file after all its checks held: a line an entry, or the state after entry `at`."""

    def tell(data: bytes) -> list[str]:
        trusted = for_path(path, trust)
        case = casefile.check(data, trusted)
        told = printed.course(case) if at is None else [printed.state_after(case, at)]
        return [f"trust {trusted.fingerprint}", *case.said, *told]

    return _answer(path, tell)
