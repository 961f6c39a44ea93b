"""What was found on the bidders' qualification. Nothing of it reaches bidders or the public before the result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Role, denied
from core.doors import Payload, asking
from core.rules import Refused
from trading.document.judging import one_brand
from trading.opening.queries import opened_bids
from trading.project.models import Case
from trading.project.states import case_row, procedure_of, stands_as
from trading.qualification.models import Examined, Qualification

SEEN_BY = frozenset({Role.TENDERER, Role.AGENCY, Role.REGULATOR, Role.AUDITOR})


def items_of(row: Case) -> list[dict[str, str]]:
    """What is examined: [] where the committee reviews qualification itself."""
    return list(row.evaluation.get("qualification") or procedure_of(row).fields.QUALIFICATION)


def findings(session: Session, bids: list[str]) -> dict[tuple[str, str], Examined]:
    """{(bid, item): finding}"""
    rows = session.scalars(select(Examined).where(Examined.bid_id.in_(bids)))
    return {(one.bid_id, one.item): one for one in rows}


def concluded(session: Session, row: Case) -> Qualification | None:
    return session.get(Qualification, (row.id, row.round))


def unqualified(session: Session, row: Case) -> dict[str, dict[str, Any]]:
    """{bid: {items, reason}} once the examination is concluded, {} before or where there is none."""
    if not items_of(row) or concluded(session, row) is None:
        return {}
    bids = [one["id"] for one in opened_bids(session, row.id)]
    names = {one["id"]: one["name"] for one in items_of(row)}
    out: dict[str, dict[str, Any]] = {}
    for (bid, item), one in sorted(findings(session, bids).items()):
        if not one.passed:
            said = out.setdefault(bid, {"items": [], "reason": ""})
            said["items"].append(item)
            said["reason"] += f"{'；' if said['reason'] else ''}{names.get(item, item)}：{one.reason}"
    return out


def sheet(session: Session, row: Case) -> dict[str, Any]:
    """{items, bids: [opened bid + {marks: {item: {pass, page, reason}}, qualified}], done, of, concluded, qualified,
    counted, alike: [{brands, bids}]}; `counted`: the qualified, those of one brand as one (87号令 art. 31)."""
    bids, items = opened_bids(session, row.id), items_of(row)
    found, closed = findings(session, [one["id"] for one in bids]), concluded(session, row)
    listed = []
    for bid in bids:
        marks = {
            item: {"pass": one.passed, "page": one.page, "reason": one.reason}
            for (of, item), one in found.items() if of == bid["id"]
        }  # fmt: skip
        fit = len(marks) == len(items) and all(one["pass"] for one in marks.values())
        listed.append(bid | {"marks": marks, "qualified": fit})
    fit_ones = [one for one in listed if one["qualified"]]
    groups = one_brand(row.evaluation, fit_ones)
    return {
        "items": items, "bids": listed, "done": len(found), "of": len(bids) * len(items),
        "concluded": closed.concluded_at if closed else None, "qualified": len(fit_ones), "counted": len(groups),
        "alike": [{"brands": list(one.brands), "bids": list(one.bids)} for one in groups if len(one.bids) > 1],
    }  # fmt: skip


def seen(session: Session, case: str, actor: Actor) -> Case:
    """The case, for those who examine or supervise it; Refused for anyone else, a committee member first of all."""
    row = case_row(session, case)
    if not stands_as(row, actor) & SEEN_BY:
        raise Refused(denied("ACCESS", "tenderer or agency of this case", actor.org_name or "-"))
    return row


@asking("qualification.sheet", *sorted(SEEN_BY))
def ask_sheet(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """`sheet` for JSON clients."""
    return sheet(session, seen(session, case, actor))
