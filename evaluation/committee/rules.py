"""What a committee must be (招标投标法 art. 37), and how its decisions are counted. Pure.

`book` is the procedure's rule book at the day of announcement.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.rules import Breach, RuleRow

Book = Mapping[str, RuleRow]
SUB_SHARE = Fraction(1, 3)  # domain.md §4, practice
REMOTE = "国办发〔2024〕21号"


def number(row: RuleRow) -> int:
    """The whole number of a row that has one."""
    value = row.value if row.value is not None else Decimal(0)
    return int(value)


def size(experts: int, representatives: int, book: Book) -> list[Breach]:
    """R1-17: an odd number of at least five, experts at least two thirds of it."""
    row, share, total = book["R1-17"], book["R1-17/experts"], experts + representatives
    found = []
    if total < number(row) or total % 2 == 0:
        found.append(row.breach(total, required=f"≥{number(row)}, 单数", field="experts"))
    if 3 * experts < number(share) * total:
        needed = f"≥ {number(share)}{share.unit}"
        found.append(share.breach(f"{experts}/{total}", required=needed, field="representatives"))
    return found


def quotas(need: Mapping[str, Any], booked: Mapping[str, str], book: Book) -> list[Breach]:
    """Places add up, every booked site has one and no other site has any; `booked` is {site: main|sub}."""
    row, by_site = book["R1-19"], need["members_by_site"]
    found = []
    if sum(by_site.values()) != need["experts"]:
        found.append(row.breach(sum(by_site.values()), required=str(need["experts"]), field="members_by_site"))
    if "main" not in booked.values():
        found.append(Breach("REMOTE-MAIN", REMOTE, "B", "main venue accepted", "-", "members_by_site"))
    sites = {site for site, count in by_site.items() if count}
    if sites != set(booked):
        listed, got = " ".join(sorted(booked)), " ".join(sorted(sites))
        found.append(Breach("REMOTE-SITES", REMOTE, "B", listed, got, "members_by_site"))
    if not set(need["spares_by_site"]) <= set(booked):
        got = " ".join(sorted(need["spares_by_site"]))
        found.append(Breach("REMOTE-SITES", REMOTE, "B", " ".join(sorted(booked)), got, "spares_by_site"))
    away = sum(count for site, count in by_site.items() if booked.get(site) == "sub")
    if "sub" in booked.values() and Fraction(away) < SUB_SHARE * need["experts"]:
        found.append(Breach("REMOTE-SHARE", REMOTE, "B", "≥ 1/3", f"{away}/{need['experts']}", "members_by_site"))
    return found


def pool(need: Mapping[str, Any], eligible: Mapping[str, int], book: Book) -> list[Breach]:
    """Enough eligible experts at each site; fewer than three for each place is a recorded warning (practice)."""
    row, found = book["R1-19"], []
    for site, take in sorted(need["members_by_site"].items()):
        wanted = take + need["spares_by_site"].get(site, 0)
        have = eligible.get(site, 0)
        if have < wanted:
            found.append(row.breach(f"{site}: {have}", required=f"{site}: ≥ {wanted}", field="specialities"))
        elif have < 3 * wanted:
            found.append(Breach("POOL-SMALL", row.article, "W", f"{site}: ≥ {3 * wanted}", f"{site}: {have}"))
    return found


def more_than_half(yes: int, members: int) -> bool:
    """More than half of ALL members: abstaining or absent counts as not for it."""
    return 2 * yes > members


def more_than_a_third(asking: int, members: int) -> bool:
    """R1-21: more than a third of the members find the time too short."""
    return 3 * asking > members
