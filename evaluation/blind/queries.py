"""The room while bids are blind: codes in the place of names, the blind criteria alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from evaluation.blind import codes
from evaluation.blind.models import BlindCodes, BlindLock
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.scoring import sheet
from evaluation.sitting.models import Sitting

EMPTY: dict[str, Any] = {
    "items": [], "bonds": {}, "signs": [], "votes": {"pairs": [], "waiting": 0}, "clarifications": [], "low_price": [],
    "rejected": {}, "flags": [], "codes": {}, "signs_found": {}, "layout_found": {}, "brands": {}, "figures": {},
}  # fmt: skip


def criteria(case: CaseFacts) -> list[dict[str, Any]]:
    named = set(case.blind.get("criteria") or ())
    return [dict(one) for one in case.criteria if one["id"] in named]


def missing(session: Session, case: CaseFacts, committee: Committee, me: Member) -> list[tuple[str, str]]:
    """(code, criterion) cells still without points."""
    given = sheet.scores(session, [me])
    named = codes.of_codes(session, case.id, committee)
    return [(code, one["id"]) for code, bid in named.items() for one in criteria(case)
            if (me.id, bid, one["id"]) not in given]  # fmt: skip


def own(session: Session, case: CaseFacts, committee: Committee, me: Member) -> dict[str, dict[str, str]]:
    """{code: {criterion: points}} on every bid: what the blind lock commits to, whatever was corrected later."""
    given = sheet.before_corrections(session, [me])
    found: dict[str, dict[str, str]] = {}
    for code, bid in codes.of_codes(session, case.id, committee).items():
        cells = {one["id"]: given[me.id, bid, one["id"]] for one in criteria(case) if (me.id, bid, one["id"]) in given}
        if cells:
            found[code] = cells
    return found


def _bid(code: str, parts: dict[str, Any]) -> dict[str, Any]:
    part = parts.get(code, {})
    return {
        "id": code, "number": code, "org_name": "", "price": "", "duration_days": None, "quality": "", "flags": [],
        "pdf_sha256": part.get("sha256", ""), "attachments": [], "problem": "", "findings": 0,
        "blind": {"findings": part.get("findings", []), "problem": part.get("problem", ""), "pages": part.get("pages"),
                  "layout": part.get("layout", [])},
    }  # fmt: skip


def view(
    session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, rows: list[Member], me: Member
) -> dict[str, Any]:
    """What takes the place of bids, criteria and own work in room.view until the codes are revealed."""
    row = session.get(BlindCodes, committee.id)
    shown = sitting.stage == "BLIND" and row is not None
    listed = list(codes.of_codes(session, case.id, committee)) if shown else []
    scores = own(session, case, committee, me) if shown else {}
    wanted = criteria(case)
    done = {code: {"review": 0, "review_of": 0, "scores": len(scores.get(code, {})), "scores_of": len(wanted)}
            for code in listed}  # fmt: skip
    lock = codes.lock_of(session, me)
    return EMPTY | {
        "bids": [_bid(code, dict(row.parts) if row else {}) for code in listed], "criteria": wanted,
        "mine": {"marks": [], "scores": scores, "done": done, "review_locked": False, "scores_locked": False,
                 "blind_locked": lock is not None, "stance": me.stance,
                 "missing": missing(session, case, committee, me) if shown else []},
        "blind": {"prepared": row is not None and row.checked_at is not None,
                  "locked": sum(codes.lock_of(session, one) is not None for one in rows), "of": len(rows)},
    }  # fmt: skip


def opened(session: Session, case: CaseFacts, committee: Committee) -> dict[str, Any]:
    """What a member sees of the blind part once the codes are known: {codes, signs} by bid, and the fixed criteria."""
    row = session.get(BlindCodes, committee.id)
    told: dict[str, Any] = {"blind": {}, "codes": {}, "signs_found": {}, "layout_found": {}}
    told["blind_criteria"] = [one["id"] for one in criteria(case)]
    if row is None or row.revealed_at is None:
        return told
    named = row.revealed["codes"]
    found = {bid: row.parts.get(code, {}).get("findings", []) for bid, code in named.items()}
    looks = {bid: row.parts.get(code, {}).get("layout", []) for bid, code in named.items()}
    return told | {"codes": named, "signs_found": found, "layout_found": looks}


def archive(session: Session, case: CaseFacts, committee: Committee, rows: list[Member]) -> dict[str, Any] | None:
    """For the report: commitment, seed, codes, what the check found and what each member committed to."""
    row = session.get(BlindCodes, committee.id)
    if row is None or row.revealed_at is None:
        return None
    names = sheet.labels(rows)
    # Not kept at the lock: beside points under names it would tell the codes while they are sealed.
    locks = {
        names[one.id]: {"salt": lock.salt, "sheet": own(session, case, committee, one)}
        for one in rows if (lock := session.get(BlindLock, one.id))
    }  # fmt: skip
    return {
        "part": case.blind["part"], "criteria": list(case.blind["criteria"]), "commitment": row.commitment,
        "seed": row.revealed["seed"], "codes": row.revealed["codes"], "revealed_at": row.revealed_at,
        "parts": row.parts, "locks": locks,
    } | ({"layout": case.blind["layout"]} if "layout" in case.blind else {})  # fmt: skip
