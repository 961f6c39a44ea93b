"""When an opening may begin, close, fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.rules import Breach, RuleRow
from trading.opening.facts import Hall, Lock, SignInTime

Book = Mapping[str, RuleRow]
ONLINE = "电子招标投标办法 第29条"


def enough_bids(found: int, book: Book) -> list[Breach]:
    """R1-10: fewer than three, no opening."""
    row = book["R1-10"]
    return [row.breach(found, required=f"≥ {row.number}")] if found < row.number else []


def attended(found: int, book: Book) -> list[Breach]:
    """R1-10 by sign-ins. How many are there is not said: names and numbers are nobody's before the hall opens."""
    row = book["R1-10"]
    need = row.number
    return [row.breach(f"< {need} signed in", required=f"≥ {need} signed in")] if found < need else []


def may_sign_in(time: SignInTime, now: datetime, book: Book) -> list[Breach]:
    """20号令 art. 29: at the time the tender file says, not earlier."""
    if now >= time.opens:
        return []
    return [Breach("HALL-SIGNIN", ONLINE, "B", f"≥ {time.opens.isoformat()}", now.isoformat())]


def going_on(suspended: str, book: Book) -> list[Breach]:
    """While the hall is suspended (`suspended`: by whom) no key is taken and nothing is closed."""
    return [Breach("HALL-SUSPENDED", book["E-10"].article, "B", "not suspended", "suspended")] if suspended else []


def may_blame(lock: Lock, cause: str, book: Book) -> list[Breach]:
    """E-04: nobody is blamed before both digests are shown, and no bidder for a file the platform does not hold."""
    if not lock.compared:
        return [_block(book, "E-04", "both digests compared", "not compared")]
    if cause == "bidder" and lock.differs:
        return [_block(book, "E-04", "stored file as in the receipt", "another file")]
    return []


def in_window(window_until: datetime, now: datetime, book: Book) -> list[Breach]:
    """E-04: keys are taken until the window closes; at its end it is too late."""
    if now < window_until:
        return []
    return [_block(book, "E-04", f"< {window_until.isoformat()}", now.isoformat())]


def may_close(hall: Hall, now: datetime, book: Book) -> list[Breach]:
    """All settled, or the window over. E-03: no price is shown before. E-04: damage is decided by a person."""
    if now >= hall.window_until and hall.differing:
        return [_block(book, "E-04", "cause decided", "another file")]
    if now >= hall.window_until or not (hall.waiting or hall.reference_needed):
        return []
    # How many are still locked is seen in the hall by all; who is not said here.
    return [_block(book, "E-03", f"all unlocked or ≥ {hall.window_until.isoformat()}", now.isoformat())]


def may_release(fallback: bool, cause: str, book: Book) -> list[Breach]:
    """E-04: shares are released only where the file has the clause and the fault is not the bidder's."""
    if not fallback:
        return [_block(book, "E-04", "fallback clause in the tender file", "none")]
    return [] if cause == "platform" else [_block(book, "E-04", "cause: platform", cause or "undecided")]


def objection_open(prices_at: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """R1-30: on the spot only: while the hall is open, and for some minutes after its prices came out."""
    spot = timedelta(minutes=book["R1-30/spot"].number)
    if prices_at is None or now <= prices_at + spot:
        return []
    return [book["R1-30"].breach(now.isoformat(), required=f"on the spot, ≤ {(prices_at + spot).isoformat()}")]


def still_signing(opened_at: datetime, now: datetime, book: Book) -> list[Breach]:
    """E-05/sign: until its end nobody's silence counts as assent to the record."""
    until = sign_until(opened_at, book)
    return [book["E-05/sign"].breach(now.isoformat(), required=f"≥ {until.isoformat()}")] if now < until else []


def sign_until(opened_at: datetime, book: Book) -> datetime:
    return opened_at + timedelta(minutes=book["E-05/sign"].number)


def may_withhold(published_at: datetime | None, book: Book) -> list[Breach]:
    """What is out cannot be kept secret any more."""
    if published_at is None:
        return []
    return [_block(book, "E-05", "not yet published", published_at.isoformat())]


def _block(book: Book, rule: str, required: str, found: str) -> Breach:
    return Breach(rule, book[rule].article, "B", required, found)
