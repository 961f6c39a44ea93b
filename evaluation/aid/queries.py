"""Machine aid beside the bids: facts, comparison, signs. Plain data in a fixed number of questions, however many bids.

It judges nothing. Who may see it sees the bids themselves: members, and supervisors once every member has locked
(domain.md §4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role, denied
from core.doors import asking
from core.money import D
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.aid import rules
from evaluation.aid.models import BidReading, CaseReading
from evaluation.aid.rules import Entry
from evaluation.blind.codes import hidden
from evaluation.committee.queries import committee_of
from evaluation.views import TL40, is_member, plain_bonds, sitting_for
from methods import bill as bills
from trading.document.bills import bill_of
from trading.opening.queries import related_bidders
from trading.project.models import Case
from trading.project.states import case_row

P = dict[str, Any]
MOST_OVER = 100  # lines above the limit that a page shows; the count says how many there are
LOCKED = ("SUMMARY", "REPORT", "SIGNED")


def may_see(session: Session, actor: Actor, case: str) -> bool:
    """Pledged members, unless bids stand under codes; the case's regulator and auditors when every member has
    locked."""
    row, committee = case_row(session, case), committee_of(session, case)
    if is_member(session, actor, case):
        assert committee is not None
        return not hidden(cases.facts(session, case), sitting_for(session, committee))
    watching = actor.has(Role.AUDITOR) or (actor.has(Role.REGULATOR) and row.regulator_org in ("", actor.org))
    return watching and committee is not None and sitting_for(session, committee).stage in LOCKED


def _reading(session: Session, row: Case) -> CaseReading | None:
    return session.get(CaseReading, (row.id, row.round))


def _readings(session: Session, row: Case) -> dict[str, BidReading]:
    query = select(BidReading).where(BidReading.case_id == row.id, BidReading.round == row.round)
    return {one.bid_id: one for one in session.scalars(query)}


def _amount(text: str | None) -> Decimal | None:
    return D(text) if text else None


def _breaches(found: Sequence[Breach]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def asked(session: Session, row: Case, reference: str) -> P:
    """What the tender file asks for, beside which the bids are laid."""
    return {
        "ceiling": row.ceiling, "unit": row.unit, "duration_days": row.duration_days, "reference": reference,
        "quality": row.sections.get("quality", ""), "bid_bond": row.bid_bond, "validity_days": row.validity_days,
        "components": list(row.settings.get("components") or ()), "bill": bill_of(session, row) is not None,
    }  # fmt: skip


def _signs(session: Session, row: Case, together: CaseReading | None, shared: Sequence[P]) -> list[P]:
    """Those of the bids themselves, of the bonds (C1) and of the bidders' registers (R1-36)."""
    found = [{"rule": "C1", "level": "DETERMINED_BASIS", "article": TL40, **one} for one in shared]
    found += list(together.signs) if together else []
    found += [
        {"rule": "C8", "level": "CLUE", "article": TL40, "found": f"{one['share']}%", "bids": one["bids"]}
        for one in (together.texts.get("pairs", ()) if together else ())
    ]
    found += [
        {"rule": one.rule, "level": "DETERMINED_BASIS", "article": one.article, "found": one.found, "bids": []}
        for one in related_bidders(session, row.id)
    ]
    return sorted(found, key=lambda one: ("DETERMINED_BASIS", "CLUE", "INFO").index(one["level"]))


@asking("room.aid", Role.EXPERT, Role.TENDERER, Role.REGULATOR, Role.AUDITOR)
def aid(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """{title, asked, bids: [{…, facts, price, findings, bond, away, signs}], signs, read_at}; read_at "" while the
    bids are still being read."""
    if not may_see(session, actor, case):
        raise Refused(denied("MEMBER", "a member of this committee", "-"))
    row, facts = case_row(session, case), cases.facts(session, case)
    together, readings = _reading(session, row), _readings(session, row)
    bonds, shared = plain_bonds(session, case)
    listed = cases.bids(session, case)
    wanted = asked(session, row, cases.reference(session, facts) or "")
    found = _signs(session, row, together, shared)
    average = rules.mean(D(one["price"]) for one in listed if one["price"])
    book, away = rules.RULES.at(facts.rules_day, facts.region), together.away if together else {}
    return {
        "case": case, "title": facts.title, "asked": wanted, "signs": found,
        "texts": together.texts if together else {},
        "mean": None if average is None else str(average.quantize(D("0.01"))),
        "read_at": together.at.isoformat() if together else "",
        "bids": [
            _bid(one, readings.get(one["id"]), wanted, average, book)
            | {"bond": bonds.get(one["id"]), "away": away.get(one["id"], {}).get("count", 0),
               "signs": sum(one["id"] in sign["bids"] for sign in found)}
            for one in listed
        ],
    }  # fmt: skip


def _bid(one: P, reading: BidReading | None, wanted: P, average: Decimal | None, book: Mapping[str, Any]) -> P:
    ceiling, reference = _amount(wanted["ceiling"]), _amount(wanted["reference"])
    total = rules.total(_amount(one["price"]), ceiling, average, reference, book)
    late = rules.duration(one["duration_days"], wanted["duration_days"], book)
    keys = ("id", "number", "org_name", "price", "duration_days", "quality", "manager", "flags", "problem", "findings",
            "pdf_sha256")  # fmt: skip
    return {key: one[key] for key in keys} | {
        "of_ceiling": total.of_ceiling, "of_mean": total.of_mean, "of_reference": total.of_reference,
        "warnings": _breaches([*total.findings, *late]), "facts": dict(reading.facts) if reading else None,
    }  # fmt: skip


def of_bid(session: Session, case: str, bid: str, names: Mapping[str, str]) -> P:
    """What stands beside one bid in the room: its row of `aid` as far as it goes, `asked`, `away`, signs that name it,
    and `topics` {item: what is known about it}. Only for whom `may_see` lets in."""
    row, facts = case_row(session, case), cases.facts(session, case)
    together, listed = _reading(session, row), cases.bids(session, case)
    wanted = asked(session, row, cases.reference(session, facts) or "")
    average = rules.mean(D(one["price"]) for one in listed if one["price"])
    one = next(one for one in listed if one["id"] == bid)
    shown = _bid(one, session.get(BidReading, bid), wanted, average, rules.RULES.at(facts.rules_day, facts.region))
    return shown | {
        "asked": wanted, "away": together.away.get(bid, {}).get("count", 0) if together else 0,
        "signs": [sign for sign in (together.signs if together else ()) if bid in sign["bids"]],
        "topics": {item: found for item, name in names.items() if (found := rules.topics(name))},
        "called": {part["id"]: part["name"] for part in wanted["components"]},
    }  # fmt: skip


def lines_of(session: Session, case: str, bid: str) -> P:
    """What of one bid's priced bill is far from the others, or above the tender's highest unit price: {lines: [{no,
    code, name, unit, quantity, price, mean, deviation, limit, over}], away, over, all, limits}; empty where the tender
    has no bill. Only for whom `may_see` lets in."""
    row = case_row(session, case)
    together, kept = _reading(session, row), bill_of(session, row)
    prices = session.scalar(select(BidReading.lines).where(BidReading.bid_id == bid)) or {}
    means = together.means if together else {}
    far = {one[0]: one[3] for one in (together.away.get(bid, {}).get("lines", []) if together else [])}
    bill = bills.read(kept.data) if kept else bills.Bill(())
    named = {line.no: line for line in bill.lines}
    over = rules.over_limit(bill, {no: D(price) for no, price in prices.items()})
    order = sorted(over, key=lambda no: -over[no])[:MOST_OVER]
    order += sorted((no for no in far if no not in order), key=lambda no: -abs(D(far[no])))
    listed = [
        {key: getattr(named[no], key) for key in ("no", "code", "name", "unit", "quantity", "limit")}
        | {"price": prices.get(no, ""), "mean": means.get(no, ""), "deviation": far.get(no, ""),
           "over": str(over[no]) if no in over else ""}
        for no in order if no in named
    ]  # fmt: skip
    count = together.away.get(bid, {}).get("count", 0) if together else 0
    limits = sum(bool(line.limit) for line in bill.lines)
    return {"lines": listed, "away": count, "over": len(over), "all": len(prices), "limits": limits}


def papers_of(session: Session, bid: str) -> list[P]:
    """PDFs of a bid as they were read: {sha256, name, pages, outline, index}."""
    return list(session.scalar(select(BidReading.papers).where(BidReading.bid_id == bid)) or [])


def bookmarks(
    names: Mapping[str, str], papers: Sequence[P], parts: Sequence[P], components: Sequence[Mapping[str, Any]]
) -> dict[str, list[Entry]]:
    """{item: where the bid speaks of it}: parts by the name the tender file gives them, then the files' own outlines.

    `names`: {item or criterion: its name}; `parts`: {id, file} as the opening's check placed them.
    """
    digest = {one["name"]: one["sha256"] for one in papers}
    called = {one["id"]: one["name"] for one in components}
    # A part inside the bid's own PDF stands somewhere in it: only its outline says where.
    own = papers[0]["name"] if papers else ""
    entries = [
        Entry(called.get(one["id"], ""), digest[one["file"]], 1)
        for one in parts if one["file"] in digest and one["file"] != own
    ]  # fmt: skip
    entries += [Entry(row["title"], one["sha256"], row["page"]) for one in papers for row in one["outline"]]
    return {item: found for item, name in names.items() if (found := rules.places(name, entries))}
