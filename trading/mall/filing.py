"""Papers for the file of a mall purchase: each is made of rows that no longer change, outside every transaction, once
the act that calls for it is written. Whoever decided signs it on the desk, then the platform closes it; where the clock
decided, or the person has no certificate to sign with, the platform alone does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.queries import signing_certificate
from certs import desk, desk_sign
from certs.blocking import run_blocking
from certs.models import SigningDoc
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.config import Config
from core.paper import Paper, SignatureBox
from core.paper_fonts import legible

Record = dict[str, Any]
BY_CLOCK = "本件由平台按规则自动形成，无经办人签名，由平台签章。"
BY_PERSON = "采购人经办人签名后由平台签章；签名及平台签章均附时间戳。"
NO_KEY = "采购人经办人在形成本件时没有有效的签名证书，本件由平台签章。"


@dataclass(frozen=True)
class Draft:
    """A paper as it will be: `fill` prints its body, `person` decided ("" the clock). `subject`, `stream`, `channel`:
    the purchase it stands for, its ledger and who is told that the paper is there."""

    subject: str
    stream: str
    channel: str
    kind: str
    title: str
    record: Record
    fill: Callable[[], Paper]
    person: str
    org_name: str


def signer_of(session: Session, draft: Draft, now: datetime) -> desk.Signer | None:
    able = draft.person and signing_certificate(session, draft.person, now)
    return desk.signer(session, draft.person, "buyer", "buyer", now) if able else None


def compose(draft: Draft, signer: desk.Signer | None, config: Config) -> desk.First:
    """The paper with its record and empty fields; tens of milliseconds."""
    said = BY_PERSON if signer else NO_KEY if draft.person else BY_CLOCK
    people = [SignatureBox("buyer", legible(draft.org_name))] if signer else []

    def work() -> desk.First:
        paper = draft.fill().section("签署", room=85).text(said)
        made = paper.signatures([*people, SignatureBox(desk.PLATFORM, "交易平台", seal=True)]).build()
        signers = [signer] if signer else []
        return desk.first_revision(made.bytes, made.boxes, draft.record, signers, desk.platform(config))

    return run_blocking(work)


def filed(session: Session, subject: str, kind: str) -> SigningDoc | None:
    """The one paper of this kind, unless it was taken off the desk."""
    mine = (SigningDoc.case == subject, SigningDoc.kind == kind, SigningDoc.state != "void")
    return session.scalar(select(SigningDoc).where(*mine))


def lay_out(tx: Tx, draft: Draft, first: desk.First, replaces: tuple[str, ...] = ()) -> str:
    """On the desk, once; its id, "" when it lies there already. What `replaces` names and nobody has signed goes."""
    if filed(tx.session, draft.subject, draft.kind) is not None:
        return ""
    for kind in replaces:
        old = filed(tx.session, draft.subject, kind)
        if old is not None and old.state == "open":
            desk.void_document(tx, old.id, "采购已结束，未签署")
    document = desk.open_document(
        tx, first, case=draft.subject, kind=draft.kind, title=draft.title, audience="mall", stream=draft.stream
    )
    tx.publish(draft.channel, "paper.opened", {"kind": draft.kind})
    return document


def draw_up(acts: Acts, find: Callable[[Session], Draft | None], replaces: tuple[str, ...] = ()) -> dict[str, Any]:
    """{document}: found, printed, put on the desk, and closed where nobody signs; {} when there is nothing to do."""
    with acts.reading() as session:
        draft = find(session)
        if draft is None or filed(session, draft.subject, draft.kind) is not None:
            return {}
        signer = signer_of(session, draft, acts.house.clock.now())
    first = compose(draft, signer, acts.house.config)
    document = acts.act(lay_out, SYSTEM, draft, first, replaces)
    if document and not first.signers:
        desk_sign.seal_document(acts, document)
    return {"document": document} if document else {}


def draw_up_inside(tx: Tx, draft: Draft | None, replaces: tuple[str, ...] = ()) -> dict[str, Any]:
    """The same in one transaction; what nobody signs is closed by `desk_sign.seal_waiting`."""
    if draft is None:
        return {}
    first = compose(draft, signer_of(tx.session, draft, tx.now), tx.config)
    document = lay_out(tx, draft, first, replaces)
    return {"document": document} if document else {}


def papers(session: Session, subject: str, kinds: tuple[str, ...], *, all_of_them: bool) -> list[dict[str, Any]]:
    """[{id, kind, title, state, head}] oldest first; what is not yet closed only where `all_of_them`."""
    query = select(SigningDoc).where(SigningDoc.case == subject, SigningDoc.kind.in_(kinds))
    rows = session.scalars(query.order_by(SigningDoc.opened_at, SigningDoc.id))
    states = ("open", "signed", "sealed") if all_of_them else ("sealed",)
    keys = ("id", "kind", "title", "state", "head")
    return [{key: getattr(one, key) for key in keys} for one in rows if one.state in states]
