"""How much may be practised. House numbers, no law: a rehearsal must never cost a real bid its room on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.rules import Breach

# P: of one organisation
AT_ONCE = 3
A_DAY = 10
LARGEST = 256 << 20  # P: bytes of a practice file
UPLOADS = 8  # P: begun for one rehearsal
LIFE = timedelta(days=1)
# The operator keeps the platform able to do its real work.
ARTICLE = "电子招标投标办法 第48条"


@dataclass(frozen=True)
class Practised:
    """Of one organisation: under way, and begun within a day."""

    running: int
    today: int


def may_begin(found: Practised) -> list[Breach]:
    """At most so many at once and a day."""
    broken = []
    if found.running >= AT_ONCE:
        broken.append(_quota("REHEARSAL-RUNNING", AT_ONCE, found.running + 1))
    if found.today >= A_DAY:
        broken.append(_quota("REHEARSAL-DAY", A_DAY, found.today + 1))
    return broken


def may_bring(size: int, uploads: int) -> list[Breach]:
    """Of `size` bytes, after so many `uploads` for this rehearsal."""
    broken = []
    if size > LARGEST:
        broken.append(_quota("REHEARSAL-SIZE", LARGEST, size))
    if uploads >= UPLOADS:
        broken.append(_quota("REHEARSAL-UPLOADS", UPLOADS, uploads + 1))
    return broken


def _quota(rule: str, most: int, found: int) -> Breach:
    return Breach(rule, ARTICLE, "B", f"≤ {most}", str(found))
