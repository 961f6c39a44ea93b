"""Machine aid for the committee: all bids by factor, signs worth a look, odd prices. It judges nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, g, request
from werkzeug.exceptions import NotFound

from core.doors import ask
from core.rules import Refused
from evaluation.aid import queries as aid
from web import words
from web.front import permit, reading, wired
from web.pages.cases import page
from web.pages.room import inside
from web.words import N_

blueprint = Blueprint("aid", __name__)
LEVELS = {
    "DETERMINED_BASIS": N_("basis for a finding"),
    "CLUE": N_("clue"),
    "INFO": N_("information"),
}
words.teach(
    {
        "AID-CEILING": N_("The price against the ceiling: above it a bid is rejected by vote."),
        "AID-LOW": N_("Far below the ceiling: it may be below cost, and a question to the bidder comes first."),
        "AID-MEAN": N_("Far below the other prices: it may be below cost, and a question to the bidder comes first."),
        "AID-REFERENCE": N_("Far from the reference price, which is for reference only."),
        "AID-LIMIT": N_("Unit prices above the highest one that the tender's own bill allows."),
        "AID-LINE": N_("Unit prices far from the mean of the bids."),
        "AID-LINE/bids": N_("So many bids must have priced a line before it has a mean."),
        "AID-DURATION": N_("A longer time for the works than the tender file gives."),
        "HIGHLIGHTS": N_("So many highlights are kept for one member; remove some first."),
        "C2": N_("One project manager stands in several bids: art. 40 (3) deems this collusion. People decide."),
        "C6/file": N_("The same file lies in several bids."),
        "C6/document_id": N_("The PDFs of several bids come from one document."),
        "C6/author": N_("The PDFs of several bids name one author."),
        "C6/saved_by": N_("The priced bills of several bids were saved by one person."),
        "C8": N_("Two bids share passages that the tender did not bring. People judge what that means."),
        "C8/run": N_("So many characters in a row are alike in two bids."),
        "C10": N_("Most unit prices of two bids are equal."),
        "C10/errors": N_("Two bids share the same errors in their bills."),
        "C10/lines": N_("So many lines must be common to two bids before their unit prices are compared."),
        "C11/three": N_("Three prices form an arithmetic progression."),
        "C12": N_("The prices form a geometric progression."),
        "C13": N_("The unit prices of two bids stand in one ratio."),
    }
)


@blueprint.get("/room/<case>/aid")
@permit(person=True)
def compared(case: str) -> str:
    """For members, and for supervisors once all have locked; 404 for everyone else, whatever exists."""
    try:
        found = ask(wired().acts, g.actor, "room.aid", case, {})
    except Refused:
        raise NotFound from None
    session, bid = reading(), request.args.get("bid", "")
    chosen = next((one for one in found["bids"] if one["id"] == bid), None)
    lines: dict[str, Any] = aid.lines_of(session, case, bid) if chosen else {}
    return page(
        "evaluation/aid.html", (), case=case, aid=found, chosen=chosen, lines=lines, levels=LEVELS,
        names={one["id"]: f"{one['number']}. {one['org_name']}" for one in found["bids"]},
        parts={one["id"]: one["name"] for one in found["asked"]["components"]},
        read_at=datetime.fromisoformat(found["read_at"]) if found["read_at"] else None,
        files=inside(session, case),
    )  # fmt: skip
