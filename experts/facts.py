"""Frozen readings handed to the rules of the pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Employment:
    """A former employer; `until` is the last day there, None = still there."""

    uscc: str
    until: date | None


@dataclass(frozen=True)
class ExpertFacts:
    id: str
    region: str
    state: str
    employer_uscc: str
    employments: tuple[Employment, ...] = ()
    specialities: tuple[str, ...] = ()
    id_hash: str = ""


@dataclass(frozen=True)
class Avoid:
    """Whom a committee must not be near to: USCCs by side, and persons (ID hashes or person ids) named."""

    bidders: frozenset[str] = frozenset()
    tenderers: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()
    regulators: frozenset[str] = frozenset()
    persons: frozenset[str] = field(default_factory=frozenset)
