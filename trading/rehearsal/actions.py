"""Practising a bid. Nothing here touches a case, a sealed stream or the ledger: a rehearsal has no legal effect, and
what it leaves behind is gone after a day or when its bidder leaves it.

The seal is made for kind "rehearsal" and this rehearsal's id, so its file opens nowhere else, nor another file here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certs import authority, rehearsals
from certs.rehearsals import RehearsalReceipt
from certs.sealing import Context
from core import canon, fields, jobs, staged
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Refused, RuleRow, refuse_if
from core.staged import Upload
from trading import procedures
from trading.bidding.seals import read_seal, sealer
from trading.opening.guards import given_key
from trading.project.states import trading_org
from trading.rehearsal import rules
from trading.rehearsal.models import Rehearsal
from trading.rehearsal.rules import Practised

PURPOSE = KIND = "rehearsal"
# Breaches name the rules of the procedure that is practised.
PRACTISED = "open-works"


def rule(name: str, now: datetime) -> RuleRow:
    return procedures.of(PRACTISED).rules.at(now.astimezone(CST).date())[name]


def practised(session: Session, org: str, now: datetime) -> Practised:
    mine = select(func.count(Rehearsal.id)).where(Rehearsal.org_id == org)
    running = session.scalar(mine.where(Rehearsal.state != "left", Rehearsal.until > now))
    today = session.scalar(mine.where(Rehearsal.begun_at > now - timedelta(days=1)))
    return Practised(running or 0, today or 0)


@acting("rehearsal.begin", Role.BIDDER)
def begin(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {rehearsal, until}: this person's earlier one ends."""
    fields.only(p)
    org = trading_org(tx.session, tx.actor.org)
    running = (Rehearsal.person_id == tx.actor.person, Rehearsal.state != "left")
    for row in tx.session.scalars(select(Rehearsal).where(*running)):
        _forget(tx, row)
    tx.session.flush()
    refuse_if(rules.may_begin(practised(tx.session, org.id, tx.now)))
    row = Rehearsal(org_id=org.id, person_id=tx.actor.person, begun_at=tx.now, until=tx.now + rules.LIFE)
    tx.session.add(row)
    tx.session.flush()
    jobs.plan(tx.session, row.until, "rehearsal.expire", row.id)
    return {"rehearsal": row.id, "until": row.until.isoformat()}


def _own(tx: Tx, rehearsal: str, *states: str) -> Rehearsal:
    row = tx.session.get(Rehearsal, rehearsal)
    if row is None or row.person_id != tx.actor.person or tx.now >= row.until or row.state not in states:
        raise Unusable("rehearsal: none of yours in which this can be done")
    return row


def may_begin_upload(tx: Tx, purpose: str, rehearsal: str, size: int) -> None:
    """Before a transfer for a rehearsal is begun; other purposes are judged elsewhere."""
    if purpose != PURPOSE:
        return
    _own(tx, rehearsal, "begun", "handed")
    mine = select(func.count(Upload.id)).where(Upload.subject == rehearsal, Upload.purpose == PURPOSE)
    refuse_if(rules.may_bring(size, tx.session.scalar(mine) or 0))


@acting("rehearsal.submit", Role.BIDDER, signed=True, keep=False)
def submit(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size} → {receipt}: as `bid.submit`, for `case` = the rehearsal's id.

    `manifest` is gongheng/sealed/1 with kind "rehearsal", lot and bid = the rehearsal's id.
    """
    fields.only(p, "manifest", "ciphertext_sha256", "size")
    row = _own(tx, case, "begun", "handed")
    manifest, why = read_seal(tx, p, Context(KIND, row.id, row.id, sealer(tx)))
    if manifest is None:
        raise Refused(rule("E-01", tx.now).breach(why, required="gongheng/sealed/1, rehearsal", field="manifest"))
    refuse_if(rules.may_bring(manifest.size, 0))
    row.state, row.version, row.received_at = "handed", row.version + 1, tx.now
    row.manifest, row.ciphertext_sha256, row.size = p["manifest"], manifest.sha256, manifest.size
    at = tx.now.replace(microsecond=0).isoformat()
    unsigned = RehearsalReceipt(row.id, row.version, manifest.sha256, manifest.size, at)
    row.receipt = canon.loads(rehearsals.sign(unsigned, authority.of(tx.config).platform_key))
    return {"receipt": row.receipt}


@acting("rehearsal.unlock", Role.BIDDER, signed=True, keep=False)
def unlock(tx: Tx, case: str, p: Payload) -> Payload:
    """{file_key} (base64) → {}: checked as in the hall; the opening follows by itself."""
    fields.only(p, "file_key")
    row = _own(tx, case, "handed")
    row.file_key = given_key(row.manifest, p, rule("E-04", tx.now).article)
    row.state, row.unlocked_at = "unlocked", tx.now
    jobs.plan(tx.session, tx.now, "rehearsal.settle", row.id)
    return {}


@acting("rehearsal.leave", Role.BIDDER)
def leave(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: everything of this rehearsal goes now."""
    fields.only(p)
    _forget(tx, _own(tx, case, "begun", "handed", "unlocked", "opened"))
    return {}


def _forget(tx: Tx, row: Rehearsal) -> None:
    """Nothing names the sealed file any more, so the sweep of uploads takes it away."""
    staged.give_up(tx, row.id, PURPOSE, (row.ciphertext_sha256, row.person_id))
    row.state, row.manifest, row.receipt, row.opened = "left", {}, {}, {}
    row.ciphertext_sha256 = row.file_key = ""
    row.size = row.version = 0


@acting("rehearsal.expire")
def expire(tx: Tx, case: str, p: Payload) -> Payload:
    """{}: a day after the beginning the row itself goes too."""
    row = tx.session.get(Rehearsal, case)
    if row is None or tx.now < row.until:
        return {}
    _forget(tx, row)
    tx.session.delete(row)
    return {}
