"""The codes of a sitting: drawn from a committed seed, sealed, revealed when every member has locked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from certs.suite import b64, unb64
from core import jobs
from core.acts import Tx
from evaluation import cases
from evaluation.blind import rules
from evaluation.blind.models import BlindCodes, BlindLock
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee, Member
from evaluation.sitting.models import Sitting
from evaluation.vault import vault

BEFORE = ("SIGN_IN", "LEADER", "BLIND")


def hidden(case: CaseFacts, sitting: Sitting) -> bool:
    """Whether members see codes alone: no name, price or other part of a bid."""
    return bool(case.blind) and sitting.stage in BEFORE


def draw(tx: Tx, case: CaseFacts, committee: Committee, bids: Sequence[dict[str, Any]]) -> None:
    """Once for a committee, before anybody sees a bid: the commitment goes into the ledger, the rest is sealed."""
    if not case.blind or tx.session.get(BlindCodes, committee.id) is not None:
        return
    seed = secrets.token_bytes(rules.SEED_BYTES)
    drawn = {"seed": b64(seed), "codes": rules.codes(seed, case.id, [bid["id"] for bid in bids])}
    row = BlindCodes(
        committee_id=committee.id, commitment=rules.commitment(seed), sealed=vault().seal(case.id, drawn),
        made_at=tx.now, parts={}, revealed={},
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    cases.note(tx, case.id, "blind.committed", {"commitment": row.commitment, "bids": len(bids)})
    jobs.plan(tx.session, tx.now, "blind.prepare", case.id)


def of_bids(session: Session, case: str, committee: Committee) -> dict[str, str]:
    """{bid: code}; for the server alone until it is revealed."""
    row = session.get(BlindCodes, committee.id)
    if row is None:
        return {}
    found: dict[str, str] = (row.revealed or vault().open(case, row.sealed))["codes"]
    return found


def of_codes(session: Session, case: str, committee: Committee) -> dict[str, str]:
    """{code: bid} in code order."""
    return dict(sorted((code, bid) for bid, code in of_bids(session, case, committee).items()))


def lock_of(session: Session, member: Member) -> BlindLock | None:
    return session.get(BlindLock, member.id)


def all_locked(session: Session, rows: Sequence[Member]) -> bool:
    return all(lock_of(session, row) is not None for row in rows)


def reveal(tx: Tx, case: CaseFacts, committee: Committee) -> None:
    """Seed and codes in clear, in the row and in the ledger; a second time, after a replacement, nothing changes."""
    row = tx.session.get_one(BlindCodes, committee.id)
    if row.revealed_at is None:
        row.revealed, row.revealed_at = vault().open(case.id, row.sealed), tx.now
        cases.note(tx, case.id, "blind.revealed", dict(row.revealed) | {"commitment": row.commitment})


def replays(row: BlindCodes, case: str) -> bool:
    """What was revealed is what was committed to."""
    seed, told = unb64(row.revealed["seed"], "seed"), row.revealed["codes"]
    return rules.commitment(seed) == row.commitment and rules.codes(seed, case, told) == told
