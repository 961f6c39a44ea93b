"""Who stands for a brand: settled by the sitting as it goes on (evaluation.sitting.flow)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from certs.suite import b64, unb64
from core.acts import Tx
from core.money import D
from evaluation import cases
from evaluation.brands import queries, rules
from evaluation.brands.models import BrandLot
from evaluation.cases import CaseFacts
from evaluation.committee.models import Committee
from evaluation.sitting.models import Sitting
from evaluation.vault import vault
from methods.brands import standing
from trading.document.judging import lowest

Bids = Sequence[Mapping[str, Any]]


def commit(tx: Tx, case: CaseFacts, committee: Committee) -> None:
    """Once for a committee, before it reviews a bid: nobody can choose the seed by what it decides."""
    if not case.brands or tx.session.get(BrandLot, committee.id) is not None:
        return
    seed = secrets.token_bytes(rules.SEED_BYTES)
    row = BrandLot(
        committee_id=committee.id, commitment=rules.commitment(seed), sealed=vault().seal(case.id, {"seed": b64(seed)}),
        made_at=tx.now, seed="", drawn=[],
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    cases.note(tx, case.id, "brand.committed", {"commitment": row.commitment})


def _lot(tx: Tx, case: CaseFacts, committee: Committee, bids: Collection[str]) -> str:
    """Drawn by the committed seed, which is told with it."""
    row = tx.session.get_one(BrandLot, committee.id)
    seed = unb64(vault().open(case.id, row.sealed)["seed"], "seed")
    kept, among = rules.lot(seed, case.id, bids), sorted(bids)
    if among not in row.drawn:
        row.seed, row.drawn = seed.hex(), [*row.drawn, among]
        body = {"bids": among, "kept": kept, "seed": row.seed, "commitment": row.commitment}
        cases.note(tx, case.id, "brand.drawn", body)
    return kept


def settle(
    tx: Tx, case: CaseFacts, committee: Committee, sitting: Sitting, bids: Bids, best: Mapping[str, tuple[Decimal, ...]]
) -> list[str]:
    """Who stands for each brand by `best`, lowest first; the others, whom the caller leaves out."""
    found = queries.groups(tx.session, case, committee, bids)
    stands = standing(found, best, lambda equal: _lot(tx, case, committee, equal))
    alike = [one for one in stands if len(one.bids) > 1]
    told = [{"brands": list(one.brands), "bids": list(one.bids), "kept": one.kept, "how": one.how} for one in alike]
    if told != sitting.alike:
        sitting.alike = told
        cases.note(tx, case.id, "brand.settled", {"groups": told})
    return [bid for one in alike for bid in one.out]


def by_price(tx: Tx, case: CaseFacts, committee: Committee, sitting: Sitting, bids: Bids) -> dict[str, str]:
    """Lowest price method, after the review: {bid: ground} of those whose brand another bid stands for."""
    if not case.brands or not lowest(case.evaluation):
        return {}
    conforming = [bid for bid in bids if bid["id"] not in sitting.rejected and bid["price"]]
    prices = {bid["id"]: (D(bid["price"]),) for bid in conforming}
    left = settle(tx, case, committee, sitting, conforming, prices)
    return dict.fromkeys(left, rules.GROUND)


def by_points(tx: Tx, case: CaseFacts, committee: Committee, sitting: Sitting, bids: Bids) -> None:
    """Scored: the highest total of each brand may be a candidate, the others may not."""
    if not case.brands or lowest(case.evaluation):
        return
    ranked = [bid for bid in bids if bid["id"] in sitting.result.get("ranking", ())]
    totals, by_price = sitting.result.get("totals", {}), case.brands["tie"] == "price"
    best = {
        bid["id"]: (-D(totals[bid["id"]]), *((D(bid["price"]),) if by_price else ())) for bid in ranked
    }  # fmt: skip
    settle(tx, case, committee, sitting, ranked, best)
