"""The tender's bill of quantities (工程量清单): saved with the file, handed to every bidder as the same data."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import canon, fields
from core.access import Role
from core.acts import Tx
from core.doors import Payload, acting
from core.faults import Unusable
from methods import bill as bills
from trading.document.models import TenderBill
from trading.project.models import Case
from trading.project.states import go, guard


def bill_of(session: Session, row: Case) -> TenderBill | None:
    """The bill of this round, or the one an earlier round left; None when the file has none."""
    query = select(TenderBill).where(TenderBill.case_id == row.id, TenderBill.round <= row.round)
    found = session.scalar(query.order_by(TenderBill.round.desc()).limit(1))
    return found if found is not None and found.data else None


@acting("file.bill", Role.TENDERER, Role.AGENCY)
def save_bill(tx: Tx, case: str, p: Payload) -> Payload:
    """{bill, name} → {lines, sha256}: a `bill-of-quantities/1` as it was read from the workbook `name`; {bill: null}
    takes it out of the file."""
    fields.only(p, "bill", "name")
    row, step = guard(tx, case, "file.bill")
    if "bill" not in p:
        raise Unusable("bill: missing")
    data = {} if p["bill"] is None else bills.compose(bills.read(p["bill"]))
    lines = sum(len(section["lines"]) for section in data.get("sections", []))
    kept = tx.session.get(TenderBill, (row.id, row.round)) or TenderBill(case_id=row.id, round=row.round)
    kept.data, kept.lines, kept.saved_at = data, lines, tx.now
    kept.name = fields.text(p, "name", default="-") if data else "-"
    kept.sha256 = canon.sha256_hex(canon.dumps(data)) if data else ""
    tx.session.add(kept)
    go(tx, row, step, "file.bill_saved", {"lines": lines, "sha256": kept.sha256})
    return {"lines": lines, "sha256": kept.sha256}
