"""What the tender file of a case asks of every bid, for the desk and for the opening."""

from __future__ import annotations

from sqlalchemy.orm import Session

from methods import bill as bills
from trading.bidding.contents import Asked
from trading.document.bills import bill_of
from trading.project.models import Case


def asked_of(session: Session, row: Case) -> Asked:
    kept = bill_of(session, row)
    listed = tuple(row.settings.get("components") or ())
    return Asked(listed, bills.read(kept.data) if kept is not None else None, row.unit)
