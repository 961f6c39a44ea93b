"""A running auction, made of rows: a buyer, so many suppliers that have entered, each logged in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from accounts import sign_in
from accounts.models import Org, Person
from core import jobs
from core.access import Role
from core.acts import Tx
from trading.auction.models import Auction, AuctionEntry
from trading.supplier.models import MallSupplier

CATEGORY, REGION = "A02010105", "420112"


@dataclass(frozen=True)
class Made:
    """`tokens`: session cookies of the suppliers; `buyer`: the buyer's; `orgs` and `marks` in the same order."""

    auction: str
    buyer: str
    tokens: list[str]
    orgs: list[str]
    marks: list[str]
    ceiling: Decimal
    step: Decimal


def _org(tx: Tx, kind: str, number: int, role: Role) -> tuple[str, str]:
    """(organisation, session cookie of its one person)"""
    org = Org(name=f"{kind}{number}", uscc=f"AUC{kind[:3].upper()}{number:012d}", kinds=[kind], region=REGION,
              agreement="x", agreed_at=tx.now, state="verified")  # fmt: skip
    tx.session.add(org)
    tx.session.flush()
    digest = f"{number + (10_000 if role == Role.BIDDER else 0):064d}"
    person = Person(login=f"auction-{kind}{number}", name=f"人员{number}", id_hash=digest, id_masked="*",
                    phone_masked="", org_id=org.id, roles=[role], state="active", added_at=tx.now)  # fmt: skip
    tx.session.add(person)
    tx.session.flush()
    return org.id, sign_in.begin(tx, person.id)


def build(tx: Tx, bidders: int, *, seconds: int = 3600, window: int = 180, extend: int = 180, step: str = "1",
          ceiling: str = "10000000") -> Made:  # fmt: skip
    """Bidding since now, for so many seconds."""
    buyer, cookie = _org(tx, "tenderer", 1, Role.TENDERER)
    line = {
        "category": CATEGORY,
        "name": "台式计算机",
        "unit": "台",
        "quantity": 10,
        "brand": "",
        "model": "",
        "specs": {},
    }
    ends = tx.now + timedelta(seconds=seconds)
    row = Auction(
        number="JJ20260101000001", buyer_org=buyer, buyer_person="", regime="government", title="反向竞价",
        region=REGION, address="某路1号", receiver="张三", lines=[line], entrants="open", ceiling=Decimal(ceiling),
        step=Decimal(step), window=window, extend=extend, far=99, state="BIDDING", opens_at=tx.now,
        planned_end=ends, ends_at=ends, created_at=tx.now, published_at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    jobs.plan(tx.session, ends, "auction.close", row.id)
    made = [_org(tx, "bidder", number, Role.BIDDER) for number in range(bidders)]
    marks = [secrets.token_hex(16) for _ in made]
    for place, (org, _) in enumerate(made):
        tx.session.add(MallSupplier(org_id=org, state="active", categories=["A02000000"], regions=["420000"],
                                    applied_at=tx.now))  # fmt: skip
        tx.session.add(AuctionEntry(auction_id=row.id, org_id=org, person_id="", alias=f"{place:04d}",
                                    mark=marks[place], at=tx.now))  # fmt: skip
    return Made(row.id, cookie, [token for _, token in made], [org for org, _ in made], marks, row.ceiling, row.step)
