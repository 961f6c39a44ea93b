"""A bid that will not open: its bidder's attempts, both digests for all to see, and the cause a person decides.

Nobody is blamed before the stored file was hashed anew and its digest stands beside that of the receipt (20号令 art.
31).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select

from certs.blocking import run_blocking
from core import fields, jobs
from core.access import SYSTEM, Role
from core.acts import Acts, Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.rules import Breach, Refused, refuse_if
from trading.bidding.models import Bid
from trading.opening import rules
from trading.opening.guards import any_bid, open_hall, own_bid
from trading.opening.models import StoredDigest, Unlock, UnlockFailure
from trading.opening.queries import lock_of, opening_of
from trading.opening.reading import stored_digest
from trading.project.models import Case
from trading.project.states import book_of, case_row, go, guard

WHAT = ("passphrase", "commitment", "damaged", "other")
MOST_REPORTS = 20  # P: each is read by everybody in the hall


@acting("opening.report_failure", Role.BIDDER)
def report(tx: Tx, case: str, p: Payload) -> Payload:
    """{what, digest?} → {failures}: an attempt that did not open one's own bid; another may follow while the window is
    open. `digest`: SHA-256 of the ciphertext as the bidder's own browser computed it."""
    fields.only(p, "what", "digest")
    row, step = guard(tx, case, "opening.report_failure")
    opening, bid, book = open_hall(tx, row), own_bid(tx, row), book_of(row, tx.now)
    refuse_if(rules.in_window(opening.window_until, tx.now, book))
    held = tx.session.get_one(Unlock, bid.id)
    if held.how:
        raise Unusable("bid: it is unlocked")
    what = fields.choice(p, "what", WHAT)
    digest = fields.sha256(p, "digest") if p.get("digest") else ""
    before = tx.session.scalar(select(func.count(UnlockFailure.id)).where(UnlockFailure.bid_id == bid.id)) or 0
    if before >= MOST_REPORTS:
        raise Refused(Breach("HALL-REPORTS", book["E-04"].article, "B", f"≤ {MOST_REPORTS}", str(before)))
    tx.session.add(UnlockFailure(bid_id=bid.id, at=tx.now, person_id=tx.actor.person, what=what, digest=digest))
    go(tx, row, step, "opening.unlock_failed", {"bid": bid.id, "what": what, "digest": digest})
    told = {"bid": bid.id, "what": what, "at": tx.now.isoformat(), "failures": before + 1}
    tx.publish(f"hall:{case}", "opening.unlock_failed", told)
    if not before and tx.session.get(StoredDigest, bid.id) is None:
        plan_comparison(tx, row, bid.id)
    return {"failures": before + 1}


def plan_comparison(tx: Tx, row: Case, bid: str) -> None:
    jobs.plan(tx.session, tx.now, "opening.compare", row.id, {"bid": bid})


@acting("opening.check", Role.CENTRE, Role.AGENCY)
def check(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid}: the host has the stored file hashed anew, also for a bidder who said nothing, or after it was restored."""
    fields.only(p, "bid")
    row, step = guard(tx, case, "opening.check")
    open_hall(tx, row)
    bid, held = any_bid(tx, row, p)
    if held.how:
        raise Unusable("bid: it is unlocked")
    tx.session.execute(delete(StoredDigest).where(StoredDigest.bid_id == bid.id))
    go(tx, row, step, "opening.check_asked", {"bid": bid.id})
    tx.publish(f"hall:{case}", "opening.check_asked", {"bid": bid.id})
    plan_comparison(tx, row, bid.id)
    return {}


@jobs.long("opening.compare")
def compare(acts: Acts, case: str, p: Payload) -> Payload:
    """Hash outside every transaction, then note what was found."""
    with acts.reading() as session:
        sha256 = session.get_one(Bid, p["bid"]).ciphertext_sha256
        if session.get(StoredDigest, p["bid"]) is not None:
            return {}
    found = run_blocking(lambda: stored_digest(acts.house.blobs, sha256))
    return acts.act(note, SYSTEM, case, p["bid"], found)


@acting("opening.compare")
def compare_act(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid}: what `compare` does, inside one transaction."""
    bid, _ = any_bid(tx, case_row(tx.session, case), p)
    return note(tx, case, bid.id, stored_digest(tx.blobs, bid.ciphertext_sha256))


def note(tx: Tx, case: str, name: str, found: str) -> Payload:
    """Both digests enter the ledger and the hall. {} when the hall has closed meanwhile."""
    row = case_row(tx.session, case)
    opening = opening_of(tx.session, row)
    if opening is None or row.state != "OPENING" or opening.closing_at is not None:
        return {}
    row, step = guard(tx, case, "opening.compare")
    bid, held = tx.session.get_one(Bid, name), tx.session.get_one(Unlock, name)
    tx.session.merge(StoredDigest(bid_id=name, at=tx.now, sha256=found))
    tx.session.flush()
    lock = lock_of(tx.session, bid, held)
    body = {"bid": bid.id, "receipt": lock.receipt, "stored": found, "differs": lock.differs}
    go(tx, row, step, "opening.compared", body)
    tx.publish(f"hall:{case}", "opening.compared", body)
    if tx.now >= opening.window_until:
        jobs.plan(tx.session, tx.now, "opening.close", case)
    return body


@acting("opening.decide", Role.CENTRE, Role.AGENCY)
def decide(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid, cause: bidder | platform, reason}: why a bid could not be unlocked (20号令 art. 31)."""
    fields.only(p, "bid", "cause", "reason")
    row, step = guard(tx, case, "opening.decide")
    open_hall(tx, row)
    bid, held = any_bid(tx, row, p)
    if held.how:
        raise Unusable("bid: it is unlocked")
    cause, reason = fields.choice(p, "cause", ("bidder", "platform")), fields.text(p, "reason", limit=300)
    lock = lock_of(tx.session, bid, held)
    refuse_if(rules.may_blame(lock, cause, book_of(row, tx.now)))
    held.cause, held.reason, held.decided_by, held.decided_at = cause, reason, tx.actor.person, tx.now
    body = {"bid": bid.id, "cause": cause, "reason": reason, "receipt": lock.receipt, "stored": lock.stored}
    go(tx, row, step, "opening.decided", body)
    tx.publish(f"hall:{case}", "opening.decided", {"bid": bid.id, "cause": cause, "reason": reason})
    return {}


def blame_by_rule(tx: Tx, row: Case, held: dict[str, Any]) -> None:
    """At the end of the window: whoever gave no key is taken to have revoked the bid, by E-04, with its article."""
    rule = book_of(row, tx.now)["E-04"]
    for bid, unlock in sorted(held.items()):
        unlock.cause, unlock.decided_at = "bidder", tx.now
        unlock.reason = f"解密时限内未提交解密密钥（{rule.id}，{rule.article}）"
        body = {"bid": bid, "cause": "bidder", "reason": unlock.reason, "rule": rule.id, "article": rule.article}
        tx.record(f"case:{row.id}", "opening.decided", body, case=row.id)
