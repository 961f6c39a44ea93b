"""What each reader sees of a request. Before its end nobody but a supplier itself sees that supplier's quote, nor
whether there is any; afterwards its parties see them all, and everybody the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.doors import Payload, asking
from core.faults import Unusable
from trading.buying.queries import PAGE, place_of
from trading.buying.quotes import actions, filing, rules
from trading.buying.quotes.filing import invited
from trading.buying.quotes.guards import lines_of, request_row, role_of, shelf_of, why_not
from trading.buying.quotes.models import Quote, QuoteInvite, QuoteRequest, QuoteShare
from trading.deadline import ends
from trading.mall.filing import papers as filed_papers
from trading.project.queries import org_names

SHUT = ("QUOTING", "CANCELLED")  # who quoted is nobody's
OPEN = ("OPENING", "COMPARED", "SELECTED", "ORDERED", "FAILED")
WATCHERS = (Role.REGULATOR, Role.AUDITOR, Role.CENTRE)


def listing(
    session: Session, actor: Actor, *, own: bool = False, invited: bool = False, state: str = "", after: str = ""
) -> tuple[list[dict[str, Any]], str]:
    """([{row, org_name}] newest first, place of the next page or ""); `own` a buyer's, `invited` a supplier's."""
    query = select(QuoteRequest).order_by(QuoteRequest.published_at.desc(), QuoteRequest.id.desc())
    if own:
        query = query.where(QuoteRequest.org_id == actor.org)
    if invited:
        mine = (QuoteInvite.request_id == QuoteRequest.id, QuoteInvite.org_id == actor.org)
        query = query.join(QuoteInvite, and_(*mine))
    if state:
        query = query.where(QuoteRequest.state == state)
    if after:
        at, _, key = after.partition("~")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise Unusable("after: a place in the list is expected") from None
        earlier = and_(QuoteRequest.published_at == moment, QuoteRequest.id < key)
        query = query.where(or_(QuoteRequest.published_at < moment, earlier))
    rows = list(session.scalars(query.limit(PAGE + 1)))
    names = org_names(session, (row.org_id for row in rows))
    more = place_of(rows[PAGE - 1].published_at, rows[PAGE - 1].id) if len(rows) > PAGE else ""
    return [{"row": row, "org_name": names[row.org_id].name} for row in rows[:PAGE]], more


def party(session: Session, row: QuoteRequest, actor: Actor) -> str:
    """buyer, custodian, watcher, supplier (who quoted), or "" for everybody else."""
    if row.org_id == actor.org and actor.has(Role.TENDERER):
        return "buyer"
    if role_of(row, actor):
        return "custodian"
    if actor.has(*WATCHERS):
        return "watcher"
    return "supplier" if actor.has(Role.BIDDER) and shelf_of(row.id).of(session, actor.org) else ""


def sees_table(row: QuoteRequest, who: str) -> bool:
    """The comparison, once there is one; who quoted learns of the others with the result."""
    if row.compared_at is None:
        return False
    return who in ("buyer", "custodian", "watcher") or (who == "supplier" and row.settled_at is not None)


def view(session: Session, request: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """{row, org_name, lines, party, invited, quotes, own, versions, reason_not, key_role, shut}; see the module."""
    row = request_row(session, request)
    who = party(session, row, actor)
    quotes = shelf_of(row.id).live(session) if row.state not in SHUT and row.window_until is not None else []
    table = sees_table(row, who)
    names = org_names(session, [row.org_id, *(one.org_id for one in quotes)])
    shown = _table(row, quotes, names) if table else []
    return {
        "row": row, "org_name": names[row.org_id].name, "lines": lines_of(session, row.id), "party": who,
        "invited": invited(session, row.id) if who == "buyer" or (table and row.settled_at) else [], "quotes": shown,
        "waiting": _locks(session, quotes, names) if who in ("buyer", "custodian", "watcher") and not table else [],
        "own": shelf_of(row.id).of(session, actor.org) if actor.has(Role.BIDDER) else None,
        "versions": shelf_of(row.id).versions(session, actor.org) if actor.has(Role.BIDDER) else [],
        "reason_not": why_not(session, row, actor) if actor.has(Role.BIDDER) else "",
        "share": role_of(row, actor), "breaks": ends.breaks(session, row.id), "papers": papers(session, row, actor),
    }  # fmt: skip


def papers(session: Session, row: QuoteRequest, actor: Actor) -> list[dict[str, Any]]:
    """What this reader may open of the file, as it may read the page: the invitation of an open request is everybody's,
    one to invited suppliers theirs; the result is for those who see the comparison. The buyer alone reads what is not
    signed yet."""
    who = party(session, row, actor)
    inner = who in ("buyer", "custodian", "watcher")
    asked = row.to_whom != "suppliers" or (
        actor.has(Role.BIDDER) and session.get(QuoteInvite, (row.id, actor.org)) is not None
    )
    kinds = ((filing.INVITATION,) if inner or asked else ()) + ((filing.RESULT,) if inner or who == "supplier" else ())
    return filed_papers(session, row.id, kinds, all_of_them=who == "buyer") if kinds else []


def _table(row: QuoteRequest, quotes: list[Quote], names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ranked ones first, then those out of the comparison with the reason."""
    order = rules.ranked(actions.compared(row, quotes), row.deduction)
    place = {one.id: n for n, one in enumerate(order, 1)}
    tied = {*rules.tied(order, row.deduction), *([order[0].id] if rules.tied(order, row.deduction) else [])}
    found = [
        {
            "quote": one, "org_name": names[one.org_id].name, "place": place.get(one.id), "tied": one.id in tied,
            "evaluated": None if one.total is None else
            rules.evaluated(one.total, bool(one.read.get("small_firm")), row.deduction),
        }
        for one in quotes
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one["place"] is None, one["place"] or 0, one["org_name"]))


def _locks(session: Session, quotes: list[Quote], names: Mapping[str, Any]) -> list[dict[str, Any]]:
    """After the end, before the comparison: who is unlocked, and whose shares were released."""
    shares: dict[str, list[str]] = {}
    for one in session.scalars(select(QuoteShare).where(QuoteShare.quote_id.in_([quote.id for quote in quotes]))):
        shares.setdefault(one.quote_id, []).append(one.role)
    return [{"quote": one, "org_name": names[one.org_id].name, "shares": sorted(shares.get(one.id, []))}
            for one in quotes]  # fmt: skip


def sealing(row: QuoteRequest) -> dict[str, Any]:
    """What a page, or the offline tool, seals for."""
    return {"kind": "quote", "lot": row.id, "custodians": {role: one["spki"] for role, one in row.custodians.items()}}


@asking("quote.desk", Role.BIDDER)
def ask_desk(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {state, ends_at, sealing, custodians, lines, versions, reason_not} for a supplier."""
    row = request_row(session, case)
    return {
        "state": row.state, "ends_at": row.ends_at.isoformat(), "sealing": sealing(row),
        "lines": [{"position": one.position, "name": one.name, "quantity": one.quantity}
                  for one in lines_of(session, case)],
        "versions": [{"quote": one.id, "version": one.version, "state": one.state, "receipt": one.receipt}
                     for one in shelf_of(case).versions(session, actor.org)],
        "reason_not": why_not(session, row, actor),
    }  # fmt: skip


@asking("quote.result", Role.PUBLIC)
def ask_result(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{} → {state, ends_at, result, reason}: what everybody may know."""
    row = request_row(session, case)
    over = row.settled_at is not None
    return {"state": row.state, "ends_at": row.ends_at.isoformat(), "result": row.result if over else {},
            "reason": row.reason if over else ""}  # fmt: skip


# -- what is to be done -----------------------------------------------------------------------------------------------


def to_settle(session: Session, actor: Actor) -> list[QuoteRequest]:
    """A buyer's requests that wait to be compared and selected."""
    mine = select(QuoteRequest).where(QuoteRequest.org_id == actor.org, QuoteRequest.state == "COMPARED")
    return list(session.scalars(mine.order_by(QuoteRequest.compared_at).limit(20)))


def to_quote(session: Session, actor: Actor, now: datetime) -> list[QuoteRequest]:
    """Invitations that this supplier has not answered yet."""
    query = select(QuoteRequest).join(QuoteInvite, QuoteInvite.request_id == QuoteRequest.id)
    query = query.where(QuoteInvite.org_id == actor.org, QuoteRequest.state == "QUOTING", QuoteRequest.ends_at > now)
    answered = select(Quote.id).where(
        Quote.request_id == QuoteRequest.id, Quote.org_id == actor.org, Quote.state == "received"
    )
    return list(session.scalars(query.where(~answered.exists()).order_by(QuoteRequest.ends_at).limit(20)))


def to_unlock(session: Session, actor: Actor, now: datetime) -> list[QuoteRequest]:
    """Requests whose end has come, with one's own quote still shut."""
    query = select(QuoteRequest).join(Quote, Quote.request_id == QuoteRequest.id)
    query = query.where(Quote.org_id == actor.org, Quote.state == "received", Quote.how == "")
    open_now = QuoteRequest.state.in_(("QUOTING", "OPENING"))
    return list(session.scalars(query.where(open_now).order_by(QuoteRequest.ends_at).limit(20)))


def to_release(session: Session, actor: Actor, now: datetime) -> list[QuoteRequest]:
    """Requests for which this custodian's organisation may release shares now."""
    held = or_(QuoteRequest.org_id == actor.org, QuoteRequest.centre_org == actor.org,
               QuoteRequest.regulator_org == actor.org)  # fmt: skip
    query = select(QuoteRequest).where(
        QuoteRequest.state == "OPENING", QuoteRequest.window_until <= now, QuoteRequest.custody_until > now, held
    )
    return [row for row in session.scalars(query.limit(20)) if role_of(row, actor)]
