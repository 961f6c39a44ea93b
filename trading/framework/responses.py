"""Stage one of a closed agreement until the responses are open: handed in sealed, closed at the deadline, unlocked by
their suppliers, opened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import fields, jobs
from core.access import SYSTEM, Role, denied
from core.acts import Acts, Tx
from core.doors import Payload, acting
from core.rules import Refused, refuse_if
from trading.framework import ends, rules, sealed, sheet
from trading.framework.models import Framework, FrameworkMember, FrameworkSealed
from trading.framework.states import book_of, framework_row, go, guard, items_of, members_of, publish
from trading.project.states import trading_org

Opened = dict[str, dict[str, Any]]


def may_respond(tx: Tx, framework: str, act: str) -> Framework:
    """The deadline is asked first, so that late is always called late."""
    row = framework_row(tx.session, framework)
    if row.deadline is not None and row.kind == "closed" and row.state != "TERMINATED":
        refuse_if(rules.in_time(tx.now, row.deadline, book_of(row, tx.now)))
    row, _ = guard(tx, framework, act)
    org = trading_org(tx.session, tx.actor.org)
    if org.id in (row.org_id, row.agency_org):
        raise Refused(denied("FH-OWN", "bidder", org.name))
    if row.parent and any(one.org_id == org.id for one in members_of(tx.session, row.parent, "ACTIVE", "SUSPENDED")):
        raise Refused(book_of(row, tx.now)["FH-TWICE"].breach(org.name, required="-"))
    return row


@acting("framework.respond", Role.BIDDER, signed=True)
def respond(tx: Tx, case: str, p: Payload) -> Payload:
    """{manifest, ciphertext_sha256, size} → {response, version, receipt}: sealed for kind "response", lot = the
    agreement's id, bid = 16 fresh random hex characters."""
    row = may_respond(tx, case, "framework.respond")
    assert row.deadline is not None
    return sealed.hand_in(tx, row.id, p, row.deadline, book_of(row, tx.now))


@acting("framework.withdraw", Role.BIDDER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {response}: one's own version in force, before the deadline."""
    fields.only(p)
    row = may_respond(tx, case, "framework.withdraw")
    assert row.deadline is not None
    return sealed.take_back(tx, row.id, row.deadline, book_of(row, tx.now))


@acting("framework.close")
def close(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: at the deadline. Fewer than the law's least: nothing is opened."""
    row = framework_row(tx.session, case)
    if row.state != "SOLICITED" or row.deadline is None or tx.now < row.deadline:
        return {}
    if ends.waits(tx, row):
        return {"state": row.state, "waits": True}
    row, step = guard(tx, case, "framework.close")
    came = sealed.shelf_of(row.id).live(tx.session)
    short = rules.enough(len(came), book_of(row, tx.now))
    if short:
        fail(tx, row, step, "responses", len(came))
        return {"state": row.state}
    assert row.unlock_until is not None
    jobs.plan(tx.session, row.unlock_until, "framework.open", row.id)
    go(tx, row, step, "framework.closed", {"responses": len(came)}, target="RESPONSES")
    for one in came:
        tx.publish(f"me:{one.person_id}", "framework.unlock", {"framework": row.id})
    return {"state": row.state}


def fail(tx: Tx, row: Framework, step: Any, why: str, count: int) -> None:
    """Ended for want of suppliers, with its notice."""
    short = rules.enough(count, book_of(row, tx.now))
    row.failed_reason = f"{why}: {count}"
    body = {"name": row.name, "why": why, "count": count, "required": short[0].required if short else ""}
    notice = publish(tx, row, "failure", body)
    go(tx, row, step, "framework.failed", {"notice": notice.id, "why": why, "count": count}, target="FAILED")


@acting("framework.unlock", Role.BIDDER, signed=True, keep=False)
def unlock(tx: Tx, case: str, p: Payload) -> Payload:
    """{file_key} (base64) → {all}: when everybody has unlocked, the responses are opened at once."""
    row, _ = guard(tx, case, "framework.unlock")
    assert row.unlock_until is not None
    every = sealed.unlock(tx, row.id, p, row.unlock_until, book_of(row, tx.now))
    if every:
        jobs.plan(tx.session, tx.now, "framework.open", row.id)
    return {"all": every}


# -- opening ----------------------------------------------------------------------------------------------------------


def _due(session: Session, case: str, now: datetime) -> tuple[list[FrameworkSealed], list[str]]:
    """What may be opened now, with the items it must price; nothing while somebody may still unlock."""
    row = session.get(Framework, case)
    if row is None or row.state != "RESPONSES" or row.unlock_until is None:
        return [], []
    rows = sealed.shelf_of(row.id).live(session)
    if now < row.unlock_until and sealed.keyless(rows):
        return [], []
    return rows, [one.id for one in items_of(session, row.id)]


def _read(acts: Acts, rows: list[FrameworkSealed], items: list[str]) -> Opened:
    blobs = acts.house.blobs
    return {one.id: sheet.opened(blobs, one.manifest, one.file_key, items) for one in rows if one.file_key}


@jobs.long("framework.open")
def open_all(acts: Acts, case: str, p: Payload | None = None) -> Payload:
    with acts.reading() as session:
        rows, items = _due(session, case, acts.house.clock.now())
        session.expunge_all()
    if not rows:
        return {}
    found = run_blocking(lambda: _read(acts, rows, items))
    return acts.act(write, SYSTEM, case, found)


@acting("framework.open")
def open_act(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: what `open_all` does, inside one transaction."""
    rows, items = _due(tx.session, case, tx.now)
    found = {one.id: sheet.opened(tx.blobs, one.manifest, one.file_key, items) for one in rows if one.file_key}
    return write(tx, case, found) if rows else {}


def write(tx: Tx, case: str, found: Opened) -> Payload:
    """Who answered is known from here on. What was not unlocked counts as withdrawn and stays sealed."""
    rows, _ = _due(tx.session, case, tx.now)
    if not rows:
        return {}
    row, step = guard(tx, case, "framework.open")
    sound = [one for one in rows if one.id in found]
    for place, one in enumerate(sound, 1):
        one.opened = found[one.id]
        tx.session.add(
            FrameworkMember(framework_id=row.id, org_id=one.org_id, person_id=one.person_id, state="OPENED",
                            number=place, applied_at=one.received_at)
        )  # fmt: skip
    row.opened_at = tx.now
    body: dict[str, Any] = {
        "opened": [{"response": one.id, "org": one.org_id, "items": one.opened["items"],
                    "problem": one.opened["problem"]} for one in sound],
        "kept_sealed": [one.id for one in rows if one.id not in found],
    }  # fmt: skip
    if rules.enough(len(sound), book_of(row, tx.now)):
        fail(tx, row, step, "opened", len(sound))
    else:
        go(tx, row, step, "framework.opened", body, target="OPENED")
    return {"opened": len(sound), "state": row.state}
