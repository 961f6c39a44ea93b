"""Rooms at the scoring stage, made of rows: so many cases with seven members each, who have pledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts import sign_in
from accounts.models import Org, Person
from core.access import Role
from core.acts import Tx
from core.canon import sha256_hex
from evaluation.committee.models import Committee, Member
from evaluation.sitting.models import Sitting
from evaluation.vault import vault
from trading.bidding.models import Bid
from trading.opening.models import OpenedBid
from trading.project.models import Case, Project
from venues.models import Booking, Centre

MEMBERS = 7
REGION = "420112"
PRICE = {
    "full": "100", "weight": "0.5", "benchmark": {"terms": [{"of": "mean", "weight": "1"}]}, "score_round": 2,
    "curve": {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "below_adds": False, "step": "none"},
    "floor": "0", "cap": "100",
}  # fmt: skip


@dataclass(frozen=True)
class Room:
    """`tokens`: session cookies of the members; `cells`: what each of them scores."""

    case: str
    tokens: list[str]
    members: list[str]
    bids: list[str]
    criteria: list[str]


def _org(tx: Tx, kind: str, number: int) -> str:
    row = Org(name=f"{kind}{number}", uscc=f"B{kind[:4].upper():5}{number:012d}", kinds=[kind], region=REGION,
              agreement="x", agreed_at=tx.now, state="verified")  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    return row.id


def _person(tx: Tx, number: int) -> str:
    row = Person(login=f"room{number}", name=f"专家{number}", id_hash=f"room{number:060d}", id_masked="*",
                 phone_masked="", org_id=None, roles=[Role.EXPERT], state="active", added_at=tx.now)  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    return row.id


def evaluation(criteria: int) -> dict[str, Any]:
    weight = f"{0.5 / criteria:.4f}"
    items = [{"id": f"c{n}", "name": f"评分项{n}", "max": "100", "weight": weight} for n in range(criteria)]
    return {"method": "综合评估法", "price": PRICE, "criteria": items, "total_round": 2, "ties": ["price"]}


def _case(tx: Tx, number: int, bidders: Sequence[str], criteria: int) -> tuple[str, list[str]]:
    side = {kind: _org(tx, kind, number) for kind in ("tenderer", "centre", "regulator")}
    project = Project(name=f"工程{number}", region=REGION, regime="R1", procedure="open-works", category="A08",
                      funds="state", tenderer_org=side["tenderer"], agency_org="", created_at=tx.now)  # fmt: skip
    tx.session.add(project)
    tx.session.flush()
    row = Case(
        project_id=project.id, lot_no="001", lot_name="", duration_days=365, state="EVALUATING",
        procedure="open-works", regime="R1", region=REGION, tenderer_org=side["tenderer"],
        centre_org=side["centre"], regulator_org=side["regulator"], unit="万元", estimate="5800", ceiling="6000",
        evaluation=evaluation(criteria), award={"separate": True}, remote={}, announced_at=tx.now - timedelta(days=30),
        opened_at=tx.now - timedelta(days=1),
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    _venue(tx, row)
    bids = []
    for place, org in enumerate(bidders, 1):
        bid = Bid(case_id=row.id, org_id=org, person_id="", version=1, manifest={}, ciphertext_sha256="0" * 64, size=1,
                  received_at=tx.now, receipt={}, entry_hash="0" * 64)  # fmt: skip
        tx.session.add(bid)
        tx.session.flush()
        bids.append(bid.id)
        tx.session.add(OpenedBid(bid_id=bid.id, case_id=row.id, round=1, org_id=org, number=place,
                                 price=str(5000 + place), duration_days=360, quality="合格"))  # fmt: skip
    return row.id, bids


def _venue(tx: Tx, row: Case) -> None:
    """One site, booked."""
    centre = Centre(org_id=row.centre_org, region=REGION, name="中心")
    tx.session.add(centre)
    tx.session.flush()
    tx.session.add(
        Booking(case_id=row.id, centre_id=centre.id, org_id=row.tenderer_org, part="main", from_at=tx.now,
                until_at=tx.now + timedelta(hours=9), seats=MEMBERS, state="accepted", asked_at=tx.now)
    )  # fmt: skip


def _sit(tx: Tx, case: str, people: Sequence[str]) -> list[str]:
    committee = Committee(
        case_id=case, round=1, need={"experts": len(people), "representatives": [], "members_by_site": {}}, at=tx.now,
        until=tx.now + timedelta(hours=8), requested_by="", requested_at=tx.now,
    )  # fmt: skip
    tx.session.add(committee)
    tx.session.flush()
    rows = [
        Member(committee_id=committee.id, number=number, site=REGION, sealed="", mark=vault().mark(person),
               state="pledged", person_id=person, certificate=sha256_hex(person.encode()),
               signed_in_at=tx.now, pledged_at=tx.now, review_locked_at=tx.now)
        for number, person in enumerate(people, 1)
    ]  # fmt: skip
    tx.session.add_all(rows)
    tx.session.flush()
    tx.session.add(Sitting(committee_id=committee.id, stage="SCORING", leader_id=rows[0].id, until=committee.until,
                           began_at=tx.now))  # fmt: skip
    return [row.id for row in rows]


def build(tx: Tx, count: int, bids: int, criteria: int, members: int = MEMBERS) -> list[Room]:
    """`count` rooms with `bids` opened bids and `criteria` criteria each, nothing scored yet."""
    bidders = [_org(tx, "bidder", number) for number in range(bids)]
    found = []
    for number in range(count):
        case, ids = _case(tx, number, bidders, criteria)
        people = [_person(tx, number * members + place) for place in range(members)]
        tokens = [sign_in.begin(tx, person) for person in people]
        rows = _sit(tx, case, people)
        found.append(Room(case, tokens, rows, ids, [f"c{n}" for n in range(criteria)]))
    return found
