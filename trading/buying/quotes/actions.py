"""The buyer's side: a request goes out, ends, is compared, selected or closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from core import data, fields, jobs, ledger
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import refuse_if
from trading.bidding.seals import sealed_stream
from trading.buying import purchases
from trading.buying.guards import Numbers, buyer, regime_of, stream
from trading.buying.models import FUNDS, Purchase, PurchaseLine
from trading.buying.purchases import Asked, where_to
from trading.buying.quotes import filing, rules
from trading.buying.quotes.contents import MOST_LINES
from trading.buying.quotes.guards import custodians, go, guard, lines_of, numbers_of, shelf_of
from trading.buying.quotes.machine import MACHINE
from trading.buying.quotes.models import KINDS, TO_WHOM, Quote, QuoteInvite, QuoteLine, QuoteRequest
from trading.buying.quotes.rules import Compared
from trading.deadline import ends
from trading.deadline.ends import End
from trading.mall.categories import categories
from trading.project.actions import office
from trading.project.states import trading_org
from trading.supplier.queries import standing, standings
from trading.supplier.rules import may_supply

MOST_NAMED = 50
MOST_PIECES = 1_000_000


def _line(position: int, one: Any) -> QuoteLine:
    if not isinstance(one, dict):
        raise Unusable("lines: a list of objects is expected")
    fields.only(one, "category", "name", "spec", "unit", "quantity")
    category = categories().get(fields.text(one, "category", limit=9).upper())
    if category.doubtful or not category.parent:
        raise Unusable("category: no such code in the list of procurement categories")
    return QuoteLine(
        position=position, category=category.code, name=fields.text(one, "name"),
        spec=fields.text(one, "spec", limit=2000), unit=fields.text(one, "unit", limit=10),
        quantity=fields.integer(one, "quantity", least=1, most=MOST_PIECES),
    )  # fmt: skip


def _named(tx: Tx, p: Payload, to_whom: str) -> tuple[list[str], list[str]]:
    """(invited organisations, brands), each once."""
    invited, brands = [], []
    if to_whom == "suppliers":
        invited = sorted(set(map(str, fields.items(p, "invited", most=MOST_NAMED))))
        known = standings(tx.session, invited).values()
        if tx.actor.org in invited or any(may_supply(one, "", "") for one in known):
            raise Unusable("invited: not an active supplier of the mall")
    if to_whom == "brands":
        named = fields.items(p, "brands", most=MOST_NAMED)
        brands = sorted({fields.text({"brands": one}, "brands", limit=60) for one in named})
    return invited, brands


@acting("quote.publish", Role.TENDERER)
def publish(tx: Tx, case: str, p: Payload) -> Payload:
    """{title, kind, to_whom, invited? | brands?, lines: [{category, name, spec, unit, quantity}], ceiling, deduction?,
    funds, region, address, receiver, delivery_days, ends_at, note?} → {request, ends_at, fallback}: 比价 or 询价.

    Quotes are sealed until `ends_at`. Where buyer, centre and regulator all have a key to hold shares with, two of them
    can open a quote that its supplier does not unlock.
    """
    fields.only(
        p, "title", "kind", "to_whom", "invited", "brands", "lines", "ceiling", "deduction", "funds", "region",
        "address", "receiver", "delivery_days", "ends_at", "note",
    )  # fmt: skip
    org, kind, to_whom = buyer(tx), fields.choice(p, "kind", KINDS), fields.choice(p, "to_whom", TO_WHOM)
    lines = [_line(n, one) for n, one in enumerate(fields.items(p, "lines", most=MOST_LINES), 1)]
    if not lines:
        raise Unusable("lines: missing")
    invited, brands = _named(tx, p, to_whom)
    regime, ends_at = regime_of(tx.session, org.id), fields.moment(p, "ends_at")
    numbers = Numbers(tx.session, tx.now, org.region, regime)
    percent = fields.integer(p, "deduction", least=0, most=99, default=0)
    today, days = tx.now.astimezone(CST).date(), numbers.whole(f"QUOTE-DAYS/{kind}")
    refuse_if([
        *rules.enough_asked(to_whom, len(invited) or len(brands), numbers.book),
        *rules.long_enough(kind, today, ends_at.astimezone(CST).date(), days, data.calendar(), numbers.book),
        *rules.deduction(percent, regime, numbers.book),
    ])  # fmt: skip
    row = QuoteRequest(
        org_id=org.id, person_id=tx.actor.person, title=fields.text(p, "title", limit=100), kind=kind, regime=regime,
        state=MACHINE.move("REQUEST", "quote.publish", tx.actor).target, to_whom=to_whom, brands=brands,
        ceiling=fields.decimal(p, "ceiling", least=Decimal("0.01"), places=2), deduction=percent,
        funds=fields.choice(p, "funds", FUNDS), **where_to(p), note=fields.text(p, "note", limit=1000, default=""),
        delivery_days=fields.integer(p, "delivery_days", least=1, most=3650), published_at=tx.now, ends_at=ends_at,
    )  # fmt: skip
    return _published(tx, row, lines, invited)


def _published(tx: Tx, row: QuoteRequest, lines: list[QuoteLine], invited: list[str]) -> Payload:
    region = trading_org(tx.session, row.org_id).region
    row.centre_org, row.regulator_org = office(tx, "centre", region), office(tx, "regulator", region)
    parties = {"tenderer": row.org_id, "centre": row.centre_org, "regulator": row.regulator_org}
    row.custodians = custodians(tx, parties)
    tx.session.add(row)
    tx.session.flush()
    for line in lines:
        line.request_id = row.id
        tx.session.add(line)
    tx.session.add_all(QuoteInvite(request_id=row.id, org_id=one) for one in invited)
    jobs.plan(tx.session, row.ends_at, "quote.end", row.id)
    body = {
        "request": row.id, "title": row.title, "kind": row.kind, "ends_at": row.ends_at, "ceiling": plain(row.ceiling),
        "deduction": row.deduction, "to_whom": row.to_whom, "brands": row.brands, "invited": invited,
        "lines": [{"category": one.category, "name": one.name, "spec": one.spec, "quantity": one.quantity}
                  for one in lines],
        "custodians": {role: held["fingerprint"] for role, held in row.custodians.items()},
    }  # fmt: skip
    tx.record(stream(row.id), "quote.published", body)
    filing.call_for(tx, row, filing.INVITATION, tx.actor.person, ends_at=row.ends_at.isoformat())
    for one in invited:
        tx.publish(f"org:{one}", "quote.invited", {"request": row.id})
    return {"request": row.id, "ends_at": row.ends_at.isoformat(), "fallback": bool(row.custodians)}


@acting("quote.cancel", Role.TENDERER)
def cancel(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: before the end; what was sealed is never opened."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "quote.cancel")
    refuse_if(rules.in_time(tx.now, row.ends_at, numbers_of(tx, row).book))
    row.reason, row.settled_at = fields.text(p, "reason", limit=300), tx.now
    go(tx, row, step.target, "quote.cancelled", {"reason": row.reason})
    filing.call_for(tx, row, filing.RESULT, tx.actor.person)
    return {"state": row.state}


# -- the end ----------------------------------------------------------------------------------------------------------


@acting("quote.end")
def end(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {state}: at the end. Fewer than three quotes: extended once, and nobody is told how many there are; nobody
    at all quoted: closed. Otherwise the window opens in which suppliers unlock theirs."""
    row = tx.session.get(QuoteRequest, case)
    if row is None or row.state != "QUOTING" or tx.now < row.ends_at:
        return {"state": row.state if row else ""}
    waits = _waits(tx, row)
    if waits:
        return waits
    row, _ = guard(tx, case, "quote.end")
    numbers, quotes = numbers_of(tx, row), shelf_of(row.id).live(tx.session)
    if len(quotes) < numbers.book["QUOTE-VALID"].number and not row.extended:
        row.extended, row.ends_at = True, _later(row.ends_at, tx.now, numbers.whole("QUOTE-EXTEND"))
        jobs.plan(tx.session, row.ends_at, "quote.end", row.id)
        go(tx, row, "QUOTING", "quote.extended", {"ends_at": row.ends_at})
        return {"state": row.state}
    root = ledger.head(tx.session, sealed_stream(row.id))["root"]
    if not quotes:
        row.settled_at, row.reason = tx.now, "无供应商报价"
        go(tx, row, "FAILED", "quote.ended", {"sealed_root": root, "reason": row.reason})
        filing.call_for(tx, row, filing.RESULT, "")
        return {"state": row.state}
    row.window_until = tx.now + timedelta(minutes=numbers.whole("QUOTE-WINDOW"))
    row.custody_until = row.window_until
    if row.custodians:
        row.custody_until = row.window_until + timedelta(hours=numbers.whole("QUOTE-CUSTODY"))
    for moment in sorted({row.window_until, row.custody_until}):
        jobs.plan(tx.session, moment, "quote.settle", row.id)
    go(tx, row, "OPENING", "quote.ended", {"sealed_root": root, "window_until": row.window_until})
    return {"state": row.state}


def _waits(tx: Tx, row: QuoteRequest) -> Payload | None:
    """Nothing ends while suppliers could not be there, nor before that is known."""
    end = _end_of(row)
    if ends.put_off(tx, end):
        return {"state": row.state, "ends_at": row.ends_at.isoformat()}
    again = ends.unsure(tx.session, end, tx.now)
    if again is None:
        return None
    jobs.plan(tx.session, again, "quote.end", row.id)
    return {"state": row.state, "waits": True}


def _end_of(row: QuoteRequest) -> End:
    def move(tx: Tx, later: datetime, body: Payload) -> None:
        row.ends_at = later
        jobs.plan(tx.session, later, "quote.end", row.id)
        go(tx, row, row.state, "quote.interrupted", body)
        asked = select(QuoteInvite.org_id).where(QuoteInvite.request_id == row.id)
        quoted = (one.org_id for one in shelf_of(row.id).live(tx.session))
        for org in sorted({row.org_id, *tx.session.scalars(asked), *quoted}):  # each hears it alone
            tx.publish(f"org:{org}", "quote.interrupted", {"request": row.id, "ends_at": later.isoformat()})

    return End(row.id, row.published_at, row.ends_at, move)


def _ends(session: Session, first: datetime, last: datetime) -> list[End]:
    here = (QuoteRequest.state == "QUOTING", QuoteRequest.ends_at.between(first, last))
    return [_end_of(row) for row in session.scalars(select(QuoteRequest).where(*here).order_by(QuoteRequest.id))]


ends.ENDS.append(_ends)


def _later(ends_at: datetime, now: datetime, days: int) -> datetime:
    """The same hour, so many working days after the day that has come."""
    local = ends_at.astimezone(CST)
    due = data.calendar().add_workdays(now.astimezone(CST).date(), days, guess=True).date
    return datetime.combine(due, local.timetz())


# -- comparison and selection -----------------------------------------------------------------------------------------


def compared(row: QuoteRequest, quotes: list[Quote]) -> list[Compared]:
    """Opened quotes as the rules compare them."""
    return [
        Compared(one.id, one.total if one.total is not None else Decimal(0), bool(one.read.get("small_firm")),
                 one.received_at, one.problem, one.unfit)
        for one in quotes
    ]  # fmt: skip


@acting("quote.find", Role.TENDERER)
def find(tx: Tx, case: str, p: Payload) -> Payload:
    """{quote, meets, reason}: the buyer finds that a quote does not meet the specification, or that it does after all;
    the reason stands in the result."""
    fields.only(p, "quote", "meets", "reason")
    row, step = guard(tx, case, "quote.find")
    quote = tx.session.get(Quote, fields.text(p, "quote", limit=16))
    if quote is None or quote.request_id != row.id or quote.state != "received" or quote.problem:
        raise Unusable("quote: none that is compared here")
    meets, reason = fields.yes_no(p, "meets"), fields.text(p, "reason", limit=300)
    quote.unfit = "" if meets else reason
    go(tx, row, step.target, "quote.found", {"quote": quote.id, "meets": meets, "reason": reason})
    return {}


@acting("quote.select", Role.TENDERER)
def select_quote(tx: Tx, case: str, p: Payload) -> Payload:
    """{quote, reason?} → {purchase, state, orders, warnings}: the lowest that meets the specification (of equal ones
    the first received) becomes a purchase that its chain approves. `reason`: for fewer than three valid quotes, and for
    a warning of splitting."""
    fields.only(p, "quote", "reason")
    row, step = guard(tx, case, "quote.select")
    quotes = shelf_of(row.id).live(tx.session)
    order = rules.ranked(compared(row, quotes), row.deduction)
    reason = fields.text(p, "reason", limit=300, default="")
    chosen, numbers = fields.text(p, "quote", limit=16), numbers_of(tx, row)
    refuse_if(rules.may_select(chosen, order, reason, numbers.book))
    winner = next(one for one in quotes if one.id == chosen)
    refuse_if(may_supply(standing(tx.session, winner.org_id), "", ""))
    row.reason = reason
    body = {"quote": winner.id, "total": plain(winner.total or Decimal(0)), "valid": len(order), "reason": reason,
            "tied": rules.tied(order, row.deduction), "order": [one.id for one in order]}  # fmt: skip
    go(tx, row, step.target, "quote.selected", body)
    asked = Asked(
        way="quote", source_id=row.id, regime=row.regime, funds=row.funds, region=row.region, address=row.address,
        receiver=row.receiver, note=row.title, reason=reason, lines=_bought(tx, row, winner),
    )  # fmt: skip
    return purchases.ask(tx, asked, Numbers(tx.session, tx.now, numbers.region, row.regime))


def _bought(tx: Tx, row: QuoteRequest, winner: Quote) -> list[PurchaseLine]:
    priced = {one["position"]: one for one in winner.read["lines"]}
    found = []
    for line in lines_of(tx.session, row.id):
        one = priced[line.position]
        price = Decimal(one["price"])
        found.append(
            PurchaseLine(
                position=line.position, supplier_org=winner.org_id, category=line.category, name=line.name,
                brand=one["brand"], model=one["model"], specs={"规格": line.spec}, unit=line.unit,
                quantity=line.quantity, price=price, amount=price * line.quantity,
            )
        )  # fmt: skip
    return found


@acting("quote.close", Role.TENDERER)
def close(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: nothing is bought; the notice says why."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "quote.close")
    row.reason, row.settled_at = fields.text(p, "reason", limit=300), tx.now
    go(tx, row, step.target, "quote.closed", {"reason": row.reason})
    filing.call_for(tx, row, filing.RESULT, tx.actor.person)
    return {"state": row.state}


def ended(tx: Tx, purchase: Purchase, orders: dict[str, str]) -> None:
    """The purchase of a selected quote ended: ordered, and the result is public with the order; or back to compare."""
    row = tx.session.get_one(QuoteRequest, purchase.source_id)
    act = "purchase.approve" if orders else "purchase.refuse"
    step = MACHINE.move(row.state, act, None)
    if not orders:
        go(tx, row, step.target, "quote.unselected", {"purchase": purchase.id})
        return
    refuse_if([one for supplier in orders for one in may_supply(standing(tx.session, supplier), "", "")])
    quotes = shelf_of(row.id).live(tx.session)
    order = rules.ranked(compared(row, quotes), row.deduction)
    supplier, number = next(iter(orders.items()))
    row.settled_at = tx.now
    row.result = {
        "supplier": supplier, "supplier_name": tx.session.get_one(Org, supplier).name, "order": number,
        "total": plain(purchase.total), "received": len(quotes), "valid": len(order), "deduction": row.deduction,
        "tied": len(rules.tied(order, row.deduction)), "reason": row.reason,
        "unfit": [one.unfit for one in quotes if one.unfit],
    }  # fmt: skip
    go(tx, row, step.target, "quote.ordered", row.result)
    filing.call_for(tx, row, filing.RESULT, purchase.person_id, purchase=purchase.id)


purchases.ENDED["quote"] = ended
