"""When a bid is accepted. No rule here knows of another bid: an answer tells nothing about others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations

from core.rules import Breach, RuleRow
from trading.bidding.facts import Bidder, Submission

Book = Mapping[str, RuleRow]


def in_time(completed: datetime, deadline: datetime, book: Book) -> list[Breach]:
    """E-02: complete before the deadline; at the deadline itself it is too late (20号令 art. 27)."""
    if completed < deadline:
        return []
    return [book["E-02"].breach(completed.isoformat(), required=f"< {deadline.isoformat()}")]


def sealed(s: Submission, book: Book) -> list[Breach]:
    """E-01: what is not encrypted is refused."""
    return [book["E-01"].breach(s.sealed, required="gongheng/sealed/1", field="manifest")] if s.sealed else []


def not_operator(s: Submission, book: Book) -> list[Breach]:
    """E-13"""
    return [book["E-13"].breach(s.operator, required="not of the operator")] if s.operator else []


def shares_as_asked(s: Submission, book: Book) -> list[Breach]:
    """E-04: shares for exactly the custodians of the tender file's 补救方案, and none without one."""
    if s.held == s.custodians:
        return []
    need = ", ".join(role for role, _ in s.custodians) or "none"
    found = ", ".join(role for role, _ in s.held) or "none"
    row = book["E-04"]
    return [Breach(row.id, row.article, "R", f"shares: {need}", found, "manifest.shares")]


def submission(s: Submission, book: Book) -> list[Breach]:
    late = in_time(s.completed_at, s.deadline, book)
    return late or [*not_operator(s, book), *sealed(s, book), *([] if s.sealed else shares_as_asked(s, book))]


def related(bidders: Sequence[Bidder], tenderer: Bidder, book: Book) -> list[Breach]:
    """R1-36: same head or control in one lot, or tied to the tenderer; for the committee, which decides."""
    row, found = book["R1-36"], []
    for one, other in combinations(sorted(bidders, key=lambda b: b.uscc), 2):
        tie = _tie(one, other)
        if tie:
            found.append(row.breach(f"{one.uscc} / {other.uscc}: {tie}", required="unrelated"))
    for bidder in bidders:
        tie = _tie(bidder, tenderer)
        if tie:
            found.append(row.breach(f"{bidder.uscc} / {tenderer.uscc}: {tie}", required="unrelated"))
    return found


def _tie(one: Bidder, other: Bidder) -> str:
    if one.legal_person and one.legal_person == other.legal_person:
        return "same legal person"
    if one.uscc in other.controllers or other.uscc in one.controllers:
        return "control"
    return "same controller" if set(one.controllers) & set(other.controllers) else ""


def deposit_account(method: str, from_basic_account: bool, book: Book) -> list[Breach]:
    """R1-15: what is paid (a transfer counts as cash) comes from the basic account; a warning to the committee."""
    if method not in ("transfer", "cash", "cheque") or from_basic_account:
        return []
    row = book.get("R1-15")  # government procurement asks for no basic account
    return [row.breach(method, required="基本账户", field="deposit")] if row else []
