"""Bonds by audience and by time. Before the hall opens a bidder sees its own, others none (20号令 art. 21)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import Actor, Role, denied
from core.clock import CST
from core.data import calendar
from core.money import D, plain
from core.rules import Breach, Refused, RuleRow
from trading.bidding.models import Bid, Download
from trading.bond import rules
from trading.bond.facts import Holder, Lodged, Payment, Terms
from trading.bond.models import Arrival, Bond
from trading.opening.models import Unlock
from trading.opening.queries import live_bids, named
from trading.project.facts import in_wan
from trading.project.models import Case, CaseMove, Project
from trading.project.queries import org_names
from trading.project.states import book_of, case_row, procedure_of, stands_as

WAN = Decimal(10000)
DEFAULT_FORMS = ("transfer", "e_guarantee")
PARTIES = frozenset({Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR})
ENDED = ("FAILED", "TERMINATED")


@dataclass(frozen=True)
class Seen:
    """One bidder's side: the newest bond, what came under its reference, the registered basic account."""

    bond: Bond | None
    paid: tuple[Arrival, ...]
    basic: str


def own_book(row: Case, now: datetime) -> Mapping[str, RuleRow]:
    """The rows of this room in force on the announcement date."""
    return rules.RULES.at((row.announced_at or now).astimezone(CST).date(), row.region)


def asked(row: Case) -> bool:
    """Whether the tender file asks for a bond at all."""
    return bool(row.bid_bond) and D(row.bid_bond) > 0


def terms_of(row: Case) -> Terms:
    """What the issued tender file asks; only where a bond is asked."""
    assert row.deadline is not None
    book = book_of(row, row.deadline)
    share, cap = book["R1-13"].value, book.get("R1-13/works")
    assert share is not None
    by_share = in_wan(row.estimate, row.unit) * share / 100
    most = cap.value if cap is not None and cap.value is not None else by_share
    said = f"≤ {plain(most)}万元" if cap is not None and most <= by_share else f"≤ {plain(share)}%"
    return Terms(
        forms=tuple(row.settings.get("bond_forms") or DEFAULT_FORMS),
        required=in_wan(row.bid_bond, row.unit) * WAN,
        cap=min(most, by_share) * WAN,
        cap_said=said,
        deadline=row.deadline,
        valid_until=row.deadline.astimezone(CST).date() + timedelta(days=row.validity_days),
    )


# -- what was lodged and what came ------------------------------------------------------------------------------------


def arrivals(session: Session, bonds: Iterable[Bond], centre: str) -> dict[str, list[Arrival]]:
    """{reference: money that came}; another centre's clerk cannot write into this one's tenders."""
    wanted = [bond.reference for bond in bonds]
    query = select(Arrival).where(Arrival.reference.in_(wanted), Arrival.centre_org.in_(("", centre)))
    found: dict[str, list[Arrival]] = defaultdict(list)
    for one in session.scalars(query.order_by(Arrival.at, Arrival.id)):
        found[one.reference].append(one)
    return found


def seen(session: Session, row: Case, orgs: Iterable[str], *, round: int = 0) -> dict[str, Seen]:
    """{organisation: what is known of its bond} in this round."""
    wanted = list(orgs)
    mine = (Bond.case_id == row.id, Bond.round == (round or row.round), Bond.org_id.in_(wanted))
    newest = {bond.org_id: bond for bond in session.scalars(select(Bond).where(*mine).order_by(Bond.lodged_at))}
    paid = arrivals(session, newest.values(), row.centre_org)
    accounts = {org.id: org.account_hash for org in org_names(session, wanted).values()}
    return {
        org: Seen(newest.get(org), tuple(paid[newest[org].reference]) if org in newest else (), accounts.get(org, ""))
        for org in wanted
    }


def checked(one: Seen, row: Case, now: datetime) -> list[Breach]:
    """A-104 for one bidder."""
    facts = Lodged("")
    if one.bond is not None:
        given, basic = one.bond.guarantee, one.basic
        facts = Lodged(
            form=one.bond.form,
            payments=tuple(Payment(D(a.amount), a.at, basic != "" and a.account_hash == basic) for a in one.paid),
            guaranteed=D(given.get("amount", "0")),
            valid_until=date.fromisoformat(given["valid_until"]) if given else None,
        )
    return rules.conformity(facts, terms_of(row), own_book(row, now), book_of(row, now))


def amount_of(one: Seen) -> str:
    """What stands for the bidder, in yuan: money that came, or the guaranteed sum."""
    if one.bond is None:
        return "0"
    if one.bond.form == "e_guarantee":
        return str(one.bond.guarantee["amount"])
    return plain(sum((D(a.amount) for a in one.paid), Decimal(0)))


def _public(one: Seen, row: Case, now: datetime) -> dict[str, Any]:
    """What everyone in the hall may know: no payer, no account."""
    return {
        "form": one.bond.form if one.bond else "", "amount": amount_of(one),
        "at": (one.paid[0].at if one.paid else one.bond.lodged_at if one.bond and one.bond.guarantee else None),
        "breaches": checked(one, row, now),
    }  # fmt: skip


def of_bids(session: Session, row: Case, now: datetime) -> dict[str, dict[str, Any]]:
    """{bid: {form, amount, at, breaches}} for hall and committee; {} before the names are public, or without a bond."""
    if not (asked(row) and named(row)):
        return {}
    bids = live_bids(session, row)
    found = seen(session, row, (bid.org_id for bid in bids))
    return {bid.id: _public(found[bid.org_id], row, now) for bid in bids}


def shared_payers(session: Session, row: Case) -> list[dict[str, Any]]:
    """C1: bonds of several bids of this lot paid from one account: [{found, bids}]. A sign for people, no verdict."""
    if not (asked(row) and named(row)):
        return []
    bids = live_bids(session, row)
    payers: dict[str, set[str]] = defaultdict(set)
    masks: dict[str, str] = {}
    found = seen(session, row, (bid.org_id for bid in bids))
    for bid in bids:
        for one in found[bid.org_id].paid:
            payers[one.account_hash].add(bid.id)
            masks[one.account_hash] = one.account_masked
    return [
        {"found": masks[key], "bids": sorted(payers[key])} for key in sorted(payers) if len(payers[key]) > 1
    ]  # fmt: skip


# -- when it must go back ---------------------------------------------------------------------------------------------


def moved_at(session: Session, case: str, round: int, *targets: str) -> datetime | None:
    """When the case first came to one of these states in that round."""
    query = select(CaseMove.at).where(CaseMove.case_id == case, CaseMove.round == round, CaseMove.target.in_(targets))
    return session.scalar(query.order_by(CaseMove.position).limit(1))


def _bid_of(session: Session, bond: Bond) -> Bid | None:
    """The holder's newest bid of that round."""
    mine = (Bid.case_id == bond.case_id, Bid.round == bond.round, Bid.org_id == bond.org_id)
    return session.scalar(select(Bid).where(*mine).order_by(Bid.version.desc()).limit(1))


def owed_since(session: Session, row: Case, bond: Bond, now: datetime) -> tuple[str, datetime | None]:
    """(why, from when) a bond is owed back: withdrawn, ended or contract; ("", None) while nothing asks for it."""
    ended = moved_at(session, row.id, bond.round, *ENDED)
    if ended is not None:
        return "ended", ended
    bid = _bid_of(session, bond)
    if bid is None or bid.state != "received":
        if bid is not None and bid.ended_at is not None:
            return "withdrawn", bid.ended_at
        over = row.deadline is not None and row.state != "ANNOUNCED" and now >= row.deadline
        return ("withdrawn", row.deadline) if over else ("", None)
    won = bond.round == row.round and row.winner_bid == bid.id
    since = moved_at(session, row.id, bond.round, back_from(row, won=won))
    return ("contract", since) if since else ("", None)


def back_from(row: Case, *, won: bool) -> str:
    """The state from which a bond of a bid in force is owed back."""
    losers: str = procedure_of(row).fields.LOSERS_BACK
    return "CONTRACTED" if won else losers


def due_of(row: Case, since: datetime, now: datetime) -> date:
    return rules.return_due(since.astimezone(CST).date(), book_of(row, now), calendar()).date


def holder_of(session: Session, row: Case, bond: Bond) -> Holder:
    bid = _bid_of(session, bond)
    live = bid is not None and bid.state == "received" and row.state != "ANNOUNCED"
    unlock = session.get(Unlock, bid.id) if bid is not None else None
    won = bid is not None and bool(row.winner_bid) and row.winner_bid == bid.id
    return Holder(bond.state, row.state, live, won, unlock is not None and unlock.cause == "bidder")


# -- pages ------------------------------------------------------------------------------------------------------------


def own(session: Session, case: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """A bidder's own bond: {asked, required, forms, account, deadline, open, bond, paid, breaches, owed, due}."""
    row = case_row(session, case)
    if not asked(row) or row.deadline is None or row.announced_at is None or Role.BIDDER not in stands_as(row, actor):
        return {"asked": False}
    terms, mine = terms_of(row), seen(session, row, [actor.org])[actor.org]
    why, since = owed_since(session, row, mine.bond, now) if mine.bond else ("", None)
    return {
        "asked": True, "case": case, "required": plain(terms.required), "forms": list(terms.forms),
        "account": row.settings.get("bond_account", ""), "deadline": row.deadline, "valid_until": terms.valid_until,
        "open": row.state == "ANNOUNCED" and now < row.deadline, "bond": _bond(mine.bond) if mine.bond else None,
        "paid": [_money(one) for one in mine.paid], "breaches": checked(mine, row, now), "owed": why,
        "due": due_of(row, since, now) if since else None, "basic": bool(mine.basic),
    }  # fmt: skip


def _bond(bond: Bond) -> dict[str, Any]:
    keys = ("id", "form", "reference", "lodged_at", "guarantee", "state", "settled_at", "principal", "interest",
            "working", "returned_at", "bank_ref", "ground", "reason")  # fmt: skip
    return {key: getattr(bond, key) for key in keys}


def _money(one: Arrival) -> dict[str, Any]:
    return {"amount": one.amount, "at": one.at, "payer": one.payer, "account": one.account_masked,
            "bank_ref": one.bank_ref}  # fmt: skip


def table(session: Session, case: str, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """For the case's parties and supervisors, once names are public: one row a bid with its bond, check and return.

    A row: {number, bid, org_name, bond, paid, amount, breaches, owed, due, overdue, returnable, winner}.
    """
    row = case_row(session, case)
    if not stands_as(row, actor) & PARTIES:
        raise Refused(denied("ACCESS", "a party of this case", actor.org_name or "-"))
    if not (asked(row) and named(row)):
        return []
    bids = live_bids(session, row)
    orgs, found = org_names(session, (b.org_id for b in bids)), seen(session, row, (b.org_id for b in bids))
    since = {won: moved_at(session, row.id, row.round, back_from(row, won=won)) for won in (True, False)}
    ends = {won: due_of(row, at, now) if at else None for won, at in since.items()}
    book, today = own_book(row, now), now.astimezone(CST).date()
    rows = []
    for place, bid in enumerate(bids, 1):
        one, won = found[bid.org_id], row.winner_bid == bid.id
        holder = Holder(one.bond.state, row.state, True, won, False) if one.bond else None
        open_, due = one.bond is not None and one.bond.state in ("lodged", "returning"), ends[won]
        rows.append(
            _public(one, row, now) | {
                "number": place, "bid": bid.id, "org_name": orgs[bid.org_id].name, "winner": won,
                "bond": _bond(one.bond) if one.bond else None, "paid": [_money(a) for a in one.paid],
                "due": due if open_ else None,
                "overdue": rules.overdue(due, today, book_of(row, now)) if due and open_ else [],
                "returnable": holder is not None and not rules.may_return(holder, book),
            }
        )  # fmt: skip
    return rows


def _shown_cases(session: Session, centre: str, references: list[str]) -> dict[str, dict[str, str]]:
    """{reference: {case, org_name}} for tenders of this centre whose names are public."""
    query = select(Bond, Case, Org.name).join(Case, Case.id == Bond.case_id).join(Org, Org.id == Bond.org_id)
    rows = session.execute(query.where(Bond.reference.in_(references), Case.centre_org == centre))
    found = {}
    for bond, case, name in rows:
        bid = _bid_of(session, bond) if named(case) and bond.round == case.round else None
        if bid is not None and bid.state == "received":
            found[bond.reference] = {"case": case.id, "org_name": name}
    return found


def cashier(session: Session, actor: Actor, *, limit: int = 200) -> list[dict[str, Any]]:
    """What the own clerks wrote down, newest first: reference, amount and time; whose it is only after the opening.

    Also lines of the feed whose reference nobody can read: they belong to nobody until a clerk has found out.
    """
    mine = and_(Arrival.centre_org == actor.org, Arrival.centre_org != "")
    query = select(Arrival).where(or_(mine, Arrival.reference.startswith("?")))
    rows = list(session.scalars(query.order_by(Arrival.recorded_at.desc(), Arrival.id).limit(limit)))
    known = _shown_cases(session, actor.org, [one.reference for one in rows])
    return [
        {"reference": a.reference, "amount": a.amount, "at": a.at, "bank_ref": a.bank_ref, "recorded_at": a.recorded_at}
        | known.get(a.reference, {"case": "", "org_name": ""})
        for a in rows
    ]  # fmt: skip


def orders(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Returns that a clerk of this centre must carry out at the counter: by reference, without a name or a case."""
    query = select(Bond).join(Case, Case.id == Bond.case_id)
    query = query.where(Bond.state == "returning", Case.centre_org == actor.org).order_by(Bond.settled_at, Bond.id)
    keys = ("id", "reference", "principal", "interest", "settled_at", "form")
    return [{key: getattr(bond, key) for key in keys} for bond in session.scalars(query)]


def guarantee(session: Session, case: str, bond_id: str, actor: Actor) -> str:
    """SHA-256 of a guarantee's PDF for a party of the case once names are public, "" for anyone else."""
    row, bond = case_row(session, case), session.get(Bond, bond_id)
    if bond is None or bond.case_id != row.id or bond.round != row.round or not bond.guarantee or not named(row):
        return ""
    if not stands_as(row, actor) & PARTIES or not holder_of(session, row, bond).bid:
        return ""
    return str(bond.guarantee["sha256"])


# -- workbench --------------------------------------------------------------------------------------------------------


def to_lodge(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Tenders whose file the bidder took and whose bond it has not lodged: [{case, name, deadline}]."""
    if not (actor.org and actor.has(Role.BIDDER)):
        return []
    took = exists().where(Download.case_id == Case.id, Download.round == Case.round, Download.org_id == actor.org)
    has = exists().where(Bond.case_id == Case.id, Bond.round == Case.round, Bond.org_id == actor.org,
                         Bond.state == "lodged")  # fmt: skip
    query = select(Case, Project.name).join(Project, Project.id == Case.project_id)
    open_ = (Case.state == "ANNOUNCED", Case.deadline > now, Case.bid_bond.not_in(("", "0")))
    rows = session.execute(query.where(*open_, took, ~has).order_by(Case.deadline).limit(20))
    return [{"case": case.id, "name": name, "deadline": case.deadline} for case, name in rows]


def to_return(session: Session, actor: Actor, now: datetime) -> list[dict[str, Any]]:
    """Own tenders with a contract and bonds still held: [{case, name, count, due}], for tenderer and centre."""
    if not (actor.org and actor.has(Role.TENDERER, Role.CENTRE)):
        return []
    live = exists().where(Bid.case_id == Bond.case_id, Bid.round == Bond.round, Bid.org_id == Bond.org_id,
                          Bid.state == "received")  # fmt: skip
    held = (Bond.state == "lodged", Bond.round == Case.round, Case.state.in_(rules.AFTER_CONTRACT), live)
    mine = or_(Case.tenderer_org == actor.org, Case.centre_org == actor.org)
    query = select(Case, Project.name, func.count()).select_from(Bond).join(Case, Case.id == Bond.case_id)
    query = query.join(Project, Project.id == Case.project_id).where(*held, mine).group_by(Case.id).limit(50)
    found = []
    for case, name, count in session.execute(query):
        since = moved_at(session, case.id, case.round, back_from(case, won=False))
        if since is not None:
            found.append({"case": case.id, "name": name, "count": count, "due": due_of(case, since, now)})
    return found
