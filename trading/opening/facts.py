"""An opening as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Lock:
    """One bid in the hall. `cause`: bidder, platform or "" (20号令 art. 31)."""

    bid: str
    unlocked: bool
    cause: str = ""


@dataclass(frozen=True)
class Hall:
    """`reference_needed`: the method measures from a 标底 that is sealed and not yet unlocked."""

    locks: tuple[Lock, ...]
    window_until: datetime
    fallback: bool
    reference_needed: bool = False

    @property
    def waiting(self) -> tuple[str, ...]:
        """Bids that may still be unlocked: nobody decided, or the platform's fault while custodians can help."""
        return tuple(
            lock.bid
            for lock in self.locks
            if not lock.unlocked and (not lock.cause or (lock.cause == "platform" and self.fallback))
        )

    @property
    def unlocked(self) -> int:
        return sum(lock.unlocked for lock in self.locks)
