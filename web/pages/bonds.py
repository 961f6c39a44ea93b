"""Bid bonds: the parties' page of a case, the cashier's page of a centre, and what the bid desk and the hall show."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from flask import Blueprint, Response, abort, g, render_template
from sqlalchemy.orm import Session

from core.access import Actor, Role
from core.clock import CST
from trading.bond import bank, queries
from trading.bond.facts import FORMS, PAID
from trading.project.models import Case, Project
from trading.project.states import stands_as
from web import workbench
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.words import N_
from web.workbench import Item

blueprint = Blueprint("bonds", __name__)
LINKS = (Link(N_("Bid bonds"), "/bonds", "ti-coins", Permit((Role.CENTRE,)), 65),)
PARTIES = (Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR)
FORM_WORDS = {
    "transfer": N_("transfer"),
    "e_guarantee": N_("electronic guarantee"),
    "cheque": N_("cheque"),
    "cash": N_("cash"),
}
STATE_WORDS = {
    "lodged": N_("lodged"),
    "returning": N_("return ordered"),
    "returned": N_("returned"),
    "forfeited": N_("kept"),
}
GROUND_WORDS = {
    "TL35": N_("the bidder revoked its bid after the deadline (art. 35)"),
    "TL74": N_("the winner refuses to sign the contract (art. 74)"),
}
OWED_WORDS = {
    "withdrawn": N_("The bid is withdrawn: the bond goes back by itself."),
    "ended": N_("The tender ended: the bond goes back by itself."),
    "contract": N_("The contract is signed: the bond must go back."),
}


def desk_part(session: Session, case: str) -> dict[str, Any]:
    """What templates/trading/bond.html shows of the bidder's own bond; {"asked": False} where there is nothing."""
    found = queries.own(session, case, g.actor, g.now)
    house = bank.of(wired().config)
    return found | {
        "simulated": house is not None, "account": found.get("account") or (house.account if house else ""),
        "form_words": FORM_WORDS, "state_words": STATE_WORDS, "owed_words": OWED_WORDS,
        "paid_forms": [form for form in found.get("forms", ()) if form in PAID],
    }  # fmt: skip


def hall_part(session: Session, row: Case) -> dict[str, Any]:
    """{bid: bond} for the hall's column, {} before names are public."""
    return queries.of_bids(session, row, g.now)


@blueprint.get("/cases/<case>/bonds")
@permit(*PARTIES)
def of_case(case: str) -> str:
    session = reading()
    row = session.get(Case, case)
    if row is None or row.announced_at is None or not queries.asked(row):
        abort(404)
    shown = queries.table(session, case, g.actor, g.now)
    return page(
        "trading/bonds.html",
        row=row,
        project=session.get_one(Project, row.project_id),
        rows=shown,
        roles=stands_as(row, g.actor),
        form_words=FORM_WORDS,
        state_words=STATE_WORDS,
        grounds=GROUND_WORDS,
        payers=queries.shared_payers(session, row),
        required=queries.terms_of(row).required,
    )


@blueprint.get("/cases/<case>/bonds/<bond>/file")
@permit(*PARTIES)
def file(case: str, bond: str) -> Response:
    """The PDF of a guarantee, for the parties once names are public."""
    sha256 = queries.guarantee(reading(), case, bond, g.actor)
    if not sha256:
        abort(404)
    return Response(wired().acts.house.blobs.stream(sha256), mimetype="application/pdf")


@blueprint.get("/bonds")
@permit(Role.CENTRE)
def cashier() -> str:
    """Payments by reference: whose they are stands here only after the opening."""
    session = reading()
    house = bank.of(wired().config)
    return render_template(
        "trading/cashier.html",
        rows=queries.cashier(session, g.actor),
        orders=[] if house else queries.orders(session, g.actor),
        connected=house is not None,
        form_words={form: FORM_WORDS[form] for form in FORMS},
    )


def work(session: Session, actor: Actor, now: datetime) -> list[Item]:
    """Bonds to pay before a deadline, and bonds to give back."""
    found: list[Item] = []
    for one in queries.to_lodge(session, actor, now):
        found.append({"title": N_("Bid bond"), "href": f"/cases/{one['case']}/bid#bond", "act": N_("Lodge it"),
                      "subject": one["name"], "due": one["deadline"]})  # fmt: skip
    for one in queries.to_return(session, actor, now):
        due = datetime.combine(one["due"], time(23, 59, 59), CST)
        href, title = f"/cases/{one['case']}/bonds", N_("%(n)s bid bonds to give back")
        found.append({"title": title, "values": {"n": one["count"]}, "href": href, "act": N_("Give back"),
                      "subject": one["name"], "due": due})  # fmt: skip
    return found


workbench.PROVIDERS.append(work)
