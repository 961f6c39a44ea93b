"""Brands of a sitting: what the sheets say, what the committee found, who is of one brand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.brands.models import BidBrand, BrandLot
from evaluation.brands.rules import ARTICLE
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee
from evaluation.sitting.models import Sitting
from methods.brands import Group
from trading.document.judging import one_brand

Bids = Sequence[Mapping[str, Any]]


def found(session: Session, committee: Committee) -> dict[tuple[str, str], BidBrand]:
    """{(bid, core product): what the committee found}"""
    query = select(BidBrand).where(BidBrand.committee_id == committee.id)
    return {(one.bid_id, one.core): one for one in session.scalars(query.order_by(BidBrand.bid_id, BidBrand.core))}


def said(session: Session, committee: Committee, bids: Bids) -> dict[str, dict[str, str]]:
    """{bid: {core product: brand}}, the committee's word before the bidder's own sheet."""
    own = {bid["id"]: dict(bid.get("brands") or {}) for bid in bids}
    for (bid, core), one in found(session, committee).items():
        if bid in own:
            own[bid][core] = one.brand
    return own


def groups(session: Session, case: CaseFacts, committee: Committee, bids: Bids) -> list[Group]:
    """Every bid of `bids` in its group; each alone where the tender file names no core product."""
    brands = said(session, committee, bids) if case.brands else {}
    return one_brand(case.evaluation, [{"id": bid["id"], "brands": brands.get(bid["id"], {})} for bid in bids])


def count(session: Session, case: CaseFacts, committee: Committee, bids: Bids) -> int:
    """How many bidders these are: those of one brand are one."""
    return len(groups(session, case, committee, bids)) if case.brands else len(bids)


def out(sitting: Sitting) -> dict[str, str]:
    """{bid: who stands for its brand} of those that are no candidates."""
    return {bid: one["kept"] for one in sitting.alike for bid in one["bids"] if bid != one["kept"]}


def view(session: Session, case: CaseFacts, committee: Committee, bids: Bids) -> dict[str, Any]:
    """{core, bids: {bid: {core: {brand, page, reason}}}, groups: [{brands, bids}]}; {} where none is named."""
    if not case.brands:
        return {}
    own, read = said(session, committee, bids), found(session, committee)
    shown = {
        bid["id"]: {
            core["id"]: {
                "brand": own[bid["id"]].get(core["id"], ""),
                "page": one.page if (one := read.get((bid["id"], core["id"]))) else "",
                "reason": one.reason if one else "",
            }
            for core in case.brands["core"]
        }
        for bid in bids
    }
    alike = [one for one in groups(session, case, committee, bids) if len(one.bids) > 1]
    return {
        "core": list(case.brands["core"]), "bids": shown,
        "groups": [{"brands": list(one.brands), "bids": list(one.bids)} for one in alike],
    }  # fmt: skip


def archive(session: Session, case: CaseFacts, committee: Committee, sitting: Sitting, bids: Bids) -> dict[str, Any]:
    """For the report: {same_brand: {article, core, same, said, groups, lot}}; {} where no core product is named."""
    if not case.brands:
        return {}
    shown, lot = view(session, case, committee, bids), session.get(BrandLot, committee.id)
    told = lot is not None and bool(lot.seed)
    drawn = {key: getattr(lot, key) for key in ("commitment", "seed", "drawn")} if told else None
    return {
        "same_brand": {
            "article": ARTICLE, "core": shown["core"], "same": case.brands["same"], "said": shown["bids"],
            "groups": [dict(one) for one in sitting.alike], "lot": drawn,
        }
    }  # fmt: skip
