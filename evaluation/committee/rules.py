"""What a committee must be (招标投标法 art. 37), and how its decisions are counted. Pure.

`book` is the procedure's rule book at the day of announcement.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.rules import Breach, RuleRow

Book = Mapping[str, RuleRow]
REMOTE = "国办发〔2024〕21号"


def size(experts: int, representatives: int, book: Book, budget: Decimal = Decimal(0)) -> list[Breach]:
    """R1-17: an odd number of at least five, experts at least two thirds of it. R2-11: at least seven for a large
    budget (in 万元)."""
    row, share, total = book["R1-17"], book["R1-17/experts"], experts + representatives
    line = book.get("R2-11/budget")
    if line is not None and line.value is not None and budget >= line.value:
        row = book["R2-11/large"]
    found = []
    if total < row.number or total % 2 == 0:
        found.append(row.breach(total, required=f"≥ {row.number}, 单数", field="experts"))
    if experts < share.share * total:
        found.append(share.breach(f"{experts}/{total}", required=f"≥ {share.share}", field="representatives"))
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
    least = book["REMOTE-SHARE"]
    if "sub" in booked.values() and away < least.share * need["experts"]:
        got = f"{away}/{need['experts']}"
        found.append(least.breach(got, required=f"≥ {least.share}", field="members_by_site"))
    return found


def pool(need: Mapping[str, Any], eligible: Mapping[str, int], book: Book) -> list[Breach]:
    """Enough eligible experts at each site; a pool small for its places is a recorded warning (practice)."""
    row, small, found = book["R1-19"], book["POOL-SMALL"], []
    for site, take in sorted(need["members_by_site"].items()):
        wanted = take + need["spares_by_site"].get(site, 0)
        have = eligible.get(site, 0)
        if have < wanted:
            found.append(row.breach(f"{site}: {have}", required=f"{site}: ≥ {wanted}", field="specialities"))
        elif have < small.number * wanted:
            found.append(small.breach(f"{site}: {have}", required=f"{site}: ≥ {small.number * wanted}"))
    return found


def more_than_half(yes: int, members: int) -> bool:
    """More than half of ALL members: abstaining or absent counts as not for it."""
    return 2 * yes > members


def enough_time(asking: int, members: int, book: Book) -> list[Breach]:
    """R1-21: more than a share of the members find the time too short; it is extended."""
    row = book["R1-21"]
    if Fraction(asking, members) <= row.share:
        return []
    return [row.breach(f"{asking}/{members}", required=f"≤ {row.share}")]


def competition(valid: int, book: Book) -> list[Breach]:
    """R1-10/valid: with so few valid bids the committee first decides whether there is competition left; where the
    breach blocks (R2-09) the evaluation is over."""
    row = book["R1-10/valid"]
    return [row.breach(valid, required=f"≥ {row.number}")] if valid < row.number else []


def doors_open(begin: datetime, book: Book) -> datetime:
    """SITTING-TIME: from when a member may come in."""
    return begin - timedelta(hours=book["SITTING-TIME"].number)
