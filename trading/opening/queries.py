"""The hall by audience and by time; plain data for evaluation. Nobody but the bidder sees a bid before the opening."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy import case as case_when
from sqlalchemy.orm import Session

from accounts.models import Org, Person
from core.access import Actor, Role
from core.amounts import capital, spoken
from core.rules import Breach
from trading.bidding import rules as bidding_rules
from trading.bidding.facts import Bidder
from trading.bidding.models import Bid, SealedReference
from trading.document.facts import factor_set
from trading.opening import rules
from trading.opening.facts import SIGN_IN, Hall, Lock, SignInTime, sign_in_time
from trading.opening.models import (
    DrawnFactor,
    OpenedBid,
    Opening,
    OpeningObjection,
    OpeningPause,
    SignIn,
    StoredDigest,
    Unlock,
    UnlockFailure,
)
from trading.project.models import Case, Project
from trading.project.queries import blocked_by, org_names
from trading.project.states import book_of, case_row, stands_as


def live_bids(session: Session, row: Case) -> list[Bid]:
    """Bids in force, in the order of receipt: the order of the opening (only for what acts after the deadline)."""
    query = select(Bid).where(Bid.case_id == row.id, Bid.round == row.round, Bid.state == "received")
    return list(session.scalars(query.order_by(Bid.received_at, Bid.id)))


def named(row: Case) -> bool:
    """Names are public while the hall is open and once prices are out; never after an opening that failed."""
    return row.state == "OPENING" or row.opened_at is not None


def opening_of(session: Session, row: Case) -> Opening | None:
    return session.get(Opening, (row.id, row.round))


def pause_of(session: Session, row: Case) -> OpeningPause | None:
    """The pause in which the hall stands now."""
    mine = (OpeningPause.case_id == row.id, OpeningPause.round == row.round, OpeningPause.resumed_at.is_(None))
    return session.scalar(select(OpeningPause).where(*mine).limit(1))


def pauses(session: Session, row: Case) -> list[OpeningPause]:
    query = select(OpeningPause).where(OpeningPause.case_id == row.id, OpeningPause.round == row.round)
    return list(session.scalars(query.order_by(OpeningPause.at, OpeningPause.id)))


def factor(session: Session, row: Case) -> dict[str, Any] | None:
    """The coefficient where the tender file has several: {set, draw, value, document}, "" what is not."""
    told = factor_set(row.evaluation)
    if not told:
        return None
    drawn = session.get(DrawnFactor, (row.id, row.round))
    if drawn is None:
        return {"set": told, "draw": "", "value": "", "document": ""}
    return {"set": told, "draw": drawn.draw_id, "value": drawn.value, "document": drawn.document_id}


def schedule(row: Case) -> SignInTime:
    """When bidders may sign in, as the tender file says; after an outage its end counts from the decision to go on."""
    assert row.deadline is not None
    before, after = (int(row.settings.get(key, SIGN_IN[key])) for key in ("signin_before", "signin_after"))
    return sign_in_time(row.deadline, before, after, row.attend_from)


def present(session: Session, row: Case) -> dict[str, SignIn]:
    """{live bid: sign-in of its organisation}; a bidder who replaced the bid after signing in is present still."""
    mine = (Bid.case_id == row.id, Bid.round == row.round)
    signed = session.execute(select(Bid.org_id, SignIn).join(SignIn, SignIn.bid_id == Bid.id).where(*mine))
    by_org: dict[str, SignIn] = {}
    for org, one in signed:
        by_org[org] = min(by_org.get(org, one), one, key=lambda each: each.at)
    live = session.execute(select(Bid.id, Bid.org_id).where(*mine, Bid.state == "received"))
    return {bid: by_org[org] for bid, org in live if org in by_org}


def attendance(session: Session, row: Case) -> int:
    """How many bidders with a live bid signed in in time."""
    return sum(one.at < schedule(row).until for one in present(session, row).values())


def lock_of(session: Session, bid: Bid, held: Unlock) -> Lock:
    stored = session.get(StoredDigest, bid.id)
    return _lock(bid.id, held, bid.receipt, bid.ciphertext_sha256, stored)


def _lock(bid: str, held: Unlock, receipt: Mapping[str, Any], accepted: str, stored: StoredDigest | None) -> Lock:
    wanted = str(receipt.get("ciphertext_sha256", ""))
    found = stored.sha256 if stored else ""
    return Lock(bid, bool(held.how), held.cause, stored is not None, wanted, accepted, found)


def _live(row: Case) -> tuple[ColumnElement[bool], ...]:
    return Bid.case_id == row.id, Bid.round == row.round, Bid.state == "received"


def hall_facts(session: Session, row: Case, opening: Opening) -> Hall:
    query = (
        select(Bid.id, Bid.receipt, Bid.ciphertext_sha256, Unlock, StoredDigest)
        .join(Unlock, Unlock.bid_id == Bid.id)
        .outerjoin(StoredDigest, StoredDigest.bid_id == Bid.id)
    )
    locks = tuple(
        _lock(bid, held, receipt, accepted, stored)
        for bid, receipt, accepted, held, stored in session.execute(query.where(*_live(row)))
    )
    sealed = session.get(SealedReference, (row.id, row.round)) is not None
    fallback = bool(row.settings.get("custodians"))
    return Hall(locks, opening.window_until, fallback, sealed and not opening.reference_key)


def hall(session: Session, case: str, actor: Actor, now: datetime, *, rows: bool = True) -> dict[str, Any]:
    """The hall as this actor may see it now. Prices stand in it only when all come out.

    A row: {number, bid, org, org_name, received_at, signed_in_at, status, unlocked_at, how, cause, reason, failures,
    what} and, once opened, {price, words, say, duration_days, quality, manager, flags, problem}. Status: sealed,
    trying (an attempt failed, another may follow), unlocked, failed, opened. `rows` is empty before the opening begins
    and after one that failed. `own` is the actor's own bid, `own_signed_in_at` its sign-in, `own_state` how far it is.
    `troubles` are the bids whose digests are shown, `pause` the one the hall stands in, `counts` of rows that are
    present, unlocked and all.
    """
    row = case_row(session, case)
    opening = opening_of(session, row)
    project = session.get_one(Project, row.project_id)
    time, pause = schedule(row) if row.deadline else None, pause_of(session, row)
    base: dict[str, Any] = {
        "case": row.id, "name": project.name, "lot": row.lot_name, "lot_code": row.lot_code, "state": row.state,
        "unit": row.unit, "ceiling": row.ceiling, "deadline": row.deadline, "failed_reason": row.failed_reason,
        "signin_from": time and time.opens, "signin_until": time and time.until,
        "began_at": opening.began_at if opening else None, "closed_at": opening.closed_at if opening else None,
        "window_until": opening.window_until if opening else None, "reference": opening.reference if opening else "",
        "document": opening.document_id if opening else "",
        "sign_until": opening.sign_until if opening else None,
        "published_at": opening.published_at if opening else None, "withheld": opening.withheld if opening else "",
        "factor": factor(session, row),
        "pause": pause and {"at": pause.at, "reason": pause.reason, "role": pause.role},
    }  # fmt: skip
    base["own"] = own_bid(session, row, actor)
    base["own_signed_in_at"] = _own_sign_in(session, row, actor) if base["own"] else None
    base["own_state"] = _own_state(session, base["own"]) if base["own"] else None
    shown = named(row)
    listed = read_rows(session, row) if shown and rows else []
    base["counts"] = _counts(session, row) if shown else None
    base["rows"] = listed
    base["troubles"] = troubles(session, row) if shown else []
    base["objections"] = _objections(session, row) if shown else []
    return base


def own_bid(session: Session, row: Case, actor: Actor) -> str:
    """The id of the actor's live bid, "" without one."""
    if Role.BIDDER not in stands_as(row, actor):
        return ""
    return session.scalar(select(Bid.id).where(*_live(row), Bid.org_id == actor.org)) or ""


def _own_sign_in(session: Session, row: Case, actor: Actor) -> datetime | None:
    query = select(func.min(SignIn.at)).join(Bid, Bid.id == SignIn.bid_id)
    return session.scalar(query.where(Bid.case_id == row.id, Bid.round == row.round, Bid.org_id == actor.org))


def _own_state(session: Session, bid: str) -> dict[str, Any]:
    tried = select(UnlockFailure).where(UnlockFailure.bid_id == bid).order_by(UnlockFailure.at)
    return _state(session.get(Unlock, bid), list(session.scalars(tried)))


def _counts(session: Session, row: Case) -> dict[str, int]:
    query = select(func.count(Bid.id), func.sum(case_when((Unlock.how != "", 1), else_=0)))
    everyone, unlocked = session.execute(query.join(Unlock, Unlock.bid_id == Bid.id).where(*_live(row))).one()
    return {"all": everyone, "unlocked": unlocked or 0, "present": len(present(session, row))}


def read_rows(session: Session, row: Case) -> list[dict[str, Any]]:
    """The table of the hall in the order of receipt: four questions, however many bidders."""
    query = (
        select(Bid.id, Bid.org_id, Bid.received_at, Org.name, Unlock, OpenedBid)
        .join(Org, Org.id == Bid.org_id)
        .outerjoin(Unlock, Unlock.bid_id == Bid.id)
        .outerjoin(OpenedBid, OpenedBid.bid_id == Bid.id)
        .where(*_live(row))
        .order_by(Bid.received_at, Bid.id)
    )
    signed, tried = present(session, row), _failures(session, row)
    found = []
    for number, (bid, org, at, name, unlock, opened) in enumerate(session.execute(query), 1):
        entry: dict[str, Any] = {
            "number": number, "bid": bid, "org": org, "org_name": name, "received_at": at,
            "signed_in_at": signed[bid].at if bid in signed else None,
        }  # fmt: skip
        found.append(entry | _state(unlock, tried.get(bid, [])) | _reading(entry, opened, row.unit))
    return found


def _failures(session: Session, row: Case) -> dict[str, list[UnlockFailure]]:
    query = select(UnlockFailure).join(Bid, Bid.id == UnlockFailure.bid_id).where(*_live(row))
    found: dict[str, list[UnlockFailure]] = {}
    for one in session.scalars(query.order_by(UnlockFailure.at, UnlockFailure.id)):
        found.setdefault(one.bid_id, []).append(one)
    return found


def _state(unlock: Unlock | None, tried: list[UnlockFailure]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "status": "sealed", "unlocked_at": None, "how": "", "cause": "", "reason": "", "failures": len(tried),
        "what": tried[-1].what if tried else "",
    }  # fmt: skip
    if unlock is None:
        return found
    keys = ("how", "cause", "reason")
    found |= {"unlocked_at": unlock.at} | {key: getattr(unlock, key) for key in keys}
    status = "unlocked" if unlock.how else "failed" if unlock.cause else "trying" if tried else "sealed"
    return found | {"status": status}


def _reading(entry: dict[str, Any], opened: OpenedBid | None, unit: str) -> dict[str, Any]:
    if opened is None:
        return {"price": "", "words": "", "say": "", "duration_days": None, "quality": "", "manager": {}, "problem": ""}
    keys = ("price", "duration_days", "quality", "manager", "flags", "problem")
    found = {key: getattr(opened, key) for key in keys}
    say = said(entry["number"], entry["org_name"], opened.price, unit, opened.duration_days)
    return {"status": "opened", "words": words_of(opened.price, unit), "say": say} | found


def words_of(price: str, unit: str) -> str:
    """人民币大写 of a price, "" where it has none."""
    return capital(price, unit) if price else ""


def said(number: int, name: str, price: str, unit: str, days: int | None) -> str:
    """What is read out of one bid; always in Chinese, the language of the opening."""
    if not price:
        return f"第{spoken(str(number))}号，{name}，未能唱标。"
    days_said = f"，工期{spoken(str(days))}日历天" if days is not None else ""
    return f"第{spoken(str(number))}号，{name}，投标报价{spoken(price)}{unit}{days_said}。"


def troubles(session: Session, row: Case) -> list[dict[str, Any]]:
    """Bids that would not open or whose file was looked at: their digests and whose fault these speak for.

    {bid, org_name, receipt, stored, compared_at, differs, proposed, tries: [{at, what, digest}], cause, reason, how}.
    """
    tried = _failures(session, row)
    query = (
        select(Bid, Org.name, Unlock, StoredDigest)
        .join(Org, Org.id == Bid.org_id)
        .join(Unlock, Unlock.bid_id == Bid.id)
        .outerjoin(StoredDigest, StoredDigest.bid_id == Bid.id)
        .where(*_live(row), or_(StoredDigest.bid_id.is_not(None), Unlock.cause != "", Bid.id.in_(list(tried))))
        .order_by(Bid.received_at, Bid.id)
    )
    found = []
    for bid, name, held, stored in session.execute(query):
        lock = _lock(bid.id, held, bid.receipt, bid.ciphertext_sha256, stored)
        found.append(
            {
                "bid": bid.id, "org_name": name, "receipt": lock.receipt, "stored": lock.stored,
                "compared_at": stored.at if stored else None, "differs": lock.differs, "proposed": lock.proposed,
                "cause": held.cause, "reason": held.reason, "how": held.how,
                "tries": [{"at": o.at, "what": o.what, "digest": o.digest} for o in tried.get(bid.id, [])],
            }
        )  # fmt: skip
    return found


def _objections(session: Session, row: Case) -> list[dict[str, Any]]:
    query = (
        select(OpeningObjection, Org.name)
        .join(Bid, Bid.id == OpeningObjection.bid_id)
        .join(Org, Org.id == Bid.org_id)
        .where(OpeningObjection.case_id == row.id, OpeningObjection.round == row.round)
    )
    keys = ("id", "bid_id", "text", "at", "answer", "answered_at")
    found = session.execute(query.order_by(OpeningObjection.at, OpeningObjection.id))
    return [{key: getattr(o, key) for key in keys} | {"org_name": name} for o, name in found]


def halls(session: Session, *, limit: int = 50) -> list[dict[str, Any]]:
    """Openings that wait or run: [{case, name, lot, state, deadline}], the next first; no counts."""
    query = select(Case, Project).join(Project, Project.id == Case.project_id)
    query = query.where(Case.state.in_(("SEALED", "OPENING"))).order_by(Case.deadline, Case.id).limit(limit)
    return [
        {"case": case.id, "name": project.name, "lot": case.lot_name, "state": case.state, "deadline": case.deadline}
        for case, project in session.execute(query)
    ]


def waiting_for(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Halls in which this bidder has something to do now: [{case, name, act: signin | unlock, due}]."""
    if not actor.has(Role.BIDDER) or not actor.org:
        return []
    query = (
        select(Case, Project.name, Bid.id, Unlock.how, Opening.window_until)
        .join(Project, Project.id == Case.project_id)
        .join(Bid, and_(Bid.case_id == Case.id, Bid.round == Case.round, Bid.state == "received"))
        .outerjoin(Unlock, Unlock.bid_id == Bid.id)
        .outerjoin(Opening, and_(Opening.case_id == Case.id, Opening.round == Case.round))
        .where(Bid.org_id == actor.org, Case.state.in_(("ANNOUNCED", "SEALED", "OPENING")))
    )
    found = []
    for row, name, _, how, until in session.execute(query):
        if row.state == "OPENING":
            entry = {"act": "unlock", "due": until} if not how and now < until else None
        else:
            open_now = schedule(row).opens <= now < schedule(row).until
            entry = {"act": "signin", "due": schedule(row).until} if open_now else None
            entry = None if entry and _own_sign_in(session, row, actor) else entry
        if entry:
            found.append({"case": row.id, "name": name} | entry)
    return found


def opened_bids(session: Session, case: str) -> list[dict[str, Any]]:
    """What evaluation gets, in opening order: [{id, bid, number, org, org_name, uscc, price, duration_days, quality,
    manager, flags, pdf_sha256, sheet_sha256, attachments, readable, problem, findings, brands, small}]. `price` is ""
    when unreadable, and the corrected one once a sealed report says so; `findings` counts those of `contents_of`."""
    row = case_row(session, case)
    query = select(OpenedBid).where(OpenedBid.case_id == case, OpenedBid.round == row.round)
    found = list(session.scalars(query.order_by(OpenedBid.number)))
    orgs = org_names(session, (o.org_id for o in found))
    corrected = row.result.get("corrected") or {}
    keys = (
        "number", "price", "duration_days", "quality", "manager", "flags", "pdf_sha256", "sheet_sha256", "attachments",
        "problem", "findings", "brands", "small",
    )  # fmt: skip
    return [
        {"id": o.bid_id, "bid": o.bid_id, "org": o.org_id, "org_name": orgs[o.org_id].name, "uscc": orgs[o.org_id].uscc,
         "readable": bool(o.price)} | {key: getattr(o, key) for key in keys}
        | ({"price": corrected[o.bid_id]} if o.bid_id in corrected else {})
        for o in found
    ]  # fmt: skip


def contents_of(session: Session, bid: str) -> dict[str, Any]:
    """What was found of an opened bid's parts and priced bill (trading.bidding.contents.judged)."""
    return dict(session.scalar(select(OpenedBid.contents).where(OpenedBid.bid_id == bid)) or {})


def avoid_list(session: Session, case: str) -> dict[str, list[str]]:
    """{usccs: of all bidders in force, persons: ID hashes of the people of bidders, tenderer and agency}.

    For the draw alone: names of bidders stay hidden from whoever runs it.
    """
    row = case_row(session, case)
    bidders = [bid.org_id for bid in live_bids(session, row)]
    usccs = session.scalars(select(Org.uscc).where(Org.id.in_(bidders)).order_by(Org.uscc))
    sides = [*bidders, *(org for org in (row.tenderer_org, row.agency_org) if org)]
    people = session.scalars(select(Person.id_hash).where(Person.org_id.in_(sides)).order_by(Person.id_hash))
    return {"usccs": list(usccs), "persons": list(people)}


def related_bidders(session: Session, case: str) -> list[Breach]:
    """R1-36 for the committee, from what is registered; only after the opening."""
    row = case_row(session, case)
    if row.opened_at is None:
        return []
    orgs = org_names(session, [row.tenderer_org, *(bid.org_id for bid in live_bids(session, row))])
    facts = {org: Bidder(org, one.uscc, one.legal_person) for org, one in orgs.items()}
    tenderer = facts.pop(row.tenderer_org)
    return bidding_rules.related(list(facts.values()), tenderer, book_of(row, row.opened_at))


@blocked_by("opening.close")
def _close_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    opening, pause = opening_of(session, row), pause_of(session, row)
    assert opening is not None
    book = book_of(row, now)
    held = rules.going_on(pause.role if pause else "", book)
    return [*held, *rules.may_close(hall_facts(session, row, opening), now, book)]


@blocked_by("opening.unlock")
def _unlock_blocked(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    opening, pause = opening_of(session, row), pause_of(session, row)
    assert opening is not None
    book = book_of(row, now)
    held = rules.going_on(pause.role if pause else "", book)
    return held or rules.in_window(opening.window_until, now, book)
