"""Bid bonds: lodged unseen, paid, checked at the opening on both sides of every boundary, given back with interest."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from accounts.identity import account_hash
from accounts.models import Org
from certs import authority
from core import ledger
from core.access import SYSTEM, Actor, Role
from core.clock import CST
from core.data import calendar
from core.faults import Unusable
from core.ledger import EntryRow
from core.money import D
from core.rules import Refused
from tests.trading.stage import ISSUE
from trading.bond import bank, queries, returns, rules
from trading.bond.models import Arrival, Bond
from trading.procedures import of
from trading.project.models import Case, CaseMove

THREE = ("投标人甲", "投标人乙", "投标人丙")
ACCOUNTS = {f"投标人{name}": f"4200111122223{n:03d}" for n, name in enumerate("甲乙丙丁戊")}
OWN = rules.RULES.at(date(2026, 4, 1))
BOOK = of("open-works").rules.at(date(2026, 4, 1), "420112")
SECOND = timedelta(seconds=1)


class Desk:
    """Bonds on a stage: everyone has a registered basic account; the bank is the simulated one."""

    def __init__(self, stage) -> None:
        self.stage, self.world = stage, stage.world
        pepper = authority.of(self.config).pepper
        with self.world.read() as session, session.begin():
            for name, number in ACCOUNTS.items():
                org = session.get_one(Org, stage.people[name].org)
                org.account_bank, org.account_masked = "某银行", "****" + number[-4:]
                org.account_hash = account_hash(pepper, number)

    @property
    def config(self):
        return self.world.acts.house.config

    def lodge(self, case: str, who: str, form: str = "transfer", **more: Any) -> dict[str, Any]:
        return self.stage.do(who, "bond.lodge", case, form=form, **more)

    def guarantee(self, amount: str = "800000", until: str = "2026-07-21") -> dict[str, Any]:
        pdf = self.world.acts.house.blobs.put(b"%PDF-1.7 guarantee")
        return {"issuer": "某担保公司", "number": "BH-1", "amount": amount, "valid_until": until, "sha256": pdf.sha256}

    def pay(self, case: str, who: str, amount: str = "800000", account: str = "") -> None:
        self.stage.do(who, "bond.pay", case, account=account or ACCOUNTS[who], amount=amount)

    def tick(self) -> None:
        self.stage.ring("bond.tick", "")

    def record(self, reference: str, who: str = "交易中心", **more: Any) -> dict[str, Any]:
        said = {"amount": "800000", "payer": "投标人甲", "account": ACCOUNTS["投标人甲"], "bank_ref": "S-1",
                "at": self.world.clock.now().isoformat()}  # fmt: skip
        return self.stage.do(who, "bond.record", **({"payment_reference": reference} | said | more))

    def bond(self, case: str, who: str) -> Bond:
        with self.world.read() as session:
            mine = (Bond.case_id == case, Bond.org_id == self.stage.people[who].org)
            found = session.scalars(select(Bond).where(*mine).order_by(Bond.lodged_at.desc())).first()
            assert found is not None
            return found

    def opened(self, case: str, *, before: Any = None) -> None:
        """Bids of three, opened; `before` acts on the last day."""
        seals = {who: self.stage.bid(case, who, price) for who, price in zip(THREE, ("5689", "5828", "5709"),
                                                                           strict=True)}  # fmt: skip
        if before:
            before()
        self.stage.sealed(case)
        self.stage.open_all(case, seals)

    def breaches(self, case: str) -> dict[str, list[tuple[str, str]]]:
        """{bidder: (rule, found)} as the hall shows it."""
        return {name: [(b.rule, b.found) for b in one["breaches"]] for name, one in self.column(case).items()}

    def column(self, case: str) -> dict[str, dict[str, Any]]:
        with self.world.read() as session:
            row, now = session.get_one(Case, case), self.world.clock.now()
            shown = queries.table(session, case, self.stage.people["监管"], now)
            found = queries.of_bids(session, row, now)
            return {one["org_name"]: found[one["bid"]] for one in shown}

    def rows(self, case: str, who: str = "招标人") -> dict[str, dict[str, Any]]:
        with self.world.read() as session:
            found = queries.table(session, case, self.stage.people[who], self.world.clock.now())
            return {one["org_name"]: one for one in found}

    def award(self, case: str, winner: str, state: str) -> None:
        """The case comes to `state` with this winner; the award's own acts are tested with their room."""
        with self.world.read() as session, session.begin():
            row = session.get_one(Case, case)
            row.winner_bid = self.rows(case)[winner]["bid"]
            row.state = state
            place = session.scalar(select(CaseMove.position).order_by(CaseMove.position.desc()).limit(1))
            session.add(CaseMove(case_id=case, position=place + 1, at=self.world.clock.now(), act="x", source="OPENED",
                                 target=state, person="", round=row.round, entry_hash="0" * 64))  # fmt: skip

    def warned(self, case: str) -> list[tuple[str, str, str]]:
        with self.world.read() as session:
            told = [e for e in ledger.entries(session, f"case:{case}") if e.kind == "bond.overdue"]
            return [(w["rule"], w["required"], w["found"]) for e in told for w in e.body["warnings"]]


@pytest.fixture
def desk(stage) -> Desk:
    return Desk(stage)


def refused(act, *rules_: str) -> None:
    with pytest.raises(Refused) as caught:
        act()
    assert [b.rule for b in caught.value.breaches] == list(rules_)
    assert all(b.article and b.required and b.found for b in caught.value.breaches)


# -- lodging ----------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-102", "A-103")
def test_what_is_lodged_and_paid_is_recorded_and_shown_when_the_hall_opens(desk, stage) -> None:
    case = stage.announced()
    stage.at(ISSUE + timedelta(days=3))
    made = {who: desk.lodge(case, who) for who in THREE[:2]}
    desk.lodge(case, "投标人丙", "e_guarantee", guarantee=desk.guarantee())
    desk.pay(case, "投标人甲")
    desk.record(made["投标人乙"]["reference"], payer="投标人乙", account=ACCOUNTS["投标人乙"])
    desk.tick()
    desk.opened(case)
    shown = desk.column(case)
    assert {name: (one["form"], one["amount"], one["breaches"]) for name, one in shown.items()} == {
        "投标人甲": ("transfer", "800000", []), "投标人乙": ("transfer", "800000", []),
        "投标人丙": ("e_guarantee", "800000", []),
    }  # fmt: skip
    with stage.world.read() as session:
        kept = {a.reference: a for a in session.scalars(select(Arrival))}
        assert kept[made["投标人乙"]["reference"]].recorded_by == stage.people["交易中心"].person
        stored = json.dumps([a.__dict__ for a in kept.values()], default=str)
        assert not [number for number in ACCOUNTS.values() if number in stored]
        kinds = [e.kind for e in ledger.entries(session, f"sealed:{case}")]
    assert kinds.count("bond.lodged") == 3 and kinds.count("bond.arrived") == 2


def test_until_the_deadline_the_form_may_change_and_the_reference_stays(desk, stage) -> None:
    case = stage.announced()
    stage.at(stage.deadline(case) - SECOND)
    first = desk.lodge(case, "投标人甲")
    again = desk.lodge(case, "投标人甲", "e_guarantee", guarantee=desk.guarantee())
    assert (again["bond"], again["reference"]) == (first["bond"], first["reference"])
    stage.at(stage.deadline(case))
    refused(lambda: desk.lodge(case, "投标人甲"), "E-02")
    refused(lambda: desk.lodge(case, "投标人乙"), "E-02")


def test_who_may_not_lodge_and_what_is_no_bond(desk, stage) -> None:
    case = stage.announced()
    for who in ("招标人", "代理", "交易中心", "监管"):
        refused(lambda who=who: desk.lodge(case, who), "ACCESS")
    refused(lambda: desk.lodge(case, "投标人甲", "cash"), "BOND-FORM")
    good = desk.guarantee()
    plain = stage.world.acts.house.blobs.put(b"no pdf")
    wrong: list[dict[str, Any]] = [
        {"form": ""}, {"form": "gold"}, {"form": None}, {"form": "e_guarantee"}, {"form": "transfer", "x": 1},
        {"form": "e_guarantee", "guarantee": []},
        *({"form": "e_guarantee", "guarantee": good | change} for change in (
            {"issuer": ""}, {"issuer": "长" * 101}, {"number": None}, {"amount": "0"}, {"amount": "-1"},
            {"amount": "x"},
            {"amount": "0.001"}, {"amount": "1" + "0" * 12}, {"valid_until": "2026-13-01"}, {"sha256": "0" * 64},
            {"sha256": "x"}, {"sha256": plain.sha256}, {"more": 1},
        )),
    ]  # fmt: skip
    for payload in wrong:
        with pytest.raises(Unusable):
            stage.do("投标人甲", "bond.lodge", case, **payload)
    free = stage.announced(bid_bond="0")
    with pytest.raises(Unusable, match="asks for none"):
        desk.lodge(free, "投标人甲")
    with stage.world.read() as session:
        assert session.scalars(select(Bond)).all() == []
        assert queries.own(session, free, stage.people["投标人甲"], stage.world.clock.now()) == {"asked": False}


def test_the_tender_file_names_the_forms(desk, stage) -> None:
    case = stage.announced(settings={"bond_forms": ["cash"]})
    assert desk.lodge(case, "投标人甲", "cash")["required"] == "800000"
    refused(lambda: desk.lodge(case, "投标人乙"), "BOND-FORM")
    with pytest.raises(Unusable, match="bond_forms"):
        stage.drafting(settings={"bond_forms": ["gold"]})


# -- what came to the bank --------------------------------------------------------------------------------------------


def test_a_reference_finds_every_wrong_and_every_exchanged_sign() -> None:
    body = "T4K9ABCDEFG"
    good = body + bank.check_sign(body)
    assert bank.well_formed(good)
    for place in range(bank.LENGTH):
        for sign in bank.ALPHABET:
            changed = good[:place] + sign + good[place + 1 :]
            assert bank.well_formed(changed) == (changed == good)
    for place in range(bank.LENGTH - 1):
        swapped = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
        assert bank.well_formed(swapped) == (swapped == good)


def test_a_clerk_writes_a_line_once_and_learns_nothing_of_whose_it_is(desk, stage) -> None:
    case = stage.announced()
    stage.org("外地中心", "centre", Role.CENTRE, region="420203")
    real = desk.lodge(case, "投标人甲")["reference"]
    body = "ABCDEFGHJKL"
    nobody = body + bank.check_sign(body)
    assert desk.record(real) == {"payment_reference": real}
    assert desk.record(nobody, bank_ref="S-2") == {"payment_reference": nobody}
    refused(lambda: desk.record(real), "BOND-ONCE")
    refused(lambda: desk.record(real, "招标人", bank_ref="S-3"), "ACCESS")
    later = stage.world.clock.now() + SECOND
    for change in (
        {"payment_reference": real[:-1] + ("A" if real[-1] != "A" else "B")}, {"payment_reference": ""},
        {"payment_reference": "长" * 500},
        {"amount": "0"}, {"amount": "x"}, {"account": "12"}, {"account": "x" * 20}, {"bank_ref": ""},
        {"at": later.isoformat()}, {"at": "x"}, {"payer": "长" * 101},
    ):  # fmt: skip
        with pytest.raises(Unusable):
            desk.record(real, **({"bank_ref": "S-9"} | change))
    with stage.world.read() as session:
        mine = queries.cashier(session, stage.people["交易中心"])
        assert {(a["reference"], a["case"], a["org_name"]) for a in mine} == {(real, "", ""), (nobody, "", "")}
        assert queries.cashier(session, stage.people["外地中心"]) == []
        bare = session.scalars(select(EntryRow).where(EntryRow.kind == "bond.arrived"))
        assert {(e.stream, e.case) for e in bare} == {(f"sealed:{case}", ""), ("bank", "")}
    desk.opened(case)
    with stage.world.read() as session:
        mine = {a["reference"]: a["org_name"] for a in queries.cashier(session, stage.people["交易中心"])}
    assert mine == {real: "投标人甲", nobody: ""}


def test_another_centres_clerk_writes_nothing_into_this_tender(desk, stage) -> None:
    case = stage.announced()
    stage.org("外地中心", "centre", Role.CENTRE, region="420203")
    real = desk.lodge(case, "投标人甲")["reference"]
    desk.record(real, "外地中心")
    desk.opened(case)
    assert [rule for rule, _ in desk.breaches(case)["投标人甲"]] == ["BOND-TIME"]


def test_a_line_that_nobody_could_read_is_given_its_reference_by_hand(desk, stage) -> None:
    case = stage.announced()
    real = desk.lodge(case, "投标人甲")["reference"]
    house = bank.of(desk.config)
    house.pay_in("投标保证金", D("800000"), stage.world.clock.now(), "投标人甲", ACCOUNTS["投标人甲"])
    desk.tick()
    desk.tick()
    desk.record(real, bank_ref="DEMO00000001")
    refused(lambda: desk.record(real, bank_ref="DEMO00000001"), "BOND-ONCE")
    desk.opened(case)
    assert desk.breaches(case)["投标人甲"] == []


def test_the_feed_does_not_double_what_a_clerk_wrote(desk, stage) -> None:
    case = stage.announced()
    desk.lodge(case, "投标人甲")
    desk.pay(case, "投标人甲")
    desk.record(desk.bond(case, "投标人甲").reference, bank_ref="DEMO00000001")
    desk.tick()
    with stage.world.read() as session:
        assert len(session.scalars(select(Arrival)).all()) == 1


def test_the_simulated_bank_takes_only_ones_own_bond(desk, stage) -> None:
    case = stage.announced()
    with pytest.raises(Unusable, match="none of yours"):
        desk.pay(case, "投标人甲")
    desk.lodge(case, "投标人甲")
    for change in ({"account": "1"}, {"amount": "0"}, {"amount": "0.001"}):
        with pytest.raises(Unusable):
            stage.do("投标人甲", "bond.pay", case, **({"account": ACCOUNTS["投标人甲"]} | change))
    assert bank.of(desk.config).lines(0) == []


# -- the check --------------------------------------------------------------------------------------------------------


@pytest.mark.certify("A-104")
@pytest.mark.parametrize(
    ("amount", "breach"),
    [
        ("800000", []), ("799999.99", [("BOND-AMOUNT", "799999.99元")]), ("800000.01", [("R1-13", "800000.01元")]),
    ],
)  # fmt: skip
def test_a_cent_less_or_above_the_cap_is_told(desk, stage, amount, breach) -> None:
    case = stage.announced()
    for who in THREE:
        desk.lodge(case, who)
    desk.pay(case, "投标人甲", amount)
    desk.lodge(case, "投标人乙", "e_guarantee", guarantee=desk.guarantee(amount))
    desk.tick()
    desk.opened(case)
    found = desk.breaches(case)
    assert (found["投标人甲"], found["投标人乙"]) == (breach, breach)
    assert found["投标人丙"] == [("BOND-TIME", "-")]


@pytest.mark.certify("A-104")
@pytest.mark.parametrize(("late", "rule"), [(-1, []), (0, ["BOND-TIME"]), (1, ["BOND-TIME"])])
def test_a_second_decides_whether_money_came_in_time(desk, stage, late, rule) -> None:
    case = stage.announced()
    reference = desk.lodge(case, "投标人甲")["reference"]
    desk.opened(case)
    moment = stage.deadline(case) + late * SECOND
    stage.at(stage.world.clock.now() + timedelta(hours=1))
    desk.record(reference, at=moment.isoformat())
    assert [r for r, _ in desk.breaches(case)["投标人甲"]] == rule


def test_two_payments_count_together_and_a_late_one_does_not(desk, stage) -> None:
    case = stage.announced()
    reference = desk.lodge(case, "投标人甲")["reference"]
    desk.record(reference, amount="500000", bank_ref="S-1")
    desk.record(reference, amount="299999.99", bank_ref="S-2")
    desk.opened(case)
    stage.at(stage.deadline(case) + SECOND)
    desk.record(reference, amount="0.01", bank_ref="S-3")
    assert desk.breaches(case)["投标人甲"] == [("BOND-AMOUNT", "799999.99元")]


@pytest.mark.certify("A-104")
@pytest.mark.rule("R1-15", "allowed")
@pytest.mark.rule("R1-15", "refused")
@pytest.mark.parametrize("form", ["transfer", "cheque", "cash"])
def test_what_is_paid_comes_from_the_basic_account(desk, stage, form) -> None:
    case = stage.announced(settings={"bond_forms": [form]})
    for who in THREE:
        desk.lodge(case, who, form)
    desk.pay(case, "投标人甲")
    desk.pay(case, "投标人乙", account="4200999988887777")
    desk.pay(case, "投标人丙")
    with stage.world.read() as session, session.begin():
        session.get_one(Org, stage.people["投标人丙"].org).account_hash = ""
    desk.tick()
    desk.opened(case)
    found = desk.breaches(case)
    assert found["投标人甲"] == []
    assert found["投标人乙"] == found["投标人丙"] == [("R1-15", form)], "none registered is none"


@pytest.mark.certify("A-104")
@pytest.mark.parametrize(("until", "rule"), [("2026-07-21", []), ("2026-07-20", ["BOND-VALID"])])
def test_a_guarantee_lasts_as_long_as_the_bids(desk, stage, until, rule) -> None:
    case = stage.announced()
    assert stage.deadline(case).date() == date(2026, 4, 22)
    desk.lodge(case, "投标人甲", "e_guarantee", guarantee=desk.guarantee(until=until))
    desk.opened(case)
    assert [r for r, _ in desk.breaches(case)["投标人甲"]] == rule


def test_the_check_is_recorded_and_rejects_nobody(desk, stage) -> None:
    case = stage.announced()
    desk.lodge(case, "投标人甲")
    desk.pay(case, "投标人甲")
    seals = {who: stage.bid(case, who) for who in THREE}
    stage.sealed(case)
    stage.begin(case, *THREE)
    stage.world.acts.act(returns.check, SYSTEM, case)
    with stage.world.read() as session:
        (entry,) = [e for e in ledger.entries(session, f"case:{case}") if e.kind == "bond.checked"]
    by_bid = {one["bid"]: one for one in entry.body["bids"]}
    first = seals["投标人甲"].manifest.context.bid
    assert (by_bid[first]["amount"], by_bid[first]["breaches"]) == ("800000", [])
    assert {w["rule"] for w in entry.body["warnings"]} == {"BOND-LODGED"} and len(entry.body["warnings"]) == 2
    for who in THREE:
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)
    stage.do("交易中心", "opening.close", case)
    assert stage.ring("opening.settle", case)["opened"] == 3


def test_equal_payers_are_a_sign_for_people(desk, stage) -> None:
    case = stage.announced()
    for who in THREE:
        desk.lodge(case, who)
    for who in THREE[:2]:
        desk.pay(case, who, account="4200999988887777")
    desk.pay(case, "投标人丙")
    desk.tick()
    with stage.world.read() as session:
        assert queries.shared_payers(session, session.get_one(Case, case)) == []
    desk.opened(case)
    rows = desk.rows(case)
    with stage.world.read() as session:
        (sign,) = queries.shared_payers(session, session.get_one(Case, case))
    assert sign == {"found": "****7777", "bids": sorted(rows[who]["bid"] for who in THREE[:2])}


# -- who sees it ------------------------------------------------------------------------------------------------------


def test_a_bidder_sees_its_own_bond_and_nobody_elses(desk, stage) -> None:
    case = stage.announced()
    desk.lodge(case, "投标人甲")
    desk.lodge(case, "投标人乙")
    now = stage.world.clock.now()
    with stage.world.read() as session:
        mine = queries.own(session, case, stage.people["投标人甲"], now)
        none = queries.own(session, case, stage.people["投标人丙"], now)
        assert (mine["bond"]["reference"], none["bond"]) == (desk.bond(case, "投标人甲").reference, None)
        assert queries.own(session, case, stage.people["招标人"], now) == {"asked": False}
        for who in ("招标人", "代理", "交易中心", "监管"):
            assert queries.table(session, case, stage.people[who], now) == []
        with pytest.raises(Refused):
            queries.table(session, case, stage.people["投标人甲"], now)
        with pytest.raises(Refused):
            queries.table(session, case, Actor(roles=frozenset({Role.PUBLIC})), now)


def test_the_file_of_a_guarantee_is_the_parties_once_the_hall_is_open(desk, stage) -> None:
    case = stage.announced()
    made = desk.lodge(case, "投标人甲", "e_guarantee", guarantee=desk.guarantee())

    def read(who: str) -> bool:
        with stage.world.read() as session:
            return queries.guarantee(session, case, made["bond"], stage.people[who]) != ""

    everyone = ("招标人", "代理", "交易中心", "监管", "投标人甲", "投标人乙")
    assert not any(read(who) for who in everyone)
    desk.opened(case)
    assert [who for who in everyone if read(who)] == ["招标人", "代理", "交易中心", "监管"]


# -- giving back ------------------------------------------------------------------------------------------------------


def _paid_and_opened(desk: Desk, stage) -> str:
    case = stage.announced()
    stage.at(datetime(2026, 4, 10, 10, tzinfo=CST))
    for who in THREE:
        desk.lodge(case, who)
        desk.pay(case, who)
    desk.tick()
    desk.opened(case)
    return case


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        # 800000 × 30 × 0.35 % ÷ 360 = 233.333…
        ([("800000", 30)], "233.33"),
        # 100000 × 18 × 0.35 % ÷ 360 = 17.5, to the cent; 1 day of 72 yuan is 0.0007
        ([("100000", 18)], "17.50"), ([("72", 1)], "0.00"),
        # 360 × 1 × 0.35 % ÷ 360 = 0.0035; twice that is 0.007: summed first, then rounded, half up
        ([("360", 1), ("360", 1)], "0.01"), ([("360", 1)], "0.00"),
        # 1800 × 2 × 0.35 % ÷ 360 = 0.035: half a cent goes up
        ([("1800", 2)], "0.04"), ([], "0.00"), ([("800000", 0)], "0.00"),
    ],
)  # fmt: skip
def test_interest_is_as_reckoned_by_hand(parts, said) -> None:
    found = rules.interest([(D(amount), days) for amount, days in parts], OWN)
    assert (found, found.as_tuple().exponent) == (Decimal(said), -2)


@pytest.mark.certify("A-105", "B-047")
def test_losers_after_the_notice_and_the_winner_after_the_contract_with_interest(desk, stage) -> None:
    case = _paid_and_opened(desk, stage)
    ids = {who: desk.bond(case, who).id for who in THREE}

    def back(*who: str, by: str = "招标人") -> dict[str, Any]:
        return stage.do(by, "bond.return", case, bonds=[ids[one] for one in who])

    refused(lambda: back("投标人乙"), "BOND-EARLY")
    stage.at(datetime(2026, 5, 10, 9, tzinfo=CST))
    desk.award(case, "投标人甲", "NOTIFIED")
    refused(lambda: back("投标人甲"), "BOND-EARLY")
    refused(lambda: back("投标人甲", "投标人乙"), "BOND-EARLY")
    assert desk.bond(case, "投标人乙").state == "lodged", "all or none"
    assert [who for who, one in desk.rows(case).items() if one["returnable"]] == ["投标人乙", "投标人丙"]
    made = back("投标人乙", "投标人丙", by="交易中心")["returned"]
    assert {(one["principal"], one["interest"]) for one in made} == {("800000", "233.33")}
    refused(lambda: back("投标人乙"), "BOND-ONCE")
    stage.at(datetime(2026, 5, 15, 9, tzinfo=CST))
    desk.award(case, "投标人甲", "CONTRACTED")
    back("投标人甲")
    desk.tick()
    held = {who: desk.bond(case, who) for who in THREE}
    assert {one.state for one in held.values()} == {"returned"}
    assert held["投标人甲"].interest == "272.22"  # 800000 × 35 × 0.35 % ÷ 360 = 272.222…
    assert held["投标人甲"].working == {
        "rate": "0.35", "basis": "360", "article": "招标投标法实施条例 第57条", "until": "2026-05-15",
        "parts": [{"amount": "800000", "days": 35}],
    }  # fmt: skip
    paid = [(line.amount, line.kind) for line in bank.of(desk.config).lines(3)]
    assert paid == [(D("800233.33"), "out"), (D("800233.33"), "out"), (D("800272.22"), "out")]
    desk.tick()
    assert len(bank.of(desk.config).lines(0)) == 6


def test_a_guarantee_is_released_at_once(desk, stage) -> None:
    case = stage.announced()
    desk.lodge(case, "投标人乙", "e_guarantee", guarantee=desk.guarantee())
    desk.opened(case)
    desk.award(case, "投标人甲", "NOTIFIED")
    stage.do("招标人", "bond.return", case, bonds=[desk.bond(case, "投标人乙").id])
    found = desk.bond(case, "投标人乙")
    assert (found.state, found.principal, found.interest) == ("returned", "0", "0")


def test_without_a_bank_a_clerk_confirms_by_hand(desk, stage, monkeypatch) -> None:
    monkeypatch.setattr(bank, "of", lambda config: None)
    case = stage.announced()
    reference = desk.lodge(case, "投标人乙")["reference"]
    with pytest.raises(Unusable, match="at the bank itself"):
        desk.pay(case, "投标人乙")
    desk.record(reference, account=ACCOUNTS["投标人乙"])
    desk.opened(case)
    desk.award(case, "投标人甲", "NOTIFIED")
    bond = desk.bond(case, "投标人乙").id
    said = {"bond": bond, "bank_ref": "OUT-1", "at": stage.world.clock.now().isoformat()}
    with pytest.raises(Unusable, match="no such order waits"):
        stage.do("交易中心", "bond.confirm", **said)
    stage.do("招标人", "bond.return", case, bonds=[bond])
    desk.tick()
    with stage.world.read() as session:
        (order,) = queries.orders(session, stage.people["交易中心"])
        assert set(order) == {"id", "reference", "principal", "interest", "settled_at", "form"}
    stage.org("外地中心", "centre", Role.CENTRE, region="420203")
    with pytest.raises(Unusable, match="no such order waits"):
        stage.do("外地中心", "bond.confirm", **said)
    refused(lambda: stage.do("招标人", "bond.confirm", **said), "ACCESS")
    stage.do("交易中心", "bond.confirm", **said)
    with pytest.raises(Unusable, match="no such order waits"):
        stage.do("交易中心", "bond.confirm", **said)
    assert (desk.bond(case, "投标人乙").state, desk.bond(case, "投标人乙").bank_ref) == ("returned", "OUT-1")


def test_who_may_not_return_and_whose_bond_it_must_be(desk, stage) -> None:
    case, other = _paid_and_opened(desk, stage), stage.announced()
    desk.lodge(other, "投标人丁")
    desk.award(case, "投标人甲", "CONTRACTED")
    mine, strange = desk.bond(case, "投标人乙").id, desk.bond(other, "投标人丁").id
    for who in ("代理", "监管", "投标人乙"):
        refused(lambda who=who: stage.do(who, "bond.return", case, bonds=[mine]), "ACCESS")
    stage.org("另一招标人", "tenderer", Role.TENDERER)
    refused(lambda: stage.do("另一招标人", "bond.return", case, bonds=[mine]), "ACCESS")
    for bonds in ([], [mine, mine], [strange], ["0" * 16], [None], "x", [mine] * 501):
        with pytest.raises(Unusable):
            stage.do("招标人", "bond.return", case, bonds=bonds)
    assert desk.bond(case, "投标人乙").state == "lodged"


# -- when it must be back ---------------------------------------------------------------------------------------------


@pytest.mark.rule("R1-14", "allowed")
@pytest.mark.rule("R1-14", "refused")
@pytest.mark.certify("B-047")
def test_five_days_after_the_contract_a_bond_still_held_is_a_recorded_warning(desk, stage) -> None:
    """Signed on Wednesday 29 April: the fifth day is 4 May, a holiday, and so is the 5th; the 6th is the last day."""
    case = _paid_and_opened(desk, stage)
    stage.at(datetime(2026, 4, 29, 9, tzinfo=CST))
    desk.award(case, "投标人甲", "CONTRACTED")
    assert {one["due"] for one in desk.rows(case).values()} == {date(2026, 5, 6)}
    stage.do("招标人", "bond.return", case, bonds=[desk.bond(case, "投标人丙").id])
    stage.at(datetime(2026, 5, 6, 23, 59, 59, tzinfo=CST))
    desk.tick()
    assert desk.warned(case) == []
    stage.at(datetime(2026, 5, 7, tzinfo=CST))
    desk.tick()
    desk.tick()
    assert desk.warned(case) == [("R1-14", "≤ 2026-05-06", "2026-05-07")] * 2, "once each, and not the one returned"
    rows = desk.rows(case, "监管")
    assert [who for who in THREE if rows[who]["overdue"]] == ["投标人甲", "投标人乙"]
    assert desk.bond(case, "投标人甲").state == "lodged", "the platform gives nothing back in the parties' place"


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (date(2026, 4, 15), date(2026, 4, 20)), (date(2026, 4, 13), date(2026, 4, 20)),
        (date(2026, 4, 26), date(2026, 5, 6)), (date(2026, 5, 4), date(2026, 5, 9)),
    ],
)  # fmt: skip
def test_the_fifth_day_moves_past_days_off_and_not_past_worked_ones(start, due) -> None:
    assert rules.return_due(start, BOOK, calendar()).date == due
    assert rules.overdue(due, due, BOOK) == [] and rules.overdue(due, due + timedelta(days=1), BOOK)


@pytest.mark.rule("R1-14", "withdrawn")
@pytest.mark.certify("A-105")
def test_a_withdrawn_bidder_gets_its_money_on_the_last_of_five_days_without_anybody_seeing(desk, stage) -> None:
    case = stage.announced()
    stage.at(datetime(2026, 4, 7, 9, tzinfo=CST))
    first = desk.lodge(case, "投标人甲")
    desk.pay(case, "投标人甲")
    desk.lodge(case, "投标人乙")
    made = stage.bid(case, "投标人甲")
    stage.do("投标人甲", "bid.withdraw", case, bid=made.manifest.context.bid)
    stage.at(datetime(2026, 4, 12, 23, tzinfo=CST))  # the fifth day is a Sunday
    desk.tick()
    assert desk.bond(case, "投标人甲").state == "lodged"
    with stage.world.read() as session:
        before = [e.kind for e in ledger.entries(session, f"case:{case}")]
    stage.at(datetime(2026, 4, 13, 0, 0, 1, tzinfo=CST))
    desk.tick()
    desk.tick()
    held = desk.bond(case, "投标人甲")
    assert (held.state, held.settled_by, held.interest) == ("returned", "system", "46.67")  # 800000 × 6 × 0.35 % ÷ 360
    assert desk.bond(case, "投标人乙").state == "lodged", "who has not bid yet may still bid"
    again = desk.lodge(case, "投标人甲")
    assert again["reference"] != first["reference"]
    with stage.world.read() as session:
        assert [e.kind for e in ledger.entries(session, f"case:{case}")] == before
    assert desk.warned(case) == []


def test_a_withdrawal_taken_back_by_a_new_bid_keeps_the_bond(desk, stage) -> None:
    case = stage.announced()
    stage.at(datetime(2026, 4, 7, 9, tzinfo=CST))
    desk.lodge(case, "投标人甲")
    desk.pay(case, "投标人甲")
    made = stage.bid(case, "投标人甲")
    stage.do("投标人甲", "bid.withdraw", case, bid=made.manifest.context.bid)
    stage.bid(case, "投标人甲")
    stage.at(datetime(2026, 4, 14, 9, tzinfo=CST))
    desk.tick()
    assert desk.bond(case, "投标人甲").state == "lodged"


def test_after_the_deadline_who_did_not_bid_gets_its_money_at_once(desk, stage) -> None:
    case = stage.announced()
    desk.lodge(case, "投标人丁")
    desk.pay(case, "投标人丁")
    desk.tick()
    desk.opened(case)
    desk.tick()
    desk.tick()
    assert desk.bond(case, "投标人丁").state == "returned"
    assert set(desk.rows(case)) == set(THREE)
    with stage.world.read() as session:
        said = json.dumps([e.body for e in ledger.entries(session, f"case:{case}")], default=str)
    assert desk.bond(case, "投标人丁").reference not in said


def test_until_the_hall_is_open_a_bond_stays_for_the_bid_may_still_come(desk, stage) -> None:
    """A deadline that did not hold may be set anew; nor may the orders of the counter tell who has not bid."""
    case = stage.announced()
    for who in (*THREE, "投标人丁"):
        desk.lodge(case, who)
        desk.pay(case, who)
    for who in THREE:
        stage.bid(case, who)
    desk.tick()
    stage.sealed(case)
    desk.tick()
    assert desk.bond(case, "投标人丁").state == "lodged"
    stage.begin(case, *THREE)
    desk.tick()
    assert desk.bond(case, "投标人丁").state == "returning"


def test_a_tender_that_failed_gives_everything_back_and_names_nobody(desk, stage) -> None:
    case = stage.announced()
    for who in THREE[:2]:
        desk.lodge(case, who)
        desk.pay(case, who)
        stage.bid(case, who)
    stage.sealed(case)
    desk.tick()
    desk.tick()
    assert {desk.bond(case, who).state for who in THREE[:2]} == {"returned"}
    assert desk.rows(case) == desk.rows(case, "监管") == {}
    stage.do("代理", "project.retender", case)
    stage.do("代理", "file.compile", case)
    stage.do("代理", "file.save", case, bidding_days=21)
    stage.issue(case)
    fresh = desk.lodge(case, "投标人甲")
    with stage.world.read() as session:
        mine = session.get_one(Bond, fresh["bond"])
        assert (mine.round, mine.state) == (2, "lodged")
        assert queries.own(session, case, stage.people["投标人甲"], stage.world.clock.now())["paid"] == []


def test_a_bank_that_does_not_confirm_in_time_is_a_warning(desk, stage, monkeypatch) -> None:
    monkeypatch.setattr(bank, "of", lambda config: None)
    case = stage.announced()
    desk.record(desk.lodge(case, "投标人丁")["reference"])
    desk.opened(case)
    desk.tick()
    assert desk.bond(case, "投标人丁").state == "returning"
    stage.at(datetime(2026, 4, 27, 23, tzinfo=CST))
    desk.tick()
    assert desk.warned(case) == []
    stage.at(datetime(2026, 4, 28, tzinfo=CST))
    desk.tick()
    assert desk.warned(case) == [("R1-14", "≤ 2026-04-27", "2026-04-28")]


# -- keeping it -------------------------------------------------------------------------------------------------------


def test_a_bond_is_kept_only_on_a_ground_of_the_law(desk, stage) -> None:
    case = stage.announced()
    seals = {}
    for who in (*THREE, "投标人丁"):
        desk.lodge(case, who)
        desk.pay(case, who)
        seals[who] = stage.bid(case, who)
    desk.tick()
    stage.sealed(case)
    stage.begin(case, *THREE)
    for who in THREE:
        stage.do(who, "opening.unlock", case, file_key=seals[who].file_key)
    lost = seals["投标人丁"].manifest.context.bid
    stage.compare(case, lost)
    stage.do("交易中心", "opening.decide", case, bid=lost, cause="bidder", reason="未解密")
    stage.do("交易中心", "opening.close", case)
    stage.ring("opening.settle", case)
    ids = {who: desk.bond(case, who).id for who in (*THREE, "投标人丁")}

    def keep(who: str, ground: str, by: str = "招标人", reason: str = "已书面告知") -> None:
        stage.do(by, "bond.forfeit", case, bond=ids[who], ground=ground, reason=reason)

    refused(lambda: keep("投标人甲", "TL35"), "BOND-GROUND")
    refused(lambda: keep("投标人甲", "TL74"), "BOND-GROUND")
    for who in ("交易中心", "代理", "监管", "投标人乙"):
        refused(lambda who=who: keep("投标人丁", "TL35", who), "ACCESS")
    for ground, reason in (("TL35", ""), ("x", "因由"), ("TL35", "长" * 1001)):
        with pytest.raises(Unusable):
            keep("投标人丁", ground, reason=reason)
    keep("投标人丁", "TL35")
    refused(lambda: keep("投标人丁", "TL35"), "BOND-ONCE")
    desk.award(case, "投标人甲", "NOTIFIED")
    refused(lambda: keep("投标人乙", "TL74"), "BOND-GROUND")
    keep("投标人甲", "TL74")
    refused(lambda: stage.do("招标人", "bond.return", case, bonds=[ids["投标人甲"]]), "BOND-ONCE")
    with stage.world.read() as session:
        told = [e.body for e in ledger.entries(session, f"case:{case}") if e.kind == "bond.forfeited"]
    assert [(one["ground"], one["reason"]) for one in told] == [("TL35", "已书面告知"), ("TL74", "已书面告知")]
    desk.award(case, "投标人甲", "CONTRACTED")
    refused(lambda: keep("投标人乙", "TL74"), "BOND-GROUND")
