"""Contract and acceptance note, made where no transaction stands: read, composed, and good while nothing has changed.

The act that puts a paper on the desk reads the same few rows again and compares: what it was made of is what stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.queries import signing_certificate
from certs import desk
from certs.blocking import run_blocking
from core.access import Actor
from core.acts import Acts, Stale, Tx
from core.paper import PaperResult
from trading.order import papers
from trading.order.machine import BUYER, CONTRACT, NOTE, SUPPLIER
from trading.order.models import Order, Shipment
from trading.order.papers import Part, Record
from trading.order.placing import stream
from trading.order.states import book_of


@dataclass(frozen=True)
class Work:
    """What was read. `pay_days` stands in a contract's text alone. Two readings differ by `made_at` alone."""

    kind: str
    title: str
    record: Record
    signers: tuple[desk.Signer, ...]
    last: str = ""
    pay_days: int = 0
    made_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Ready:
    work: Work
    first: desk.First


def signer(session: Session, now: datetime, side: str, org: str, preferred: str) -> desk.Signer:
    """Who signs for a side: the person who acted, or else a colleague in that role who can sign now."""
    role = BUYER if side == "buyer" else SUPPLIER
    query = select(Person).where(Person.org_id == org, Person.state == "active").order_by(Person.added_at, Person.id)
    colleagues = [one.id for one in session.scalars(query) if role in one.roles]
    ready = [one for one in (preferred, *colleagues) if one and signing_certificate(session, one, now)]
    return desk.signer(session, ready[0] if ready else preferred, side, side, now, org)


def _sides(session: Session, row: Order, actor: Actor, now: datetime) -> tuple[desk.Signer, desk.Signer]:
    return (signer(session, now, "buyer", row.buyer_org, actor.person),
            signer(session, now, "supplier", row.supplier_org, row.supplier_person))  # fmt: skip


def contract(session: Session, row: Order, actor: Actor, now: datetime) -> Work:
    """Refused when a side has nobody who can sign now."""
    signers, record = _sides(session, row, actor, now), papers.contract_record(session, row)
    days = book_of(row)["ORD-PAY"].number
    return Work(CONTRACT, f"{row.number} 电子订单合同", record, signers, pay_days=days, made_at=now)


def note(session: Session, row: Order, sent: Shipment, result: Part, actor: Actor, now: datetime) -> Work:
    """The buyer signs first. The supplier's silence is assent (ORD-ASSENT), so its signature may lack."""
    buyer, supplier = _sides(session, row, actor, now)
    record = papers.note_record(session, row, sent, result)
    title = f"{row.number} 第 {sent.number} 批 验收单"
    return Work(NOTE, title, record, (buyer, replace(supplier, may_lack=True)), last="supplier", made_at=now)


def compose(work: Work, *, demo: bool) -> Ready:
    """The paper with its record and empty fields: 10 to 100 ms of processor time."""
    record = work.record | {"made_at": work.made_at}

    def print_it() -> PaperResult:
        if work.kind == CONTRACT:
            return papers.contract_paper(record, pay_days=work.pay_days, demo=demo)
        return papers.note_paper(record, demo=demo)

    made = run_blocking(print_it)
    return Ready(work, desk.first_revision(made.bytes, made.boxes, record, work.signers))


def ahead(acts: Acts, found: Callable[[Session, datetime], Work | None]) -> Ready | None:
    """What an act will put on the desk, None where `found` says that it will be refused."""
    with acts.reading() as session:
        work = found(session, acts.house.clock.now())
    return None if work is None else compose(work, demo=acts.house.config.demo)


def lay_out(tx: Tx, row: Order, work: Work) -> str:
    """Put the paper of `work` on the desk; its id. Stale when the one made ahead tells something else."""
    ready: Ready | Any = tx.ready
    if ready is None:
        ready = compose(work, demo=tx.config.demo)
    elif ready.work != work:
        raise Stale
    return desk.open_document(tx, ready.first, case=row.id, kind=work.kind, title=work.title, audience="order",
                              last=work.last, stream=stream(row.id))  # fmt: skip
