"""The review of a closed agreement: each response qualified and conforming or not, with reasons; prices within their
ceilings; the order; who leaves, computed and printed; the report on the signing desk."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Person
from certs import desk
from core import fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import Breach, Refused, refuse_if, shown
from methods import elimination
from methods.elimination import Key, Shortlist
from methods.exact import shown as shown_exactly
from trading.framework import machine, papers, rules, sealed, sheet
from trading.framework.facts import Offered
from trading.framework.models import Framework, FrameworkItem, FrameworkMember
from trading.framework.responses import fail
from trading.framework.states import (
    book_of,
    go,
    guard,
    items_of,
    member_row,
    members_of,
    move_member,
    printed,
    scheme_of,
    stream,
)
from trading.project.queries import org_names

ITEMS = ("qualification", "conformity")
REPORT = "framework_report"
_HEADS = frozenset({Role.TENDERER, Role.AGENCY, Role.EXPERT})


@acting("framework.mark", *machine.OWN)
def mark(tx: Tx, case: str, p: Payload) -> Payload:
    """{member, qualification: {pass, reason?}, conformity: {…}, points?} → {}: changeable until concluded. A reason
    wherever something is not met; points (0 – 100) where quality counts."""
    fields.only(p, "member", "points", *ITEMS)
    row, step = guard(tx, case, "framework.mark")
    member = member_row(tx.session, row, fields.text(p, "member", limit=16))
    found: dict[str, Any] = {}
    for item in ITEMS:
        said = fields.mapping(p, item)
        fields.only(said, "pass", "reason")
        passed = fields.yes_no(said, "pass")
        reason = "" if passed else printed(said, "reason", limit=500, default="")
        if not passed and not reason:
            raise Refused(book_of(row, tx.now)["FH-REASON"].breach("-", required="reason", field="reason"))
        found[item] = {"pass": passed, "reason": reason}
    points = fields.decimal(p, "points", least=Decimal(0), places=2) if p.get("points") not in (None, "") else None
    if points is not None and points > 100:
        raise Unusable("points: out of range")
    member.review, member.points = found, plain(points) if points is not None else ""
    go(tx, row, step, "framework.marked", {"member": member.id, **found, "points": member.points})
    return {}


# -- what follows from the marks --------------------------------------------------------------------------------------


def offers(session: Session, row: Framework) -> dict[str, dict[str, sheet.Offer]]:
    """{organisation: {item: offer}} of the opened responses."""
    return {one.org_id: sheet.offers_of(one.opened) for one in sealed.shelf_of(row.id).live(session) if one.opened}


def problems(session: Session, row: Framework) -> dict[str, str]:
    """{organisation: why its response cannot be read}."""
    return {
        one.org_id: one.opened["problem"] for one in sealed.shelf_of(row.id).live(session) if one.opened.get("problem")
    }


def too_high(row: Framework, found: dict[str, sheet.Offer], items: list[FrameworkItem], now: datetime) -> list[Breach]:
    ceilings = {one.id: one.ceiling for one in items}
    offered = Offered({item: one.price for item, one in found.items()}, ceilings)
    return rules.within(offered, book_of(row, now))


def incomplete(session: Session, row: Framework, now: datetime) -> list[Breach]:
    """Each response that can be read is marked, with points where they decide."""
    own, broken = book_of(row, now), problems(session, row)
    members = [one for one in members_of(session, row.id, "OPENED") if one.org_id not in broken]
    open_ones = [one for one in members if not one.review]
    if open_ones:
        return [own["FH-COMPLETE"].breach(len(members) - len(open_ones), required=str(len(members)))]
    if row.settings["basis"] == "quality":
        bare = [one for one in members if passes(one) and not one.points]
        if bare:
            return [own["FH-COMPLETE"].breach(len(members) - len(bare), required=str(len(members)), field="points")]
    return []


def passes(member: FrameworkMember) -> bool:
    return bool(member.review) and all(member.review[item]["pass"] for item in ITEMS)


def qualified(session: Session, row: Framework, now: datetime) -> list[FrameworkMember]:
    """Those who pass every item and whose prices are within the ceilings."""
    items, found = items_of(session, row.id), offers(session, row)
    members = [one for one in members_of(session, row.id, "OPENED") if passes(one) and found.get(one.org_id)]
    return [one for one in members if not too_high(row, found[one.org_id], items, now)]


def totals(session: Session, row: Framework) -> dict[str, Fraction]:
    """{organisation: evaluated price}."""
    weights = {one.id: one.weight for one in items_of(session, row.id)}
    return {
        org: elimination.total({item: Fraction(one.price) for item, one in found.items()}, weights)
        for org, found in offers(session, row).items()
        if found
    }


def keys_of(row: Framework, members: list[FrameworkMember], total: dict[str, Fraction]) -> dict[str, Key]:
    """{member: what it is ordered by}: the price, or the points; then, by the tie rule, the points or the price."""
    found: dict[str, Key] = {}
    for one in members:
        price, points = total[one.org_id], -Fraction(one.points or 0)
        if row.settings["basis"] == "quality":
            found[one.id] = (points, price)
        else:
            found[one.id] = (price, points) if row.settings["tie"] == "points" else (price,)
    return found


def given(session: Session, row: Framework, now: datetime, ties: list[str]) -> dict[str, Any]:
    """What the elimination is computed from (methods.elimination.computed). `ties`: the reviewers' own order of equals
    across the line."""
    members = qualified(session, row, now)
    keys = keys_of(row, members, totals(session, row))
    cut = rules.cut_of(scheme_of(session, row), book_of(row, now))
    cap = row.settings["cap"]
    if cap is not None and row.parent:
        cap = max(0, cap - len(members_of(session, row.parent, "ACTIVE", "SUSPENDED")))
    return {
        "keys": {one: [shown_exactly(value) for value in key] for one, key in keys.items()}, "order": ties,
        "rate": str(cut.rate), "least": cut.least, "cap": cap,
        "tied": "out" if row.settings["tie"] == "out" else "ask",
    }  # fmt: skip


def outcome(session: Session, row: Framework, now: datetime, ties: list[str]) -> tuple[dict[str, Any], Shortlist]:
    """(what it was computed from, the order and who enters); an order of others than the undecided ones is none."""
    source = given(session, row, now, [])
    found = elimination.computed(source)
    if not found.undecided or sorted(ties) != sorted(found.undecided):
        return source, found
    source = given(session, row, now, ties)
    return source, elimination.computed(source)


def _reviewers(tx: Tx, p: Payload) -> list[Person]:
    named = [str(one) for one in fields.items(p, "reviewers", most=15)]
    people = [tx.session.get(Person, one) for one in dict.fromkeys(named)]
    found = [one for one in people if one is not None and one.state == "active" and set(one.roles) & _HEADS]
    if not found or len(found) != len(named):
        raise Unusable("reviewers: not one of those who may review")
    return found


@acting("framework.conclude", *machine.OWN, signed=True)
def conclude(tx: Tx, case: str, p: Payload) -> Payload:
    """{reviewers: [person], ties?: [number in order], tie_reason?} → {document, inside, out}: 评审报告 on the desk, to
    be signed by all reviewers. Too few qualified responders: ended."""
    fields.only(p, "reviewers", "ties", "tie_reason")
    row, step = guard(tx, case, "framework.conclude")
    own = book_of(row, tx.now)
    refuse_if(incomplete(tx.session, row, tx.now))
    people = _reviewers(tx, p)
    members = qualified(tx.session, row, tx.now)
    if rules.enough(len(members), own):
        fail(tx, row, step, "qualified", len(members))
        return {"state": row.state}
    by_number = {str(one.number): one.id for one in members}
    ties = [by_number.get(str(one), "") for one in fields.items(p, "ties", most=500)] if p.get("ties") else []
    reason = printed(p, "tie_reason", limit=500, default="")
    source, found = outcome(tx.session, row, tx.now, ties)
    if found.undecided:
        required = " / ".join(str(_number(tx.session, one)) for one in found.undecided)
        raise Refused(own["FH-TIE"].breach("-", required=required, field="ties"))
    if ties and not reason:
        raise Refused(own["FH-REASON"].breach("-", required="reason", field="tie_reason"))
    if not found.inside:
        fail(tx, row, step, "inside", 0)
        return {"state": row.state}
    warnings = shown(rules.reviewers(len(people), own))
    _write_places(tx, row, found)
    row.result = _result(tx, row, found, ties, reason, warnings)
    row.report_doc = _report(tx, row, people, source)
    body = {"document": row.report_doc, "inside": list(found.inside), "out": list(found.out), "warnings": warnings}
    go(tx, row, step, "framework.concluded", body, target="REVIEWED")
    return body


def _number(session: Session, member: str) -> int:
    return session.get_one(FrameworkMember, member).number


def _write_places(tx: Tx, row: Framework, found: Shortlist) -> None:
    place, total = elimination.places(found.groups), totals(tx.session, row)
    for member in members_of(tx.session, row.id, "OPENED"):
        member.place = place.get(member.id)
        if member.org_id in total:
            member.evaluated = Decimal(total[member.org_id].numerator) / total[member.org_id].denominator
        inside, known = member.id in found.inside, member.id in place
        target = "CHOSEN" if inside else "ELIMINATED" if known else "UNQUALIFIED"
        move_member(tx, row, member, "framework.conclude", target=target)


def _result(
    tx: Tx, row: Framework, found: Shortlist, ties: list[str], reason: str, warnings: list[dict[str, str]]
) -> dict[str, Any]:
    problem, items, offered = problems(tx.session, row), items_of(tx.session, row.id), offers(tx.session, row)
    names = org_names(tx.session, (one.org_id for one in members_of(tx.session, row.id)))
    listed = []
    for one in members_of(tx.session, row.id):
        high = too_high(row, offered.get(one.org_id, {}), items, tx.now)
        listed.append(
            {"member": one.id, "number": one.number, "org": one.org_id, "name": names[one.org_id].name,
             "state": one.state, "place": one.place, "points": one.points,
             "evaluated": plain(one.evaluated) if one.evaluated is not None else "", "review": one.review,
             "problem": problem.get(one.org_id, ""), "too_high": shown(high)}
        )  # fmt: skip
    return {
        "responders": listed, "room": found.room, "inside": list(found.inside), "out": list(found.out), "ties": ties,
        "tie_reason": reason, "derivation": found.derivation, "warnings": warnings,
    }  # fmt: skip


def _report(tx: Tx, row: Framework, people: list[Person], source: dict[str, Any]) -> str:
    signers = [
        desk.signer(tx.session, one.id, f"reviewer-{place}", "member", tx.now) for place, one in enumerate(people, 1)
    ]
    rate = rules.rate_of(scheme_of(tx.session, row), book_of(row, tx.now))
    record = {"schema": "framework-review/1", "framework": row.id, "number": row.number, "at": tx.now.isoformat(),
              "rate": {"rule": rate.id, "article": rate.article}, "result": row.result,
              "elimination": {"input": source, "result": elimination.eliminated(source)}}  # fmt: skip
    owner = accounts.org(tx.session, row.org_id) or {}
    paper = papers.report(row, owner.get("name", ""), record, [one.name for one in people], demo=tx.config.demo)
    first = desk.first_revision(paper.bytes, paper.boxes, record, signers)
    return desk.open_document(
        tx, first, case="", kind=REPORT, title=f"{row.name} 评审报告", audience="members", stream=stream(row.id)
    )
