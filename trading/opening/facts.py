"""An opening as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# P: minutes before the deadline from which bidders may sign in, and after it until which three must have come.
SIGN_IN = {"signin_before": 60, "signin_after": 30}


@dataclass(frozen=True)
class Lock:
    """One bid in the hall. `cause`: bidder, platform or "" (20号令 art. 31).

    `receipt` and `accepted`: its digest in the receipt and in the row; `stored`: that of the file, once `compared`.
    """

    bid: str
    unlocked: bool
    cause: str = ""
    compared: bool = False
    receipt: str = ""
    accepted: str = ""
    stored: str = ""

    @property
    def differs(self) -> bool:
        """The stored file is known not to be the one of the receipt."""
        return self.compared and not self.receipt == self.accepted == self.stored

    @property
    def proposed(self) -> str:
        """Whose fault the digests speak for; a person decides."""
        return "" if not self.compared else "platform" if self.differs else "bidder"

    @property
    def undecided(self) -> bool:
        return not self.unlocked and not self.cause


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

    @property
    def uncompared(self) -> tuple[str, ...]:
        """Bids nobody may be blamed for yet: their stored file was not hashed anew."""
        return tuple(lock.bid for lock in self.locks if lock.undecided and not lock.compared)

    @property
    def differing(self) -> tuple[str, ...]:
        """Bids whose bidder cannot be blamed by the clock: the platform's own file is another one."""
        return tuple(lock.bid for lock in self.locks if lock.undecided and lock.differs)


@dataclass(frozen=True)
class SignInTime:
    """From `opens` until the hall closes; only who signed in before `until` counts for the three (R1-10)."""

    opens: datetime
    until: datetime


def sign_in_time(deadline: datetime, before: int, after: int, since: datetime | None = None) -> SignInTime:
    """`before` and `after`: minutes around the deadline, as the tender file says. `since`: a later moment from which
    `after` counts."""
    return SignInTime(deadline - timedelta(minutes=before), (since or deadline) + timedelta(minutes=after))
