"""What a reader of PDFs in the room may open: a bid's own file and parts, the tender file and clarifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from evaluation import cases
from evaluation.aid import queries as aid
from evaluation.aid.rules import Entry
from trading.bidding.contents import PDF
from trading.opening.queries import contents_of
from web.front import wired
from web.words import N_

SAID = (
    N_("Opening…"),
    N_("This file cannot be fetched."),
    N_("This file cannot be read: %(why)s"),
    N_("Searching…"),
    N_("Not found"),
    N_("%(n)s of %(all)s"),
    N_("Page %(n)s"),
    N_("Note"),
    N_("Note on page %(n)s"),
    N_("Remove"),
    N_("Remove the highlight on page %(n)s"),
    N_("Removed."),
    N_("Saving…"),
    N_("Saved."),
)


def _size(sha256: str) -> int:
    blobs = wired().acts.house.blobs
    return blobs.path(sha256).stat().st_size if sha256 and blobs.has(sha256) else 0


def _choice(url: str, sha256: str, name: str, bid: str, index: str = "") -> dict[str, Any]:
    return {"url": url, "sha256": sha256, "name": name, "size": _size(sha256), "bid": bid, "index": index}


def of_bid(case: str, bid: Mapping[str, Any], papers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Its PDFs that lie in the store: {url, sha256, name, size, bid, index}."""
    base = f"/room/{case}/bids/{bid['id']}"
    index = {one["sha256"]: one["index"] for one in papers if one["index"]}
    found = [_choice(f"{base}/file", bid["pdf_sha256"], PDF, bid["id"])]
    found += [
        _choice(f"{base}/parts/{place}", one["sha256"], one["name"], bid["id"])
        for place, one in enumerate(bid["attachments"]) if one["media"] == "application/pdf"
    ]  # fmt: skip
    return [
        one | {"index": f"{base}/index/{one['sha256']}" if one["sha256"] in index else ""}
        for one in found if one["size"]
    ]  # fmt: skip


def of_code(case: str, bid: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blind part of a bid that stands under its code."""
    found = _choice(f"/room/{case}/blind/{bid['id']}", bid["pdf_sha256"] or "", bid["id"], "")
    return [found] if found["size"] else []


def of_tender(case: str, papers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The tender file in force with its clarifications (招标投标法 art. 23)."""
    listed = [_choice(f"/room/{case}/tender-file/{one['id']}", one["sha256"], one["title"], "") for one in papers]
    return [one for one in listed if one["size"]]


def for_room(
    session: Session, case: str, chosen: Mapping[str, Any], names: Mapping[str, str], *, coded: bool
) -> dict[str, Any]:
    """{first, second, tender, bookmarks, aid} for the bid that is looked at and what stands beside it. `coded`: bids
    stand under the codes of their blind parts, and nothing is told that would name them."""
    bid, beside = chosen["bid"], chosen["beside"]
    tender = cases.tender_papers(session, case)
    if coded:
        other = of_code(case, beside) if beside else of_tender(case, tender) if chosen["clause"] else []
        return {"first": of_code(case, bid) if bid else [], "second": other, "tender": bool(tender), "bookmarks": {},
                "aid": None}  # fmt: skip
    papers = aid.papers_of(session, bid["id"]) if bid else []
    second: list[dict[str, Any]] = []
    if beside:
        second = of_bid(case, beside, aid.papers_of(session, beside["id"]))
    elif chosen["clause"]:
        second = of_tender(case, tender)
    marks: dict[str, list[Entry]] = {}
    if bid:
        marks = aid.bookmarks(
            names, papers, contents_of(session, bid["id"]).get("parts", ()), cases.parts(session, case)
        )
    first = of_bid(case, bid, papers) if bid else []
    beside_it = aid.of_bid(session, case, bid["id"], names) if bid else None
    return {"first": first, "second": second, "tender": bool(tender), "bookmarks": marks, "aid": beside_it}
