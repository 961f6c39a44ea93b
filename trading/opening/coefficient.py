"""The coefficient of the benchmark: one of the values printed in the tender file, drawn in public by three parties.

After the prices are out, before the evaluation begins (domain.md §3.3 F5). A coefficient is drawn, never a winner
(发改法规规〔2022〕1117号). The record is draw/1, purpose "coefficient"; its candidates are the printed values.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from accounts.models import Person
from certs import drawdesk
from core import canon, fields
from core.access import SYSTEM, Role, denied
from core.acts import Acts, Tx
from core.doors import Payload, acting
from core.faults import Unusable
from core.ledger import Entry
from core.rules import Breach, Refused
from trading.document.facts import factor_set
from trading.opening.models import DrawnFactor
from trading.opening.queries import factor
from trading.project.models import Case
from trading.project.papers import file_document
from trading.project.states import case_row, go, guard

ARTICLE = "招标投标法 第40条"
PURPOSE = "coefficient"


def bodies(row: Case) -> dict[str, tuple[str, Role]]:
    """Which organisation stands for each party of the draw."""
    return {
        "tenderer": (row.tenderer_org, Role.TENDERER),
        "centre": (row.centre_org, Role.CENTRE),
        "supervisor": (row.regulator_org, Role.REGULATOR),
    }


def _parties(tx: Tx, row: Case, p: Payload) -> dict[str, drawdesk.Party]:
    named = fields.mapping(p, "parties")
    for party, (org, role) in bodies(row).items():
        person = tx.session.get(Person, str(named.get(party, "")))
        if person is None or person.org_id != org or role not in person.roles:
            raise Refused(denied("DRAW-PARTY", f"{party}: {role}", str(named.get(party, ""))))
    return drawdesk.parties(tx.session, named, tx.now)


@acting("coefficient.freeze", Role.TENDERER, Role.AGENCY, Role.CENTRE)
def freeze(tx: Tx, case: str, p: Payload) -> Payload:
    """{parties: {tenderer, centre, supervisor: person}} → {draw}: the printed values stand, three commitments follow.

    A draw whose commitments never came together may be given up; once all three stand there is no other.
    """
    fields.only(p, "parties")
    row, step = guard(tx, case, "coefficient.freeze")
    values = factor_set(row.evaluation)
    if not values:
        raise Unusable("factor_set: this tender has no coefficient to draw")
    held = tx.session.get(DrawnFactor, (case, row.round))
    if held is not None:
        drawdesk.give_up(tx, held.draw_id, ARTICLE)
    parties = _parties(tx, row, p)
    draw = drawdesk.open_draw(tx, case, PURPOSE, {one: one for one in values}, [], {}, parties)
    if held is None:
        tx.session.add(DrawnFactor(case_id=case, round=row.round, draw_id=draw.id))
    else:
        held.draw_id = draw.id
    go(tx, row, step, "coefficient.frozen", {"draw": draw.id, "values": values})
    tx.publish(f"hall:{case}", "coefficient.frozen", {"draw": draw.id})
    return {"draw": draw.id}


@drawdesk.when_done(PURPOSE)
def drawn(tx: Tx, draw: drawdesk.Draw) -> None:
    """The value is fixed and the record is public, in the commit of the last reveal."""
    row, record = case_row(tx.session, draw.case), draw.record or {}
    held = tx.session.get_one(DrawnFactor, (draw.case, row.round))
    held.value = record["result"]["value"]
    data = canon.dumps(record)
    title = f"评标基准价系数抽取记录 {draw.id}"
    document = file_document(tx, row.id, "draw_record", title, data, "public", media="application/json")
    held.document_id = document.id
    body = {"draw": draw.id, "value": held.value, "document": document.id}
    tx.record(f"case:{row.id}", "coefficient.drawn", body, case=row.id)
    tx.publish(f"hall:{row.id}", "coefficient.drawn", body)


def missing(session: Session, case: str) -> list[Breach]:
    """Why the evaluation may not begin: the tender file has a coefficient to draw and it is not drawn."""
    told = factor(session, case_row(session, case))
    if told is None or told["value"]:
        return []
    return [Breach("COEFFICIENT", ARTICLE, "B", "coefficient drawn", "not drawn")]


def _told(acts: Acts, entry: Entry) -> None:
    """Everybody in the hall sees each step of this draw, without its parties' own channel."""

    def tell(tx: Tx) -> None:
        draw = tx.session.get(drawdesk.Draw, str(entry.body.get("draw", "")))
        if draw is not None and draw.purpose == PURPOSE:
            tx.publish(f"hall:{draw.case}", entry.kind, {"party": entry.body["party"]})

    acts.act(tell, SYSTEM)


LISTENERS = {"draw.committed": _told, "draw.revealed": _told}
