"""Codes of blind bids and the signs of an identity in their text. Pure (domain.md §3.8)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SEED_BYTES = 32
# Company forms and the head of a name that alone names nobody.
_FORM = re.compile(r"(股份)?有限(责任)?公司$|集团$|总公司$|公司$")
_PLACE = re.compile(r"^(.{2,3}?(省|市|自治区|县|区))+")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)")
SHORTEST = 3  # signs: a shorter word of a company stands in ordinary text


@dataclass(frozen=True)
class Identity:
    """What a blind part must not hold of its bidder. `people`: its staff; `manager` the project manager it offers."""

    name: str
    uscc: str
    people: tuple[str, ...] = ()
    manager: str = ""


def commitment(seed: bytes) -> str:
    return hashlib.sha256(b"gongheng/blind/1" + seed).hexdigest()


def codes(seed: bytes, case: str, bids: Iterable[str]) -> dict[str, str]:
    """{bid: code}: the bids in the order of their digests under the seed, numbered T01, T02, …

    Anyone repeats it with the revealed seed; without it no order of bids tells anything.
    """
    ordered = sorted(bids, key=lambda bid: hashlib.sha256(seed + f"\n{case}\n{bid}".encode()).digest())
    return {bid: f"T{place:02d}" for place, bid in enumerate(ordered, 1)}


def short_name(name: str) -> str:
    """武汉市江夏建设工程有限公司 → 江夏建设工程; "" where what is left would name nobody."""
    found = _FORM.sub("", _PLACE.sub("", name))
    return found if len(found) >= SHORTEST and found != name else ""


def lint(pages: Sequence[str], who: Identity) -> list[dict[str, str]]:
    """[{kind, page}]: own name, short name, USCC, staff, project manager, any phone number. It rejects nothing.

    The words themselves are left out: whoever reads the list still judges without a name.
    """
    wanted: Mapping[str, tuple[str, ...]] = {
        "name": (who.name,), "short_name": (short_name(who.name),), "uscc": (who.uscc,), "manager": (who.manager,),
        "person": tuple(one for one in who.people if one != who.manager),
    }  # fmt: skip
    found = []
    for number, page in enumerate(pages, 1):
        text = re.sub(r"\s+", "", page)
        kinds = [kind for kind, words in wanted.items() if any(_within(word, text) for word in words)]
        if "name" in kinds and "short_name" in kinds:
            kinds.remove("short_name")
        if _PHONE.search(page) or _PHONE.search(text):
            kinds.append("phone")
        found += [{"kind": kind, "page": str(number)} for kind in kinds]
    return found


def _within(word: str, text: str) -> bool:
    """Spaces between signs hide nothing; a word of one sign is no sign."""
    plain = re.sub(r"\s+", "", word)
    return len(plain) > 1 and plain.casefold() in text.casefold()
