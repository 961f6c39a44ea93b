"""When silence is an alarm, a pause or the end of waiting, and what a mode of remote evaluation asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.rules import Breach, RuleRow

Book = Mapping[str, RuleRow]


@dataclass(frozen=True)
class Line:
    """One member's line; `away_at` None = heard, `known` False = no browser of the member was ever heard."""

    member: str
    site: str
    known: bool
    away_at: datetime | None
    alarmed: bool


@dataclass(frozen=True)
class Mode:
    """domain.md §4: where experts sit, whether one room steers all venues, whether each has its own witness.

    `shares_room`: members of one venue may sit in one room, each at a seat of their own with the gap between.
    """

    experts_in_main_room: bool
    shares_room: bool
    single_control_room: bool
    per_venue_witness: bool


MODES = {
    "MAIN_SUB": Mode(True, True, False, True),
    "DISPERSED_SEAT": Mode(False, False, False, True),
    "FUSED_MAIN_DISPERSED": Mode(False, False, True, True),
}
USUAL = "DISPERSED_SEAT"


def _span(row: RuleRow) -> timedelta:
    per = {"秒": timedelta(seconds=1), "分钟": timedelta(minutes=1), "小时": timedelta(hours=1)}
    return row.number * per[row.unit]


def lost_after(book: Book) -> timedelta:
    """LINE-LOST: silence for longer is being offline."""
    return _span(book["LINE-LOST"])


def silent(heard: datetime, now: datetime, book: Book) -> list[Breach]:
    """LINE-LOST, measured on the machine's own clock."""
    gone = now - heard
    if gone <= lost_after(book):
        return []
    return [book["LINE-LOST"].breach(f"{gone.total_seconds():.0f}秒")]


def away_too_long(away_at: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """SEAT-AWAY: a seat empty or cut off for this long is an alarm."""
    if away_at is None or now - away_at <= _span(book["SEAT-AWAY"]):
        return []
    return [book["SEAT-AWAY"].breach(minutes(now - away_at))]


def site_silent_since(lines: Iterable[Line], site: str) -> datetime | None:
    """Since when every member of a site is offline; None while one is heard, or was never heard at all."""
    here = [line for line in lines if line.site == site]
    gone = [line.away_at for line in here if line.known and line.away_at is not None]
    return max(gone) if here and len(gone) == len(here) else None


def site_out(since: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """SITE-OUT: a venue that is cut off for longer stops the sitting."""
    if since is None or now - since <= _span(book["SITE-OUT"]):
        return []
    return [book["SITE-OUT"].breach(minutes(now - since))]


def start_until(at: datetime, book: Book) -> datetime:
    """START-WAIT: until when the whole committee must have come and pledged."""
    return at + _span(book["START-WAIT"])


def start_late(at: datetime, moment: datetime, book: Book) -> list[Breach]:
    until = start_until(at, book)
    return [] if moment <= until else [book["START-WAIT"].breach(moment.isoformat(), required=f"≤ {until.isoformat()}")]


def halt_until(from_at: datetime, book: Book) -> datetime:
    """HALT-LONG: how long an interruption may last."""
    return from_at + _span(book["HALT-LONG"])


def halt_long(from_at: datetime, now: datetime, book: Book) -> list[Breach]:
    until = halt_until(from_at, book)
    return [] if now <= until else [book["HALT-LONG"].breach(now.isoformat(), required=f"≤ {until.isoformat()}")]


def door(at: datetime, opened: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """ENTRY-DOOR: the door closes some minutes after the start; a venue opens it again for as long."""
    row, begin = book["ENTRY-DOOR"], at if opened is None or opened < at else opened
    until = begin + _span(row)
    return [] if now <= until else [row.breach(now.isoformat(), required=f"≤ {until.isoformat()}")]


def not_before(go_on_at: datetime, now: datetime, article: str) -> list[Breach]:
    """A frozen sitting opens at the hour it was frozen for."""
    if now >= go_on_at:
        return []
    return [Breach("OVERNIGHT", article, "B", f"≥ {go_on_at.isoformat()}", now.isoformat())]


def night_long(from_at: datetime, until: datetime, book: Book) -> list[Breach]:
    """NIGHT-LONG: how long a frozen sitting may lie; a wrong year would close the room for good."""
    row = book["NIGHT-LONG"]
    latest = from_at + _span(row)
    return [] if until <= latest else [row.breach(until.isoformat(), required=f"≤ {latest.isoformat()}", field="until")]


def minutes(span: timedelta) -> str:
    return f"{int(span.total_seconds() // 60)}分钟"


def wanted(leader: str) -> tuple[str, str]:
    """Whose words let a sitting go on after a technical pause; the main venue stands in while there is no leader."""
    return "supervisor", "leader" if leader else "venue"
