"""Draws that are under way: commitments and reveals arrive as signed acts, the last one completes the record.

Knows no trade: a room opens a draw with its frozen list and says, by purpose, what happens with the result, in the
transaction of the last reveal. A reveal withheld past its term is replaced by the centre's VRF output (certs.draws).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from cryptography import x509
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from certs import draws, suite
from certs.models import Certificate
from core import canon, fields
from core.access import Actor, Role, denied
from core.acts import Tx
from core.db import Base, Keyed, new_id
from core.doors import acting, asking
from core.faults import Fault, Unusable
from core.jobs import plan
from core.rules import Breach, Refused

ARTICLE = "招标投标法实施条例 第46条"
REVEAL_TERM = timedelta(minutes=30)


class Draw(Keyed, Base):
    """`frozen` is the record before its commitments; `names` maps salted ids back to what the room drew from.

    State: COMMITTING → REVEALING → DONE. `record` stands once it is done.
    """

    __tablename__ = "draw"
    case: Mapped[str] = mapped_column(String(40), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12), default="COMMITTING")
    frozen: Mapped[dict[str, Any]]
    names: Mapped[dict[str, Any]]
    holders: Mapped[dict[str, Any]]
    commitments: Mapped[list[Any]] = mapped_column(default=list)
    reveals: Mapped[list[Any]] = mapped_column(default=list)
    record: Mapped[dict[str, Any] | None]
    reveal_until: Mapped[datetime | None]


@dataclass(frozen=True)
class Party:
    """Who commits for a party: the person's row id, the SPKI of the signing key and its certificates, base64."""

    person: str
    key: str
    certificates: list[str]


@dataclass(frozen=True)
class Fallback:
    """The centre's pre-registered VRF key (public half and the act of proving), and the chain above people's
    certificates (DER, issuing authority first)."""

    public: bytes
    prove: Callable[[draws.Record], dict[str, str]]
    chain: tuple[bytes, ...] = ()


WHEN_DONE: dict[str, Callable[[Tx, Draw], None]] = {}
FALLBACK: dict[str, Fallback] = {}  # "centre" → set once at start by the composition root


def when_done(purpose: str) -> Callable[[Callable[[Tx, Draw], None]], Callable[[Tx, Draw], None]]:
    """Declare what a room does, in the same transaction, when a draw of `purpose` is complete."""

    def declare(fn: Callable[[Tx, Draw], None]) -> Callable[[Tx, Draw], None]:
        WHEN_DONE[purpose] = fn
        return fn

    return declare


def open_draw(
    tx: Tx,
    case: str,
    purpose: str,
    names: Mapping[str, str],
    excluded: Sequence[Mapping[str, str]],
    constraints: Mapping[str, Any],
    parties: Mapping[str, Party],
    *,
    original: Draw | None = None,
    used: Sequence[str] = (),
) -> Draw:
    """Freeze a list and wait for the commitments. `names`: salted id → the room's own id; see draws.freeze.

    With `original`, a replacement draw from its list without `used`.
    """
    holders = {name: party.person for name, party in parties.items()}
    row = Draw(id=new_id(), case=case, purpose=purpose, state="COMMITTING", names=dict(names), holders=holders)
    keys = [{"party": n, "key": p.key, "certificates": p.certificates} for n, p in parties.items()]
    public = FALLBACK["centre"].public
    if original is None:
        row.frozen = draws.freeze(row.id, purpose, sorted(names), excluded, constraints, keys, public)
    else:
        row.frozen = draws.freeze_replacement(original.frozen, row.id, used, constraints, keys, public)
    tx.session.add(row)
    tx.record(f"case:{case}", "draw.frozen", {"draw": row.id, "purpose": purpose,
              "list": draws.list_hash(row.frozen), "candidates": len(row.frozen["candidates"])}, case=case)  # fmt: skip
    tx.publish(f"draw:{case}", "draw.frozen", {"draw": row.id, "purpose": purpose})
    return row


def give_up(tx: Tx, draw_id: str, article: str) -> None:
    """A list whose commitments never came together may be given up; once all three stand, never (no new draw)."""
    draw = tx.session.get(Draw, draw_id) if draw_id else None
    if draw is None or draw.state == "VOID":
        return
    if draw.state != "COMMITTING":
        raise Refused(Breach("DRAW-STATE", article, "B", "COMMITTING", draw.state))
    draw.state = "VOID"
    body = {"draw": draw.id, "committed": len(draw.commitments)}
    tx.record(f"case:{draw.case}", "draw.voided", body, case=draw.case)


def _mine(tx: Tx, case: str, p: dict[str, Any], state: str) -> tuple[Draw, str]:
    row = tx.session.get(Draw, fields.text(p, "draw"), with_for_update=True)
    if row is None or row.case != case:
        raise Unusable("draw: no such draw in this case")
    party = next((name for name, person in row.holders.items() if person == tx.actor.person), "")
    if not party:
        raise Refused(denied("DRAW-PARTY", "tenderer / centre / supervisor of this draw", tx.actor.person))
    if row.state != state:
        raise Refused(Breach("DRAW-STATE", ARTICLE, "B", state, row.state))
    return row, party


def _entry(p: dict[str, Any], party: str) -> dict[str, Any]:
    return {"party": party, "value": fields.sha256(p, "value"), "signature": fields.text(p, "signature"), "proof": None}


@acting("draw.commit", Role.TENDERER, Role.CENTRE, Role.REGULATOR)
def commit(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{draw, value, signature}: the signature is over draws.commitment_text, which is typed and names the list."""
    row, party = _mine(tx, case, p, "COMMITTING")
    if any(one["party"] == party for one in row.commitments):
        raise Refused(Breach("DRAW-TWICE", ARTICLE, "B", "one commitment a party", party))
    row.commitments = [*row.commitments, _entry(p, party)]
    if len(row.commitments) == len(draws.PARTIES):
        _accept(lambda: draws.with_commitments(row.frozen, row.commitments))
        row.state, row.reveal_until = "REVEALING", tx.now + REVEAL_TERM
        plan(tx.session, row.reveal_until, "draw.stand_in", case, {"draw": row.id})
    else:
        _accept(lambda: _check_signature(row.frozen, row.commitments[-1], draws.commitment_text))
    tx.record(f"case:{case}", "draw.committed", {"draw": row.id, "party": party, "value": p["value"]}, case=case)
    tx.publish(f"draw:{case}", "draw.committed", {"draw": row.id, "party": party})
    return {"draw": row.id, "state": row.state}


@acting("draw.reveal", Role.TENDERER, Role.CENTRE, Role.REGULATOR)
def reveal(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """{draw, value, signature}: the 32-byte secret in hex, signed over draws.reveal_text."""
    row, party = _mine(tx, case, p, "REVEALING")
    if any(one["party"] == party for one in row.reveals):
        raise Refused(Breach("DRAW-TWICE", ARTICLE, "B", "one reveal a party", party))
    shown = _entry(p, party)
    committed = draws.with_commitments(row.frozen, row.commitments)
    _accept(lambda: _check_reveal(committed, shown))
    row.reveals = [*row.reveals, shown]
    tx.record(f"case:{case}", "draw.revealed", {"draw": row.id, "party": party, "value": p["value"]}, case=case)
    tx.publish(f"draw:{case}", "draw.revealed", {"draw": row.id, "party": party})
    if len(row.reveals) == len(draws.PARTIES):
        _finish(tx, row, None)
    return {"draw": row.id, "state": row.state}


@acting("draw.stand_in")
def stand_in(tx: Tx, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """Timer: after the term the centre's registered output stands in for what was withheld; never a new draw."""
    row = tx.session.get(Draw, fields.text(p, "draw"), with_for_update=True)
    if row is None or row.state != "REVEALING" or row.reveal_until is None or tx.now < row.reveal_until:
        return {}
    committed = draws.with_commitments(row.frozen, row.commitments)
    _finish(tx, row, FALLBACK["centre"].prove(committed))
    return {"draw": row.id, "state": row.state}


def _check_signature(
    record: draws.Record, entry: dict[str, Any], text: Callable[[draws.Record, str, str], bytes]
) -> None:
    party = entry["party"]
    key = next(one["key"] for one in record["parties"] if one["party"] == party)
    signature = suite.unb64(entry["signature"], "signature")
    suite.verify_raw(suite.load_spki(suite.unb64(key, "key")), text(record, party, entry["value"]), signature, party)


def _check_reveal(record: draws.Record, entry: dict[str, Any]) -> None:
    _check_signature(record, entry, draws.reveal_text)
    made = {one["party"]: one["value"] for one in record["commitments"]}
    if draws.commitment_value(entry["party"], record["draw"], bytes.fromhex(entry["value"])) != made[entry["party"]]:
        raise Fault("the reveal is not what was committed to")


def _accept(check: Callable[[], object]) -> None:
    try:
        check()
    except Fault as fault:
        raise Refused(Breach("DRAW-SIGNED", ARTICLE, "B", "signature and value hold", str(fault))) from None


def _finish(tx: Tx, row: Draw, proof: dict[str, str] | None) -> None:
    committed = draws.with_commitments(row.frozen, row.commitments)
    row.record = draws.complete(committed, row.reveals, proof)
    row.state = "DONE"
    withheld = sorted(set(draws.PARTIES) - {one["party"] for one in row.reveals})
    digest = canon.sha256_hex(canon.dumps(row.record))
    tx.record(f"case:{row.case}", "draw.done", {"draw": row.id, "purpose": row.purpose, "record_sha256": digest,
              "withheld": withheld}, case=row.case)  # fmt: skip
    tx.publish(f"draw:{row.case}", "draw.done", {"draw": row.id, "purpose": row.purpose})
    WHEN_DONE[row.purpose](tx, row)


def parties(session: Session, people: Mapping[str, Any], now: datetime) -> dict[str, Party]:
    """Parties from {party: person id}, each with the signing certificate valid at `now`; Unusable when one has none."""
    found = {}
    for name in draws.PARTIES:
        query = select(Certificate).where(
            Certificate.person_id == str(people.get(name, "")),
            Certificate.profile == "person-sign",
            Certificate.revoked_at.is_(None),
            Certificate.not_before <= now,
            Certificate.not_after > now,
        )
        row = session.scalars(query.order_by(Certificate.not_before.desc()).limit(1)).first()
        if row is None:
            raise Unusable(f"parties: {name} has no valid signing certificate")
        key = x509.load_der_x509_certificate(row.der).public_key()
        chain = [suite.b64(der) for der in (row.der, *FALLBACK["centre"].chain)]
        found[name] = Party(row.person_id, suite.b64(suite.spki_of(cast(suite.PublicKey, key))), chain)
    return found


def of_case(session: Session, case: str) -> list[Draw]:
    return list(session.scalars(select(Draw).where(Draw.case == case).order_by(Draw.id)))


@asking("draw.list", Role.TENDERER, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
def show(session: Session, now: datetime, actor: Actor, case: str, p: dict[str, Any]) -> dict[str, Any]:
    """The asker's own draws of a case, as far as a party needs them to commit and reveal; an auditor sees all."""
    found = []
    for row in of_case(session, case):
        party = next((name for name, person in row.holders.items() if person == actor.person), "")
        if not party and not actor.has(Role.AUDITOR):
            continue
        committed = row.state != "COMMITTING"
        made = sorted(row.commitments, key=lambda one: str(one["party"]))
        found.append(
            {
                "draw": row.id,
                "purpose": row.purpose,
                "state": row.state,
                "party": party,
                "list": draws.list_hash(row.frozen),
                "commitments": canon.sha256_hex(canon.dumps(made)) if committed else "",
                "committed": [one["party"] for one in made],
                "revealed": [one["party"] for one in row.reveals],
                "candidates": len(row.frozen["candidates"]),
                "excluded": len(row.frozen["excluded"]),
            }
        )
    return {"draws": found}
