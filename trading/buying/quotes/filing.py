"""Which paper a request for quotes calls for, of which rows: the invitation when it goes out, the result when it ends.

Nothing of a quote is read before the end; of a request that was cancelled nothing ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.models import Org
from core import canon, jobs
from core.acts import Acts, Tx
from core.config import Config
from core.doors import Payload, acting
from core.money import plain
from methods.comparison import compare
from trading.buying.guards import Numbers, stream
from trading.buying.models import Purchase, PurchaseStep
from trading.buying.quotes import papers, settling
from trading.buying.quotes.guards import lines_of, shelf_of
from trading.buying.quotes.models import Quote, QuoteInvite, QuoteRequest
from trading.deadline import ends
from trading.mall import filing
from trading.mall.filing import Draft, Record
from trading.order.models import Order
from trading.project.queries import org_names

INVITATION, RESULT = "quote_invitation", "quote_result"
KINDS = (INVITATION, RESULT)
ENDED = ("ORDERED", "FAILED", "CANCELLED")
LOCAL = ("QUOTE-EXTEND", "QUOTE-WINDOW", "QUOTE-CUSTODY")


def call_for(tx: Tx, row: QuoteRequest, kind: str, person: str, **more: Any) -> None:
    """Right after this act. `person` decided, "" the clock."""
    jobs.plan(tx.session, tx.now, "quote.paper", row.id, {"kind": kind, "person": person, **more})


@jobs.long("quote.paper")
def draw_up(acts: Acts, request: str, p: Payload) -> Payload:
    return filing.draw_up(acts, lambda session: _draft(session, acts.house.config, request, p), _replaces(p))


@acting("quote.paper")
def draw_up_act(tx: Tx, case: str, p: Payload) -> Payload:
    """Timer: {kind, person, purchase?, ends_at?} → {document?}: what `draw_up` does, inside one transaction."""
    return filing.draw_up_inside(tx, _draft(tx.session, tx.config, case, p), _replaces(p))


def _replaces(p: Payload) -> tuple[str, ...]:
    """With the result an invitation that was never signed goes: nobody can answer it any more."""
    return (INVITATION,) if p.get("kind") == RESULT else ()


def _draft(session: Session, config: Config, request: str, p: Payload) -> Draft | None:
    row = session.get(QuoteRequest, request)
    kind, person = str(p.get("kind", "")), str(p.get("person", ""))
    if row is None or kind not in KINDS or (kind == RESULT and row.state not in ENDED):
        return None
    org = session.get_one(Org, row.org_id)
    numbers = Numbers(session, row.published_at, org.region, row.regime)
    if kind == INVITATION:
        ends_at = datetime.fromisoformat(p["ends_at"]) if p.get("ends_at") else row.ends_at
        record = _heads(session, row, org, "quote-invitation/1") | {"ends_at": ends_at}
        whole = {rule: numbers.whole(rule) for rule in LOCAL}
        fill = partial(papers.invitation, record, numbers.book, whole, demo=config.demo)
        said = "通知书"
    else:
        record = _result(session, row, org, person, str(p.get("purchase", "")))
        fill = partial(papers.result, record, numbers.book, demo=config.demo)
        said = "成交结果" if row.state == "ORDERED" else "结果记录"
    title = f"{row.title} {papers.KINDS[row.kind]}{said}"
    return Draft(row.id, stream(row.id), f"quote:{row.id}", kind, title, record, fill, person, org.name)


def _heads(session: Session, row: QuoteRequest, org: Org, schema: str) -> Record:
    keys = ("title", "kind", "regime", "to_whom", "brands", "deduction", "region", "address", "delivery_days", "note",
            "published_at", "ends_at")  # fmt: skip
    said = ("position", "category", "name", "spec", "unit", "quantity")
    return {
        "schema": schema, "request": row.id, "buyer": {"org": org.id, "name": org.name, "uscc": org.uscc},
        "ceiling": plain(row.ceiling), "custodians": sorted(row.custodians), **{key: getattr(row, key) for key in keys},
        "lines": [{key: getattr(one, key) for key in said} for one in lines_of(session, row.id)],
    }  # fmt: skip


# -- the result -------------------------------------------------------------------------------------------------------


def _result(session: Session, row: QuoteRequest, org: Org, person: str, purchase: str) -> Record:
    cancelled = row.state == "CANCELLED"
    quotes = [] if cancelled else shelf_of(row.id).live(session)
    breaks = [{key: getattr(one, key) for key in ("since", "until", "end_before", "end_after")}
              for one in ends.breaks(session, row.id)]  # fmt: skip
    return _heads(session, row, org, "quote-result/1") | {
        "outcome": row.state, "reason": row.reason, "settled_at": row.settled_at, "extended": row.extended,
        "breaks": breaks, "invited": [] if cancelled else invited(session, row.id),
        "order": _order(session, row), "article": _article(person),
        "comparison": _comparison(session, row, quotes) if quotes else None, "quotes": _quotes(session, quotes),
        "decisions": _decisions(session, row, person, purchase),
    }  # fmt: skip


def _order(session: Session, row: QuoteRequest) -> str:
    found = session.get(Order, row.result["order"]) if row.result else None
    return found.number if found else ""


def _article(person: str) -> str:
    """Of an end without a purchase: the buyer closed it, or nobody quoted."""
    return "政府采购非招标采购方式管理办法 " + ("第22条" if person else "第45条")


def invited(session: Session, request: str) -> list[str]:
    """Names of those the buyer invited."""
    orgs = session.scalars(select(QuoteInvite.org_id).where(QuoteInvite.request_id == request))
    return sorted(org.name for org in org_names(session, orgs).values())


def _comparison(session: Session, row: QuoteRequest, quotes: list[Quote]) -> Record:
    """{input, result}: whoever holds the paper computes it again (methods.comparison)."""
    said: Record = canon.plain({
        "ceiling": plain(row.ceiling), "deduction": row.deduction,
        "quantities": {str(one.position): one.quantity for one in lines_of(session, row.id)},
        "quotes": [
            {"id": one.id, "prices": {str(line["position"]): line["price"] for line in one.read.get("lines", ())},
             "small_firm": bool(one.read.get("small_firm")), "received_at": one.received_at,
             "out": one.problem or one.unfit} for one in quotes
        ],
    })  # fmt: skip
    return {"input": said, "result": compare(said)}


def _quotes(session: Session, quotes: list[Quote]) -> list[Record]:
    """Each in the order of its receipt, with its supplier."""
    names: Mapping[str, Org] = org_names(session, (one.org_id for one in quotes))
    return [
        {"id": one.id, "name": names[one.org_id].name, "uscc": names[one.org_id].uscc, "received_at": one.received_at,
         "how": one.how, "lines": one.read.get("lines", []), "delivery_days": one.read.get("delivery_days"),
         "out": one.problem or one.unfit, "rule": rule_of(one)}
        for one in sorted(quotes, key=lambda one: (one.received_at, one.id))
    ]  # fmt: skip


def rule_of(quote: Quote) -> str:
    """The rule by which a quote is not compared; "" where it is, or where the platform lost it."""
    if quote.problem == settling.LOST:
        return ""
    if quote.problem in (settling.OVER, settling.LATE) or quote.unfit:
        return "QUOTE-LOWEST"
    return "QUOTE-WINDOW" if quote.problem else ""


def _decisions(session: Session, row: QuoteRequest, person: str, purchase: str) -> list[Record]:
    """[{what, name, at}]: who settled it and who approved, each at its moment; name "" for the clock."""
    said = {"ORDERED": "成交，订单下达", "FAILED": "终止采购", "CANCELLED": "取消采购"}[row.state]
    bought = session.get(Purchase, purchase) if purchase else None
    query = select(PurchaseStep).where(PurchaseStep.purchase_id == purchase).order_by(PurchaseStep.position)
    steps = [one for one in session.scalars(query) if one.decided_at is not None] if bought else []
    names = accounts.names(session, [person, *(one.decided_by for one in steps)])
    found = []
    if bought is not None:
        found.append({"what": "选定成交供应商", "name": names.get(person, ""), "at": bought.submitted_at})
        found += [{"what": f"审批：{one.name}", "name": names.get(one.decided_by, ""), "at": one.decided_at}
                  for one in steps]  # fmt: skip
    who = found[-1]["name"] if found else names.get(person, "")  # the last approval places the order
    return [*found, {"what": said, "name": who, "at": row.settled_at}]
