"""Acts on blind bids: points under codes, and their lock."""

from __future__ import annotations

import secrets
from typing import Any

from core import fields
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.rules import Breach, Refused
from evaluation.blind import codes, queries
from evaluation.blind.models import BlindLock
from evaluation.committee.actions import unnamed
from evaluation.scoring import sheet
from evaluation.scoring.actions import most, points_of
from evaluation.scoring.models import Score
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import Room, enter

P = dict[str, Any]
ARTICLE = "招标投标法 第40条"


def _not_locked(tx: Tx, room: Room) -> None:
    lock = codes.lock_of(tx.session, room.me)
    if lock is not None:
        raise Refused(Breach("LOCKED", ARTICLE, "B", "before blind.lock", lock.at.isoformat()))


@acting("blind.score", *MEMBERS)
def score(tx: Tx, case: str, p: P) -> P:
    """{bid: code, criterion, points} or {scores: [those]}: a draft of one's own; the ledger hears codes, no points."""
    room = enter(tx, case, "BLIND")
    _not_locked(tx, room)
    given = fields.items(p, "scores", most=2000) if "scores" in p else [p]
    named = codes.of_codes(tx.session, case, room.committee)
    wanted = [one["id"] for one in queries.criteria(room.case)]
    cells = []
    for one in given:
        if not isinstance(one, dict):
            raise Unusable("scores: objects are expected")
        fields.only(one, "bid", "criterion", "points")
        code, criterion = fields.text(one, "bid", limit=16), fields.choice(one, "criterion", wanted)
        if code not in named:
            raise Unusable("bid: not a code of this case")
        value = points_of(most(room), criterion, one)
        tx.session.merge(Score(member_id=room.me.id, bid_id=named[code], criterion=criterion, points=value, at=tx.now))
        cells.append({"code": code, "criterion": criterion})
    body = {"member": room.me.id, "cells": cells}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "blind.scored", body, case=case))
    tx.session.flush()
    of = len(named) * len(wanted)
    done = of - len(queries.missing(tx.session, room.case, room.committee, room.me))
    tx.publish(f"room:{case}", "score.progress", {"member": room.me.id, "done": done})
    return {"done": done, "of": of}


@acting("blind.lock", *MEMBERS, signed=True)
def lock(tx: Tx, case: str, p: P) -> P:
    """{scores?: {code: {criterion: points}}}: final. When the last member locks, the codes are revealed."""
    fields.only(p, "scores")
    room = enter(tx, case, "BLIND")
    _not_locked(tx, room)
    lacking = queries.missing(tx.session, room.case, room.committee, room.me)
    mine = queries.own(tx.session, room.case, room.committee, room.me)
    if lacking:
        there = sum(len(cells) for cells in mine.values())
        raise Refused(Breach("INCOMPLETE-SCORES", ARTICLE, "B", str(there + len(lacking)), str(there)))
    if "scores" in p and fields.mapping(p, "scores") != mine:
        raise Refused(Breach("OTHER-SCORES", ARTICLE, "B", "the scores as saved", "another sheet", "scores"))
    row = BlindLock(member_id=room.me.id, at=tx.now, salt=secrets.token_hex(16))
    tx.session.add(row)
    tx.session.flush()
    body = {"member": room.me.id, "sheet": sheet.commitment(row.salt, mine)}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "blind.locked", body, case=case))
    flow.tell(tx, case, "blind.locked", {"member": room.me.id})
    return {"stage": flow.advance(tx, room.committee)}
