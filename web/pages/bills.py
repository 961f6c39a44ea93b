"""The bill of quantities: a tenderer's workbook read for the editor, the same bill given to bidders, prices empty."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, abort, g, jsonify, request
from flask_babel import gettext
from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import canon
from core.access import Role
from core.faults import Unusable
from methods import bill as bills
from trading.bidding import workbook
from trading.bidding.queries import has_taken
from trading.document.bills import bill_of
from trading.document.models import TenderBill
from trading.project.models import Case
from trading.project.states import stands_as
from web.desk_words import finding, unusable
from web.front import permit, reading
from web.pages.bids import bidding_case
from web.pages.tender import authored

blueprint = Blueprint("bills", __name__)
OWNERS = frozenset({Role.TENDERER, Role.AGENCY})
SHOWN = 200


@blueprint.post("/cases/<case>/file/bill")
@permit(Role.TENDERER, Role.AGENCY)
def read(case: str) -> Response:
    """What a workbook says, before it is saved: {bill, sections, lines, findings, count}; nothing is written."""
    authored(reading(), case)
    if (request.content_length or 0) > workbook.LARGEST:
        raise Unusable(unusable(f"workbook: too large (> {workbook.LARGEST >> 20} MB)"))
    data = request.get_data(cache=False)
    try:
        bill, wrong = run_blocking(lambda: bills.bill_of(workbook.rows(data)))
    except Unusable as error:
        raise Unusable(unusable(str(error))) from None
    shown = [one.plain() | {"text": finding(one.kind)} for one in wrong[:SHOWN]]
    return jsonify(
        {"bill": bills.compose(bill), "sections": len(bill.sections), "lines": len(bill.lines), "findings": shown,
         "count": len(wrong)}
    )  # fmt: skip


def _given(session: Session, case: str) -> tuple[Case, TenderBill]:
    """The bill for whoever wrote it, and for bidders who took the tender file; 404 where there is none."""
    row = session.get(Case, case)
    if row is None:
        abort(404)
    bidder = not stands_as(row, g.actor) & OWNERS
    if bidder:
        bidding_case(session, case)
    kept = bill_of(session, row)
    if kept is None:
        abort(404)
    if bidder and not has_taken(session, row, g.actor.org):
        raise Unusable(gettext("Take the tender file first: the bill of quantities is a part of it."))
    return row, kept


@blueprint.get("/cases/<case>/bill.xlsx")
@permit(Role.BIDDER, Role.TENDERER, Role.AGENCY)
def sheet(case: str) -> Response:
    row, kept = _given(reading(), case)
    bill = bills.read(kept.data)
    response = Response(run_blocking(lambda: workbook.write(bill)), mimetype=workbook.MEDIA)
    name = quote(f"工程量清单 {row.lot_name}.xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response


@blueprint.get("/cases/<case>/bill.json")
@permit(Role.BIDDER, Role.TENDERER, Role.AGENCY)
def data(case: str) -> Response:
    """`bill-of-quantities/1` in the bytes whose SHA-256 the tender file names."""
    _, kept = _given(reading(), case)
    return Response(canon.dumps(kept.data), mimetype="application/json")
