"""A tender with opened bids, venues and a pool, and hands to play a sitting with: real rows, real keys, real acts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from accounts.models import Org, Person
from certs import authority, desk_sign, drawdesk, draws, issuer, suite, vrf
from certs.issuer import Subject
from certs.models import Certificate
from core.access import SYSTEM, Actor, Role
from core.clock import CST
from core.doors import QUESTIONS
from evaluation import vault, views, watch  # noqa: F401
from evaluation.aid import queries as aid_queries  # noqa: F401
from evaluation.aid import reading as aid_reading  # noqa: F401
from evaluation.aid import texts as aid_texts  # noqa: F401
from evaluation.brands import actions as brand_actions  # noqa: F401
from evaluation.clarify import actions as clarify_actions  # noqa: F401
from evaluation.committee.models import Committee, Member
from evaluation.failures import actions as failure_actions  # noqa: F401
from evaluation.figures import actions as figure_actions  # noqa: F401
from evaluation.flaws import actions as flaw_actions  # noqa: F401
from evaluation.highlights import actions as highlight_actions  # noqa: F401
from evaluation.report import actions as report_actions
from evaluation.review import actions as review_actions  # noqa: F401
from evaluation.scoring import actions as scoring_actions  # noqa: F401  (fills the table of acts)
from evaluation.seating import actions as seating_actions  # noqa: F401
from experts import actions as expert_actions  # noqa: F401
from experts.models import Expert
from trading.bidding.models import Bid
from trading.opening.models import OpenedBid
from trading.project.models import Case, Project
from venues import actions as venue_actions  # noqa: F401
from venues import terminals as venue_terminals  # noqa: F401

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=CST)
SITES = {"420112": 1, "420203": 2, "410600": 2, "610900": 2}
CRITERIA = [
    {"id": "credit", "name": "业绩与信誉", "max": "100", "weight": "0.10"},
    {"id": "management", "name": "施工管理能力", "max": "100", "weight": "0.15"},
    {"id": "plan", "name": "施工组织设计", "max": "100", "weight": "0.25"},
]
EVALUATION = {
    "method": "综合评估法",
    "price": {
        "full": "100", "weight": "0.5",
        "benchmark": {"terms": [{"of": "ceiling", "weight": "0.576"}, {"of": "mean", "weight": "0.4"}]},
        "curve": {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "below_adds": False, "step": "none"},
        "score_round": 2, "floor": "0", "cap": "100",
    },
    "criteria": CRITERIA, "total_round": 2, "ties": ["price"],
    "preliminary": [{"id": "F1", "part": "形式评审", "name": "名称"}, {"id": "Q1", "part": "资格评审", "name": "资质"}],
    "reject_grounds": [{"id": "R-07", "text": "工期超过招标文件要求"}],
}  # fmt: skip
PRICES = {"甲": "5689", "乙": "5828", "丙": "5709"}


@dataclass
class House:
    """`people` by a short name; `actor(name)` acts with that person's certificate."""

    world: Any
    case: str = ""
    people: dict[str, str] = field(default_factory=dict)
    orgs: dict[str, str] = field(default_factory=dict)
    keys: dict[str, suite.PrivateKey] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)
    bids: dict[str, str] = field(default_factory=dict)
    experts: dict[str, list[str]] = field(default_factory=dict)
    seats: dict[str, list[str]] = field(default_factory=dict)
    secrets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    document: str = ""

    # -- people ------------------------------------------------------------------------------------------------------

    def actor(self, name: str) -> Actor:
        with self.world.read() as session:
            person = session.get(Person, self.people[name])
            org = session.get(Org, person.org_id) if person.org_id else None
            roles = frozenset(Role(one) for one in person.roles)
            org_name, certificate = org.name if org else "", self.prints.get(name, "")
            return Actor(person.id, person.name, person.org_id or "", org_name, roles, "10.0.0.1", certificate)

    def do(self, name: str, act: str, /, **payload: Any) -> dict[str, Any]:
        return self.world.do(self.actor(name), act, self.case, **payload)

    def ask(self, name: str, question: str, /, **params: Any) -> dict[str, Any]:
        found = QUESTIONS[question]
        actor = self.actor(name)
        actor.require(*found.roles)
        with self.world.read() as session:
            return found.fn(session, self.world.clock.now(), actor, self.case, params)

    def write(self, fn: Any) -> Any:
        return self.world.acts.act(fn, SYSTEM)

    def org(self, name: str, kind: str, region: str = "420112") -> str:
        uscc = f"{len(self.orgs) + 1:018d}"

        def run(tx):
            row = Org(name=name, uscc=uscc, kinds=[kind], region=region, agreement="1", agreed_at=tx.now,
                      state="verified")  # fmt: skip
            tx.session.add(row)
            tx.session.flush()
            return row.id

        self.orgs[name] = self.write(run)
        return self.orgs[name]

    def person(self, name: str, role: Role, org: str = "") -> str:
        number = f"{len(self.people) + 1:064x}"

        def run(tx):
            row = Person(login=f"user{int(number, 16)}", name=name, id_hash=number, id_masked="", phone_masked="",
                         org_id=self.orgs.get(org) or None, roles=[role], state="active", added_at=tx.now)  # fmt: skip
            tx.session.add(row)
            tx.session.flush()
            return row.id

        self.people[name] = self.write(run)
        return self.people[name]

    def certify(self, name: str, profile: str = "person-sign", org: str = "") -> None:
        """A certificate of the demo CA; a seal when the profile says so."""
        ca = authority.of(self.world.acts.house.config)
        key = suite.generate()

        def run(tx):
            subject = Subject(name, "公衡", uid=self.people.get(name, ""))
            if profile == "seal":
                der = ca.make_seal(self.orgs[org], subject, tx.now).certificate
            else:
                der = ca.issuer.issue(suite.spki_of(key), subject, profile, tx.now)
            loaded = issuer.load(der)
            tx.session.add(
                Certificate(
                    fingerprint=issuer.fingerprint(der), serial=f"{loaded.serial_number:x}", profile=profile,
                    person_id=self.people.get(name, ""), org_id=self.orgs.get(org, ""),
                    spki_sha256=suite.spki_id(loaded.public_key()), der=der, not_before=loaded.not_valid_before_utc,
                    not_after=loaded.not_valid_after_utc,
                )
            )  # fmt: skip
            return issuer.fingerprint(der)

        self.keys[name], self.prints[name] = key, self.write(run)

    # -- the world ---------------------------------------------------------------------------------------------------

    def build(self, *, pool: int = 10, evaluation: dict[str, Any] | None = None, award: dict[str, Any] | None = None,
              prices: dict[str, str] | None = None, sites: dict[str, int] | None = None,
              state: str = "OPENED", regime: str = "R1", procedure: str = "open-works",
              brands: dict[str, dict[str, str]] | None = None) -> House:  # fmt: skip
        sites, prices = sites or SITES, prices or PRICES
        self.world.clock.moment = NOW
        vault.use(self.world.acts.house.config.secret_key)
        secret = secrets.token_bytes(32)
        chain = authority.of(self.world.acts.house.config).chain[:-1]
        prove = drawdesk.Fallback(vrf.public_key(secret), lambda record: draws.fallback(record, secret), chain)
        drawdesk.FALLBACK["centre"] = prove
        for name, role, kind in (("tenderer", Role.TENDERER, "tenderer"), ("agency", Role.AGENCY, "agency"),
                                 ("regulator", Role.REGULATOR, "regulator"), ("admin", Role.ADMIN, "owner"),
                                 ("auditor", Role.AUDITOR, "regulator")):  # fmt: skip
            self.org(f"org-{name}", kind)
            self.person(name, role, f"org-{name}")
        self.certify("tenderer")
        self.certify("regulator")
        for number, site in enumerate(sites, 1):
            self.org(f"centre{number}", "centre", site)
            self.person(f"staff{number}", Role.CENTRE, f"centre{number}")
        self.certify("staff1")
        self.certify("seal", "seal", "centre1")
        for name in prices:
            self.org(f"bidder-{name}", "bidder")
            self.person(name, Role.BIDDER, f"bidder-{name}")
        self._case(evaluation or EVALUATION, award or {"separate": True, "ranked": False}, state, prices, regime,
                   procedure, brands or {})  # fmt: skip
        self._pool(pool, sites)
        self._venues(sites)
        return self

    def _case(self, evaluation, award, state, prices, regime, procedure, brands) -> None:
        def run(tx):
            o = self.orgs
            project = Project(
                name="某污水处理厂配套管网工程(施工)", region="420112", regime="R1", procedure="open-works",
                category="A08", funds="state", tenderer_org=o["org-tenderer"], agency_org=o["org-agency"],
                created_at=tx.now,
            )  # fmt: skip
            tx.session.add(project)
            tx.session.flush()
            row = Case(
                project_id=project.id, lot_no="001", lot_name="施工标段", lot_code="", duration_days=365, state=state,
                procedure=procedure, regime=regime, region="420112", tenderer_org=o["org-tenderer"],
                agency_org=o["org-agency"], centre_org=o["centre1"], regulator_org=o["org-regulator"], unit="万元",
                estimate="5800" if procedure == "open-works" else "900", ceiling="6000", evaluation=evaluation,
                award=award,
                remote={"mode": "FUSED_MAIN_DISPERSED"}, announced_at=NOW - timedelta(days=26), opened_at=NOW,
            )  # fmt: skip
            tx.session.add(row)
            tx.session.flush()
            for number, (name, price) in enumerate(prices.items(), 1):
                bid = Bid(case_id=row.id, org_id=o[f"bidder-{name}"], person_id="", version=1, manifest={},
                          ciphertext_sha256="0" * 64, size=1, received_at=tx.now, receipt={},
                          entry_hash="0" * 64)  # fmt: skip
                tx.session.add(bid)
                tx.session.flush()
                self.bids[name] = bid.id
                tx.session.add(OpenedBid(bid_id=bid.id, case_id=row.id, round=1, org_id=bid.org_id, number=number,
                                         price=price, duration_days=360, quality="合格",
                                         brands=brands.get(name, {})))  # fmt: skip
            return row.id

        self.case = self.write(run)

    def _pool(self, pool: int, sites: dict[str, int]) -> None:
        for site in sites:
            self.experts[site] = []
            for number in range(pool):
                name = f"专家{site[:4]}{chr(0x7532 + number)}"
                self.person(name, Role.EXPERT)
                self.experts[site].append(name)

        def run(tx):
            for site, names in self.experts.items():
                for number, name in enumerate(names):
                    person = tx.session.get(Person, self.people[name])
                    tx.session.add(
                        Expert(id=person.id, region=site, specialities=["A0801"], title="高级工程师", level="senior",
                               years=12, born_year=1960 + number, employer_name=f"设计院{site}{number}",
                               employer_uscc=f"91{site}{number:010d}", id_hash=person.id_hash, state="active")
                    )  # fmt: skip

        self.write(run)

    def _venues(self, sites: dict[str, int]) -> None:
        begin = NOW + timedelta(hours=1)
        for number, site in enumerate(sites, 1):
            staff = f"staff{number}"
            centre = self.do(staff, "venue.open", name=f"中心{number}", region=site)["centre"]
            seats = [{"cell": f"c{n}", "label": f"{number}-{n}", "x": 2 * n, "y": 0} for n in range(9)]
            made = self.do(staff, "venue.add_room", name="评标室", purpose="evaluation", seats=seats)
            self.seats[site] = list(made["seats"].values())
            part = "main" if number == 1 else "sub"
            booking = self.do("agency", "venue.request", centre=centre, part=part, from_at=begin.isoformat(),
                              until_at=(begin + timedelta(hours=9)).isoformat(), seats=6)["booking"]  # fmt: skip
            self.do(staff, "venue.accept", booking=booking)

    # -- draws -------------------------------------------------------------------------------------------------------

    def request(self, *, sites: dict[str, int] | None = None, spares: int = 1, **more: Any) -> None:
        sites = sites or SITES
        payload = {
            "experts": sum(sites.values()), "members_by_site": sites, "specialities": ["A0801"],
            "spares_by_site": dict.fromkeys(sites, spares), "at": (NOW + timedelta(hours=1)).isoformat(),
            "until": (NOW + timedelta(hours=9)).isoformat(),
        }  # fmt: skip
        self.do("agency", "draw.request", **payload | more)

    def parties(self) -> dict[str, str]:
        return {"tenderer": self.people["tenderer"], "centre": self.people["staff1"],
                "supervisor": self.people["regulator"]}  # fmt: skip

    NAMES: ClassVar = {"tenderer": "tenderer", "centre": "staff1", "supervisor": "regulator"}

    def draw(self, draw_id: str, *, withheld: tuple[str, ...] = ()) -> None:
        """Commit and reveal for all three, as their browsers do."""
        self.commit(draw_id)
        for party in self.NAMES:
            if party not in withheld:
                self.reveal(draw_id, party)

    def row(self, draw_id: str) -> drawdesk.Draw:
        with self.world.read() as session:
            return session.get(drawdesk.Draw, draw_id)

    def commit(self, draw_id: str) -> None:
        self.secrets[draw_id] = {party: secrets.token_bytes(32) for party in self.NAMES}
        for party, name in self.NAMES.items():
            made = draws.commit(self.row(draw_id).frozen, party, self.secrets[draw_id][party], self.keys[name])
            self.do(name, "draw.commit", draw=draw_id, value=made["value"], signature=made["signature"])

    def reveal(self, draw_id: str, party: str, secret: bytes | None = None) -> None:
        row, name = self.row(draw_id), self.NAMES[party]
        record = draws.with_commitments(row.frozen, row.commitments)
        shown = draws.reveal(record, party, secret or self.secrets[draw_id][party], self.keys[name])
        self.do(name, "draw.reveal", draw=draw_id, value=shown["value"], signature=shown["signature"])

    def members(self, *states: str) -> list[Member]:
        with self.world.read() as session:
            committee = session.query(Committee).filter_by(case_id=self.case, void_at=None).one()
            rows = session.query(Member).filter_by(committee_id=committee.id).order_by(Member.number).all()
        return [row for row in rows if not states or row.state in states]

    def name_of(self, member: Member) -> str:
        person = vault.vault().open(self.case, member.sealed)["person"]
        return next(name for name, one in self.people.items() if one == person)

    def accept_all(self) -> None:
        for member in self.members("invited"):
            self.do(self.name_of(member), "invitation.answer", answer="accept")

    def check_seats(self) -> None:
        for number, seats in enumerate(self.seats.values(), 1):
            self.do(f"staff{number}", "seat.check", seats=seats, camera=True, screen=True, microphone=True, clock=True)

    def form(self, **more: Any) -> list[str]:
        """Request, draw, acceptance; the members' names in the order of drawing."""
        self.request(**more)
        self.draw(self.do("agency", "draw.freeze", parties=self.parties())["draw"])
        self.accept_all()
        return self.committee()

    def committee(self) -> list[str]:
        return [self.name_of(row) for row in self.members("accepted", "signed_in", "pledged")]

    def seat(self) -> str:
        self.check_seats()
        draw_id = self.do("staff1", "seating.freeze", parties=self.parties())["draw"]
        self.draw(draw_id)
        return draw_id

    # -- the sitting -------------------------------------------------------------------------------------------------

    def come_in(self, name: str) -> dict[str, Any]:
        if name not in self.prints:
            self.certify(name)
        answer = self.do(name, "sitting.signin")
        self.do(name, "pledge.sign", no_conflict=True, pledge=True,
                bidders=[one["org"] for one in self.ask(name, "room.view")["bidders"]])  # fmt: skip
        return answer

    def sit(self, **more: Any) -> list[str]:
        """A committee in its seats, signed in and pledged; the leader elected is the first drawn."""
        names = self.form(**more)
        self.seat()
        self.world.clock.moment = NOW + timedelta(hours=1)
        for name in names:
            self.come_in(name)
        self.elect(names)
        return names

    def place(self, name: str) -> Member:
        return next(row for row in self.members() if self.name_of(row) == name)

    def elect(self, names: list[str], leader: int = 0) -> None:
        for name in names:
            self.do(name, "leader.vote", **{"for": self.place(names[leader]).id})

    def mark(self, name: str, fails: dict[str, str] | None = None) -> None:
        """Pass everything but {bidder: ground}, and lock."""
        items = [one["id"] for one in self.ask(name, "room.view")["items"]]
        marks = []
        for bidder, bid in self.bids.items():
            for item in items:
                one: dict[str, Any] = {"bid": bid, "item": item, "pass": True}
                if fails and bidder in fails and item == items[0]:
                    one |= {"pass": False, "page": "P12", "reason": "不符合", "ground": fails[bidder]}
                marks.append(one)
        self.do(name, "prelim.mark", marks=marks)
        self.do(name, "prelim.lock")

    def score(self, name: str, scores: dict[str, dict[str, str]], *, lock: bool = True) -> None:
        rows = [{"bid": self.bids[bidder], "criterion": c, "points": v} for bidder, given in scores.items()
                for c, v in given.items()]  # fmt: skip
        self.do(name, "score.save", scores=rows)
        if lock:
            self.do(name, "score.lock")

    def flat(self, points: str = "90") -> dict[str, dict[str, str]]:
        return {name: {one["id"]: points for one in CRITERIA} for name in self.bids}

    @property
    def stage(self) -> str:
        return str(self.ask("regulator", "room.watch")["stage"])

    @property
    def state(self) -> str:
        with self.world.read() as session:
            return session.get(Case, self.case).state

    def sign(self, name: str, document: str) -> dict[str, Any]:
        """What the browser does: take the lease, sign the attributes, hand the signature back."""
        self.world.clock.moment += timedelta(seconds=1)
        actor = self.actor(name)
        field_name = self.ask(name, "room.view")["report"]["field"]
        offer = desk_sign.prepare_signature(self.world.acts, actor, document, field_name)
        raw = suite.sign_raw(self.keys[name], offer.tbs)
        return desk_sign.finish_signature(self.world.acts, actor, document, field_name, raw, offer.lease)

    def listen(self) -> None:
        """The composition root's wiring of the one listener evaluation has."""
        def tell(entry):
            if entry.kind in report_actions.LISTENERS:
                report_actions.LISTENERS[entry.kind](self.world.acts, entry)

        self.world.acts.house.ledger.listeners.append(tell)


SMALL = {"420112": 2, "420203": 3}


def to_scoring(house):
    for name in house.names:
        house.mark(name)
    return house


def seated(house):
    house.build(pool=6, sites=SMALL)
    house.names = house.form(sites=SMALL)
    house.seat()
    house.world.clock.moment = NOW + timedelta(hours=1)
    return house




def vote(house, yes: int, ground: str = "R-07", bidder: str = "丙"):
    for number, name in enumerate(house.names):
        house.do(name, "reject.vote", bid=house.bids[bidder], ground=ground, reject=number < yes, reason="工期")
