"""The committee's word on a brand: what the bid's own pages say stands before what its price sheet says."""

from __future__ import annotations

from typing import Any

from core import fields
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from evaluation import cases
from evaluation.brands.models import BidBrand
from evaluation.committee.actions import unnamed
from evaluation.sitting import flow
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import as_leader, enter

P = dict[str, Any]


@acting("brand.state", *MEMBERS)
def state(tx: Tx, case: str, p: P) -> P:
    """{bid, core, brand, page, reason}: by the leader for the committee, while the review is open. A brand that the
    sheet lacks, writes in another way or names wrongly; bids of one brand count as one (87号令 art. 31)."""
    fields.only(p, "bid", "core", "brand", "page", "reason")
    room = as_leader(enter(tx, case, "PRELIM"))
    named = [one["id"] for one in room.case.brands.get("core", ())]
    if not named:
        raise Unusable("core: the tender file names no core product")
    bid = fields.choice(p, "bid", [one["id"] for one in cases.bids(tx.session, case)])
    row = BidBrand(
        committee_id=room.committee.id, bid_id=bid, core=fields.choice(p, "core", named),
        brand=fields.text(p, "brand", limit=60), page=fields.text(p, "page", limit=40),
        reason=fields.text(p, "reason", limit=500), at=tx.now,
    )  # fmt: skip
    tx.session.merge(row)
    body = {"bid": bid, "core": row.core, "brand": row.brand, "page": row.page, "reason": row.reason}
    unnamed(tx, room.me, lambda: tx.record(f"case:{case}", "brand.stated", body, case=case))
    flow.tell(tx, case, "brand.stated", {})
    return {}
