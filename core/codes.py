"""Codes of organisations, people, places and tenders: checked character by character (domain.md §8).

Every check_* returns what it read and raises Unusable naming what is wrong; every make_* adds the check character.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from itertools import islice

from core.faults import Unusable

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
ID_WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))
ID_CHECKS = "10X98765432"
MOD37_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
DEAL = re.compile(r"([A-Z][0-9]{2})-([0-9A-Z]{18})-([0-9]{8})-([0-9]{6})-([0-9A-Z*])")
TENDER = re.compile(r"E([0-9]{10})([0-9]{6})(?:([0-9]{3})([0-9]{3})?)?")
LOT_CLASS = re.compile(r"[ABCDE][0-9]{6}")


# --- organisations: GB 32100 -------------------------------------------------------------------------------------


def uscc_check_char(body: str) -> str:
    """The check character of the first 17 characters."""
    total = sum(USCC_ALPHABET.index(char) * weight for char, weight in zip(body, USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def check_uscc(text: str) -> str:
    """A unified social credit code in capitals.

    Some codes issued to existing bodies break the check digit; whether that refuses or only warns is the caller's.
    """
    code = _upper(text, 18, "a unified social credit code")
    for place, char in enumerate(code, start=1):
        if char not in USCC_ALPHABET:
            raise Unusable(f"the unified social credit code has {char!r} at place {place}, which it may not hold")
    if not code[2:8].isdigit():
        raise Unusable(f"places 3–8 of the unified social credit code must be a region, found {code[2:8]}")
    expected = uscc_check_char(code[:17])
    if code[17] != expected:
        raise Unusable(f"the check character of the unified social credit code must be {expected}, found {code[17]}")
    return code


def make_uscc(body: str) -> str:
    """The whole code from its first 17 characters."""
    head = _upper(body, 17, "the body of a unified social credit code")
    if any(char not in USCC_ALPHABET for char in head):
        raise Unusable("the body of the unified social credit code has a character it may not hold")
    return check_uscc(head + uscc_check_char(head))


# --- people: GB 11643 --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PersonNumber:
    """What an ID number says; keep a hash and the mask, never the number."""

    number: str
    region: str
    born: date
    sex: str

    @property
    def masked(self) -> str:
        return self.number[:3] + "*" * 11 + self.number[-4:]


def id_check_char(body: str) -> str:
    """The check character of the first 17 digits."""
    return ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(body, ID_WEIGHTS, strict=True)) % 11]


def check_id18(text: str) -> PersonNumber:
    """An 18-place resident ID number; messages never repeat the number."""
    code = _upper(text, 18, "an ID number")
    if not re.fullmatch(r"[0-9]{17}[0-9X]", code, re.ASCII):
        raise Unusable("an ID number has 17 digits and a digit or X")
    try:
        born = date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        raise Unusable("places 7–14 of the ID number are not a date") from None
    if code[17] != id_check_char(code[:17]):
        raise Unusable("the check character of the ID number does not fit")
    return PersonNumber(code, code[:6], born, "male" if int(code[16]) % 2 else "female")


def make_id18(region: str, born: date, order: int) -> str:
    """An ID number from region, birth date and the three-digit order (odd for men)."""
    body = f"{region}{born:%Y%m%d}{order:03d}"
    if not re.fullmatch(r"[0-9]{17}", body, re.ASCII):
        raise Unusable("the parts of the ID number do not make 17 digits")
    return check_id18(body + id_check_char(body)).number


# --- places: GB/T 2260 -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Region:
    code: str
    name: str

    @property
    def level(self) -> str:
        """province, city or county, as the zeros at the end say."""
        if self.code.endswith("0000"):
            return "province"
        return "city" if self.code.endswith("00") else "county"

    @property
    def parent(self) -> str | None:
        return {"province": None, "city": self.code[:2] + "0000", "county": self.code[:4] + "00"}[self.level]

    @property
    def virtual(self) -> bool:
        """A node that only groups counties (市辖区, 省直辖); pickers leave it out."""
        return self.level == "city" and (self.name in ("市辖区", "县") or "直辖县级" in self.name)


class Regions:
    """The table of regions by code."""

    def __init__(self, rows: dict[str, Region]) -> None:
        self._rows = rows

    @classmethod
    def parse(cls, text: str) -> Regions:
        """From CSV text with the header code,name."""
        listed = [Region(row["code"], row["name"]) for row in csv.DictReader(text.splitlines())]
        return cls({region.code: region for region in listed})

    def check(self, text: str) -> Region:
        """The region of a six-digit code."""
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{6}", text, re.ASCII):
            raise Unusable(f"a region code has six digits, found {text!r}")
        if text not in self._rows:
            raise Unusable(f"no region has the code {text}")
        return self._rows[text]

    def path(self, code: str) -> list[Region]:
        """From the province down to the region, virtual nodes left out."""
        found: list[Region] = []
        at: str | None = code
        while at is not None:
            region = self.check(at)
            if not region.virtual or at == code:
                found.insert(0, region)
            at = region.parent
        return found

    def full_name(self, code: str) -> str:
        """湖北省武汉市东西湖区"""
        return "".join(region.name for region in self.path(code))

    def under(self, code: str | None) -> list[Region]:
        """The regions directly below `code` (provinces for None), ascending."""
        return sorted((row for row in self._rows.values() if row.parent == code), key=lambda row: row.code)

    def look_up(self, words: str, most: int = 20) -> list[Region]:
        """The first `most` whose code begins with, or whose name holds, `words`."""
        rows = (row for row in self._rows.values() if row.code.startswith(words) or words in row.name)
        return list(islice((row for row in rows if not row.virtual), most)) if words else []

    def covers(self, wide: str, code: str) -> bool:
        """Whether `code` is `wide` or lies inside it."""
        return wide in [region.code for region in self.path(code)] or self.check(code).parent == wide


# --- tenders -----------------------------------------------------------------------------------------------------


def mod37_2(text: str) -> str:
    """The ISO 7064 MOD 37-2 check character of `text` (0-9, A-Z)."""
    total = 0
    for char in text:
        total = (total + MOD37_ALPHABET.index(char)) * 2 % 37
    return MOD37_ALPHABET[(38 - total) % 37]


@dataclass(frozen=True)
class DealCode:
    """A unified deal code (统一交易标识码): deal category, USCC of the subject or platform, day, serial, check."""

    category: str
    uscc: str
    day: date
    serial: str
    check: str

    def __str__(self) -> str:
        return f"{self.category}-{self.uscc}-{self.day:%Y%m%d}-{self.serial}-{self.check}"


def check_deal_code(text: str) -> DealCode:
    """A printed unified deal code such as A02-123100007847653857-20161012-000015-Q.

    The check rule is confirmed by one public sample only (domain.md §8).
    """
    parts = DEAL.fullmatch(text.strip().upper()) if isinstance(text, str) else None
    if parts is None:
        raise Unusable("a unified deal code reads A00-USCC-YYYYMMDD-000000-C")
    category, uscc, day, serial, check = parts.groups()
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        raise Unusable(f"the unified deal code has no date in {day}") from None
    expected = mod37_2(category + uscc + day + serial)
    if check != expected:
        raise Unusable(f"the check character of the unified deal code must be {expected}, found {check}")
    return DealCode(category, uscc, on, serial, check)


def make_deal_code(category: str, uscc: str, day: date, serial: int) -> DealCode:
    """A new deal code; here the USCC must hold its own check."""
    head = f"{category}-{check_uscc(uscc)}-{day:%Y%m%d}-{serial:06d}"
    if not DEAL.fullmatch(f"{head}-0"):
        raise Unusable(f"no unified deal code can be made of category {category!r} and serial {serial}")
    return check_deal_code(f"{head}-{mod37_2(head.replace('-', ''))}")


@dataclass(frozen=True)
class TenderCode:
    """A project (17 places), tender (20) or lot (23) code of the electronic tendering specification."""

    text: str
    platform: str
    serial: str
    tender: str | None
    lot: str | None


def check_tender_code(text: str) -> TenderCode:
    """E, ten digits of the platform, six of the project, then three of the tender and three of the lot."""
    code = text.strip().upper() if isinstance(text, str) else ""
    parts = TENDER.fullmatch(code)
    if parts is None:
        raise Unusable("a tender code is E with 16, 19 or 22 digits")
    return TenderCode(code, *parts.groups())


def make_project_code(platform: str, serial: int) -> str:
    """E + platform (6 region + 4) + serial."""
    code = check_tender_code(f"E{platform}{serial:06d}")
    if code.platform != platform or code.tender is not None:
        raise Unusable(f"no project code can be made of platform {platform!r} and serial {serial}")
    return code.text


def make_part_code(parent: str, number: int) -> str:
    """A tender code from its project's, or a lot code from its tender's; `number` counts from 1."""
    above = check_tender_code(parent)
    if above.lot is not None or not 1 <= number <= 999:
        raise Unusable(f"no part {number} can stand under {above.text}")
    return check_tender_code(f"{above.text}{number:03d}").text


def check_lot_class(text: str) -> str:
    """标段分类: A works, B goods, C services, D property rights, E land, and six digits."""
    code = _upper(text, 7, "a lot class")
    if not LOT_CLASS.fullmatch(code):
        raise Unusable("a lot class is one of A–E with six digits")
    return code


def _upper(text: str, length: int, what: str) -> str:
    code = text.strip().upper() if isinstance(text, str) else ""
    if len(code) != length or not code.isascii():
        raise Unusable(f"{what} has {length} characters, found {len(code)}")
    return code
