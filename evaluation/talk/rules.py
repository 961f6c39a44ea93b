"""What the law and the rule book ask of talk, cameras and recordings. Pure.

Regime R2 must be recorded as a whole (财政部令87号 art. 39) and stops without; regime R1 is advised to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from core import canon
from core.rules import Breach, RuleBook, RuleRow

Book = Mapping[str, RuleRow]
M87 = "政府采购货物和服务招标投标管理办法"

RULES = RuleBook(
    [
        RuleRow("R2-13", None, "-", f"{M87} 第39条", "B", "开标、评标活动全程录音录像", "V",
                effective_from=date(2017, 10, 1)),
    ]
)  # fmt: skip
# While the members judge: before, they still sit down; afterwards the report is sealed.
JUDGING = ("BLIND", "PRELIM", "LACK", "SCORING", "LOWPRICE", "SUMMARY", "REPORT")


def commitment(number: int, member: str, at: datetime, stage: str, text: str, salt: str) -> str:
    """What the ledger keeps of a line: SHA-256 over all of it, with a salt against guessing."""
    said = {"number": number, "member": member, "at": at, "stage": stage, "text": text, "salt": salt}
    return canon.sha256_hex(canon.dumps(said))


def digest(parts: Iterable[str]) -> str:
    """SHA-256 over a whole list of digests in its order: what the report says of the talk and of the recording."""
    return canon.sha256_hex(canon.dumps(list(parts)))


def unrecorded(
    places: Iterable[tuple[str, str]], seats: Mapping[str, datetime], sites: Mapping[str, datetime], now: datetime,
    book: Book,
) -> list[str]:  # fmt: skip
    """Members {(id, site)} of whom nothing is recorded now: no piece of their seat or their venue's recorder ends
    within AV-RECORD/gap of now."""
    since = now - timedelta(minutes=book["AV-RECORD/gap"].number)
    return [
        member
        for member, site in places
        if not any(at is not None and at >= since for at in (seats.get(member), sites.get(site)))
    ]


def recording(regime: str, silent: Sequence[str], members: int, book: Book) -> list[Breach]:
    """R2-13 blocks, AV-RECORD warns, when not every member is being recorded."""
    if not silent:
        return []
    day = RULES.at(date.max)
    row = day["R2-13"] if regime == "R2" else book["AV-RECORD"]
    return [row.breach(f"{members - len(silent)}/{members}", required=f"{members}/{members}")]


def camera(off_since: datetime | None, now: datetime, stage: str, book: Book) -> list[Breach]:
    """AV-CAMERA: a member's camera has been off for longer than allowed while the committee judges."""
    row = book["AV-CAMERA"]
    if off_since is None or stage not in JUDGING or now - off_since <= timedelta(minutes=row.number):
        return []
    return [row.breach(f"{int((now - off_since).total_seconds() // 60)}分钟", required=f"≤ {row.number}分钟")]
