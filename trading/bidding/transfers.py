"""The transfer of a sealed bid: whoever begins one says for which case, and the deadline ends it.

What is complete and handed in (`bid.submit`) before the deadline counts; what is still on its way then is deemed
withdrawn (20号令 art. 27), and nothing comes in after it. An earlier version that was handed in stands.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import queries
from core import staged
from core.access import Actor
from core.acts import Tx
from core.faults import Unusable
from core.staged import Upload
from core.uploads import Turned, Uploads
from trading.bidding.actions import may_bid
from trading.bidding.seals import sealed_stream
from trading.document.actions import refuse_late
from trading.project.models import Case

PURPOSE = "bid"


def may_begin(tx: Tx, purpose: str, case: str) -> None:
    """Refused E-02 from the deadline on, and for whoever may not bid; other purposes are judged by their acts."""
    if purpose != PURPOSE:
        return
    if not case:
        raise Unusable("case: missing")
    may_bid(tx, case, "bid.submit")


def in_time(session: Session, upload: Upload, now: datetime) -> None:
    """Refused E-02 when the deadline of the upload's case has come, whatever it was when the upload began."""
    row = session.get(Case, upload.subject) if upload.purpose == PURPOSE else None
    if row is not None:
        refuse_late(row, now)


def withdraw_unfinished(tx: Tx, row: Case) -> None:
    """At the deadline: a sealed entry for each unfinished transfer. Nobody but its bidder is told."""
    for upload in staged.unfinished(tx.session, row.id, PURPOSE):
        upload.state, upload.ended_at = "withdrawn", tx.now
        body = {"upload": upload.id, "size": upload.size, "received": _received(tx, upload)}
        who = queries.actor(tx.session, upload.person_id) or Actor(person=upload.person_id, org=upload.org_id)
        tx.record(sealed_stream(row.id), "bid.unfinished", body, actor=who)


def _received(tx: Tx, upload: Upload) -> int:
    try:
        return Uploads(tx.blobs).offset(upload.id)
    except Turned:
        return 0
