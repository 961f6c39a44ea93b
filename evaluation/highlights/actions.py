"""Highlights in the papers: kept for the member alone, who finds them again at any seat.

They are working notes, no opinion: the ledger says nothing of them, no channel is told, and whoever leaves the
committee takes them out of reach with everything else the member said (招标投标法实施条例 art. 48).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import fields
from core.access import Actor, Role, denied
from core.acts import Tx
from core.doors import acting, asking
from core.faults import Unusable
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.blind import codes
from evaluation.cases import CaseFacts
from evaluation.committee.queries import by_person, committee_of
from evaluation.highlights.models import Highlight
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, enter
from evaluation.sitting.models import Sitting
from evaluation.views import is_member, sitting_for

P = dict[str, Any]
# While papers are weighed; the signed report closes the folder.
STAGES = ("SIGN_IN", "LEADER", "BLIND", "PRELIM", "LACK", "SCORING", "LOWPRICE", "SUMMARY", "REPORT")
MOST_RECTS, MOST, WHOLE = 60, 2000, 10_000
ARTICLE = "招标投标法 第40条"


def _box(value: Any) -> list[int]:
    """[left, top, right, bottom] in ten-thousandths of the page."""
    sound = isinstance(value, list) and len(value) == 4 and all(type(one) is int and 0 <= one <= WHOLE for one in value)
    if not sound or not (value[0] < value[2] and value[1] < value[3]):
        raise Unusable(f"rects: [left, top, right, bottom] of 0 to {WHOLE} are expected")
    return list(value)


def _boxes(p: P) -> list[list[int]]:
    given = p.get("rects")
    if not isinstance(given, list) or len(given) > MOST_RECTS:
        raise Unusable(f"rects: a list of at most {MOST_RECTS} is expected")
    return [_box(one) for one in given]


def _of_this_case(tx: Tx, case: str, bid: str, sha256: str) -> None:
    """Unusable unless the file is one of that bid, or of the tender file where no bid is named."""
    if bid:
        found = next((one for one in cases.bids(tx.session, case) if one["id"] == bid), None)
        known = {found["pdf_sha256"], *(one["sha256"] for one in found["attachments"])} if found else set()
    else:
        known = {one["sha256"] for one in cases.tender_papers(tx.session, case)}
    if sha256 not in known:
        raise Unusable("sha256: not a file of this case")


def _open(case: CaseFacts, sitting: Sitting, bid: str) -> None:
    """Refused for a bid while members see codes alone; the tender file lies open all the time."""
    if bid and codes.hidden(case, sitting):
        raise Refused(Breach("STAGE", ARTICLE, "B", "after BLIND", sitting.stage))


def _own(tx: Tx, room: Room, id: str) -> Highlight:
    row = tx.session.get(Highlight, id)
    if row is None or row.member_id != room.me.id:
        raise Unusable("id: not a highlight of yours")
    return row


def _new(tx: Tx, room: Room, p: P) -> Highlight:
    bid, sha256 = fields.text(p, "bid", limit=16, default=""), fields.text(p, "sha256", limit=64)
    _open(room.case, room.sitting, bid)
    _of_this_case(tx, room.case.id, bid, sha256)
    kept = tx.session.scalar(select(func.count()).where(Highlight.member_id == room.me.id)) or 0
    if kept >= MOST:
        raise Refused(Breach("HIGHLIGHTS", ARTICLE, "B", f"≤ {MOST}", str(kept)))
    return Highlight(
        member_id=room.me.id, bid_id=bid, sha256=sha256, page=fields.integer(p, "page", least=1, most=100_000),
        rects=_boxes(p), text=fields.text(p, "text", limit=500, default=""),
        note=fields.text(p, "note", limit=500, default=""), at=tx.now,
    )  # fmt: skip


@acting("highlight.save", *MEMBERS)
def save(tx: Tx, case: str, p: P) -> P:
    """{bid, sha256, page, rects, text, note} → {id}; with {id} of an own one, its note is changed and nothing else."""
    fields.only(p, "id", "bid", "sha256", "page", "rects", "text", "note")
    room = enter(tx, case, *STAGES)
    if p.get("id"):
        row = _own(tx, room, fields.text(p, "id", limit=16))
        row.note, row.at = fields.text(p, "note", limit=500, default=""), tx.now
    else:
        row = _new(tx, room, p)
        tx.session.add(row)
    tx.session.flush()
    return {"id": row.id}


@acting("highlight.remove", *MEMBERS)
def remove(tx: Tx, case: str, p: P) -> P:
    """{id}: an own highlight, gone for good."""
    fields.only(p, "id")
    room = enter(tx, case, *STAGES)
    tx.session.delete(_own(tx, room, fields.text(p, "id", limit=16)))
    return {}


@asking("highlight.mine", Role.EXPERT, Role.TENDERER)
def mine(session: Session, now: datetime, actor: Actor, case: str, p: P) -> P:
    """{sha256, bid}: the asker's own highlights in that file; Refused for anyone who is no pledged member now, at the
    own seat, not over night."""
    committee = committee_of(session, case) if is_member(session, actor, case) else None
    me = by_person(session, committee, actor.person) if committee else None
    if committee is None or me is None:
        raise Refused(denied("MEMBER", "a member of this committee", "-"))
    bid = str(p.get("bid", ""))
    _open(cases.facts(session, case), sitting_for(session, committee), bid)
    query = select(Highlight).where(Highlight.member_id == me.id, Highlight.sha256 == str(p.get("sha256", "")))
    query = query.where(Highlight.bid_id == bid).order_by(Highlight.page, Highlight.id)
    keys = ("id", "page", "rects", "text", "note")
    return {"highlights": [{key: getattr(row, key) for key in keys} for row in session.scalars(query)]}
