"""Each number of government procurement on both sides of its boundary, with the book of its procedure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.access import Role
from core.clock import CST
from core.data import calendar
from core.rules import RuleBook, RuleRow
from evaluation.committee import rules as committee
from tests.trading.test_rules import both
from trading.award import rules as award
from trading.bidding import rules as bidding
from trading.bidding.facts import Bidder
from trading.bond import rules as bond
from trading.document import rules as document
from trading.document.facts import Draft
from trading.opening import rules as opening
from trading.procedures import of
from trading.procedures.open_goods import checks
from trading.project import rules
from trading.project.facts import Need
from trading.qualification import rules as qualification

DAY = date(2026, 4, 1)
GOODS = of("open-goods")
BOOK = GOODS.rules.at(DAY, "420112")
CAL = calendar()
DEADLINE = datetime(2026, 4, 22, 9, 0, tzinfo=CST)
SECOND = timedelta(seconds=1)
SPOT = DEADLINE + timedelta(minutes=10)
D = Decimal
RATIO: dict[str, Any] = {
    "full": "30", "weight": "1", "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]}, "curve": {"kind": "ratio"},
}  # fmt: skip
OTHERS = [{"id": "technical", "name": "技术响应", "max": "50"}, {"id": "service", "name": "售后服务", "max": "20"}]


def draft(**changes: Any) -> Draft:
    base = Draft(
        kind="goods", estimate=D(110), plan_published=date(2026, 3, 2), issue=DAY, file_from=DAY,
        file_until=date(2026, 4, 9), deadline=DEADLINE, ceiling="105", ceiling_wan=D(105), bond=D(2), regime="R2",
        evaluation=scored(), award={"separate": False, "candidates": 3, "ranked": True},
    )  # fmt: skip
    return replace(base, **changes)


def scored(price: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"price": RATIO | (price or {}), "criteria": OTHERS} | changes


def on_draft(check):
    return lambda changes: check(draft(**changes), BOOK, CAL)


def at(days: int) -> datetime:
    return DEADLINE - timedelta(days=days)


def in_time(rule: str, start: date):
    return lambda today: rules.within(BOOK, rule, start, today, CAL)


def services(weight: str) -> dict[str, Any]:
    """Other factors make 90 points."""
    return {"kind": "services", "evaluation": scored({"full": weight}, criteria=[{"id": "a", "max": "90"}])}


def part(rate: str, least: str = "30") -> dict[str, Any]:
    """A share of small firms in the contract is deducted."""
    return {"evaluation": scored({"deductions": {"small_share": rate}, "least_share": least})}


def named(*names: str) -> dict[str, Any]:
    return {"evaluation": scored(criteria=[{"id": f"c{n}", "name": one, "max": "10"} for n, one in enumerate(names)])}


def reviewed(name: str) -> dict[str, Any]:
    return {"evaluation": scored(preliminary=[{"id": "C1", "part": "符合性审查", "name": name}])}


ONE, TWO, OWNER = Bidder("1", "A", "张三"), Bidder("2", "B", "李四"), Bidder("t", "T", "")
ITEMS, BIDS = ("Q1", "Q2"), ("a", "b")
FULL = {(bid, item) for bid in BIDS for item in ITEMS}
SEPARATE = {"award": {"separate": True, "ranked": False}}

CASES = [
    *both("R2-INTENT", lambda d: rules.plan_age(d, DAY, BOOK), date(2026, 3, 2), date(2026, 3, 3)),
    *both("R2-01", on_draft(checks.notice_period), {"settings": {"notice_days": 5}}, {"settings": {"notice_days": 4}}),
    # 2026-04-04 to 06 is 清明: the fifth working day after the 1st is the 9th.
    *both("R2-02", on_draft(document.issue_period), {}, {"file_until": date(2026, 4, 8)}),
    *both("R2-03", on_draft(document.bidding_period), {"deadline": at(1)}, {"deadline": at(2)}),
    *both("R2-04", lambda n: document.clarified_deadline(n, DEADLINE, True, BOOK, CAL)[1], at(15), at(14)),
    *both("R2-04/subject", lambda said: document.keeps_subject(said, BOOK), True, False),
    *both("R2-06", on_draft(checks.budget), {"ceiling_wan": D(110)}, {"ceiling_wan": D("110.01")}),
    *both("R2-07", on_draft(checks.bid_bond), {"bond": D("2.2")}, {"bond": D("2.21")}),
    *both("R2-07/form", on_draft(checks.bid_bond), {"settings": {"bond_forms": ["transfer"]}},
          {"settings": {"bond_forms": ["transfer", "cash"]}}),
    # 2026-04-22 is a Wednesday; the fifth working day after it the 29th.
    *both("R2-08", lambda d: bond.overdue(bond.return_due(date(2026, 4, 22), BOOK, CAL).date, d, BOOK),
          date(2026, 4, 29), date(2026, 4, 30)),
    *both("R2-09", lambda n: opening.enough_bids(n, BOOK), 3, 2),
    *both("R2-09/qualified", lambda n: qualification.enough(n, BOOK), 3, 2),
    *both("R2-09/conforming", lambda n: committee.competition(n, BOOK), 3, 2),
    *both("R2-10", lambda found: qualification.complete(BIDS, ITEMS, found, BOOK), FULL, FULL - {("b", "Q2")}),
    *both("R2-11", lambda n: committee.size(n, 0, BOOK, D(999)), 5, 4),
    *both("R2-11/large", lambda n: committee.size(n, 0, BOOK, D(1000)), 7, 5),
    *both("R2-11/experts", lambda reps: committee.size(7 - reps, reps, BOOK), 2, 3),
    *both("R2-14/goods", on_draft(checks.price_weight), {}, {"evaluation": scored({"full": "29.99"})}),
    *both("R2-14/services", on_draft(checks.price_weight), services("10"), services("9.99")),
    *both("R2-14/formula", on_draft(checks.low_price_first), {},
          {"evaluation": scored({"benchmark": {"terms": [{"of": "mean"}]}})}),
    *both("R2-15", on_draft(checks.size_conditions), {"sections": {"qualification": "具有相应能力"}},
          {"sections": {"qualification": "注册资本不少于500万元"}}),
    *both("R2-15/scored", on_draft(checks.qualification_apart), named("技术响应"), named("营业执照")),
    *both("SME-SHARE", on_draft(checks.small_share), part("0.05", "30"), part("0.05", "30.01")),
    *both("SME-SHARE/least", on_draft(checks.small_share), part("0.04"), part("0.0399")),
    *both("SME-SHARE/most", on_draft(checks.small_share), part("0.06"), part("0.0601")),
    *both("R2-TIME", lambda n: committee.enough_time(n, 6, BOOK), 2, 3),
    *both("R2-OPENING", lambda now: opening.objection_open(DEADLINE, now, BOOK), SPOT, SPOT + SECOND),
    *both("R2-VALID", lambda d: rules.validity_ending(date(2026, 7, 21), d, BOOK), date(2026, 7, 13),
          date(2026, 7, 14)),
    *both("R2-CANDIDATES", on_draft(checks.ranked), {}, {"award": {"candidates": 4}}),
    *both("R2-ORDER", lambda reason: award.in_order("b", "a", reason, BOOK), "放弃中标", ""),
    *both("R2-16", in_time("R2-16", date(2026, 4, 22)), date(2026, 4, 29), date(2026, 4, 30)),
    *both("R2-16/publish", in_time("R2-16/publish", date(2026, 4, 22)), date(2026, 4, 24), date(2026, 4, 25)),
    # 2026-04-24 is a Friday.
    *both("R2-17", lambda until: award.notice_long_enough(date(2026, 4, 24), until, BOOK, CAL), date(2026, 4, 27),
          date(2026, 4, 26)),
    # thirty days end on 2026-05-01, a holiday until the 5th.
    *both("R2-18", in_time("R2-18", DAY), date(2026, 5, 6), date(2026, 5, 7)),
    *both("R2-18/publish", in_time("R2-18/publish", date(2026, 4, 24)), date(2026, 4, 28), date(2026, 4, 29)),
    *both("R2-18/file", in_time("R2-18/file", date(2026, 4, 13)), date(2026, 4, 22), date(2026, 4, 23)),
    *both("R2-19", lambda v: award.performance_bond(D(v), D(86), BOOK), "8.6", "8.61"),
    *both("R2-19/form", lambda form: award.bond_form(form, D(1), BOOK), "guarantee", "cash"),
    *both("R2-25", lambda b: bidding.related([ONE, b], OWNER, BOOK), TWO, replace(TWO, legal_person="张三")),
    *both("R2-DRAW", lambda n: committee.quotas(
        {"members_by_site": {"420112": n}, "experts": 5, "spares_by_site": {}}, {"420112": "main"}, BOOK), 5, 4),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "judge", "given", "broken"), CASES)
def test_boundary(rule, judge, given, broken) -> None:
    found = judge(given)
    assert [b.rule for b in found] == ([rule] if broken else [])
    assert all("招标投标法 " not in b.article and not b.article.startswith("招标投标法") for b in found)


@pytest.mark.rule("R2-08/late", "allowed")
@pytest.mark.rule("R2-08/rate", "allowed")
def test_a_bond_returned_on_its_last_day_earns_nothing() -> None:
    paid, due = date(2026, 4, 1), date(2026, 4, 29)
    assert bond.days(paid, due, due, BOOK) == 0
    assert bond.days(paid, due, due, of("open-works").rules.at(DAY)) == 28, "works pay for the time it lay there"


@pytest.mark.rule("R2-08/late", "refused")
@pytest.mark.rule("R2-08/rate", "refused")
def test_a_bond_returned_late_costs_a_fifth_more_than_a_loan() -> None:
    late = bond.days(date(2026, 4, 1), date(2026, 4, 29), date(2026, 4, 30), BOOK)
    assert late == 1
    own = bond.rates(bond.RULES.at(DAY), BOOK)
    assert own["BOND-INT"].value == D("5.22")  # 4.35 % × 1.2
    assert bond.interest([(D(20000), late)], own) == D("2.90")


@pytest.mark.rule("R2-11/budget", "allowed")
def test_below_ten_million_five_members_do() -> None:
    assert committee.size(5, 0, BOOK, D("999.99")) == []


@pytest.mark.rule("R2-11/budget", "refused")
def test_from_ten_million_on_five_are_too_few() -> None:
    assert [b.rule for b in committee.size(5, 0, BOOK, D(1000))] == ["R2-11/large"]


@pytest.mark.rule("R2-OPENING/spot", "allowed")
@pytest.mark.rule("R2-OPENING/spot", "refused")
@pytest.mark.rule("R2-TIME/longer", "allowed")
@pytest.mark.rule("R2-TIME/longer", "refused")
def test_parameters_of_the_platform_are_read_where_works_read_theirs() -> None:
    assert opening.objection_open(DEADLINE, SPOT, BOOK) == []
    assert opening.objection_open(DEADLINE, SPOT + SECOND, BOOK) != []
    assert (BOOK["R1-21/longer"].id, BOOK["R1-21/longer"].number) == ("R2-TIME/longer", 2)


@pytest.mark.parametrize(("price", "criteria", "ok"), [
    ({}, OTHERS, True),
    ({"benchmark": {"terms": [{"of": "lowest"}], "round": 2}}, OTHERS, True),
    ({"benchmark": {"terms": [{"of": "lowest"}], "factor": "1"}}, OTHERS, True),
    ({"benchmark": {"terms": [{"of": "lowest"}], "factor": "0.95"}}, OTHERS, False),
    ({"benchmark": {"terms": [{"of": "lowest"}], "factor_set": ["0.95", "0.97"]}}, OTHERS, False),
    ({"benchmark": {"terms": [{"of": "lowest"}], "trim": [{"from": 5, "high": 1, "low": 1}]}}, OTHERS, False),
    ({"benchmark": {"terms": [{"of": "lowest", "weight": "0.5"}, {"of": "mean", "weight": "0.5"}]}}, OTHERS, False),
    ({"benchmark": {"terms": [{"of": "second_lowest"}]}}, OTHERS, False),
    ({"curve": {"kind": "slope", "above_per_pct": "2", "below_per_pct": "1"}}, OTHERS, False),
    ({"curve": {"kind": "evaluated"}}, [], True),
    ({"curve": {"kind": "evaluated"}}, OTHERS, False),
])  # fmt: skip
def test_only_the_lowest_price_first_scores_a_price(price, criteria, ok) -> None:
    found = checks.low_price_first(draft(evaluation=scored(price, criteria=criteria)), BOOK, CAL)
    assert [b.rule for b in found] == ([] if ok else ["R2-14/formula"])
    assert all(b.article.endswith("第54条、第55条") and b.blocks for b in found)


@pytest.mark.parametrize("word", checks.SIZE)
def test_every_word_of_a_firms_size_is_found_wherever_it_stands(word) -> None:
    asked = {"sections": {"qualification": f"投标人{word}要求"}}
    for changes in (asked, named(f"{word}情况"), reviewed(f"{word}证明")):
        assert [b.found for b in checks.size_conditions(draft(**changes), BOOK, CAL)] == [word]


def test_what_qualifies_is_neither_scored_nor_reviewed_by_the_committee() -> None:
    assert [b.rule for b in checks.qualification_apart(draft(**reviewed("投标人资格")), BOOK, CAL)] == ["R2-10"]
    assert checks.qualification_apart(draft(**reviewed("满足实质性要求")), BOOK, CAL) == []
    found = checks.ranked(draft(**SEPARATE), BOOK, CAL)
    assert [b.rule for b in found] == ["R2-ORDER", "R2-ORDER"], "the purchaser alone awards, in the report's order"


def test_one_of_several_first_is_named_only_with_the_reason_of_the_files_own_way() -> None:
    assert award.in_order("b", "", "按招标文件以节能产品优先", BOOK) == []
    for winner, reason in (("b", ""), ("", "理由")):
        assert [b.rule for b in award.in_order(winner, "", reason, BOOK)] == ["R2-ORDER"]


def test_a_lowest_price_is_never_set() -> None:
    (found,) = checks.budget(draft(settings={"minimum_price": "50"}), BOOK, CAL)
    assert (found.rule, found.action) == ("R2-06", "B")
    assert checks.budget(draft(ceiling="", ceiling_wan=D(0)), BOOK, CAL) == [], "a ceiling is optional"


def test_a_whole_file_in_order_passes_and_works_rules_are_not_asked() -> None:
    sound = draft(sections={"qualification": "满足政府采购法第二十二条"})
    assert document.before_issue(sound, BOOK, CAL, GOODS.checks) == []
    assert rules.must_tender(Need("goods", D(9999), False, "state"), BOOK) == []
    assert rules.state_funds(Need("goods", D(1), True, "other", D(9999), D(9999)), BOOK) == []
    assert bidding.deposit_account("transfer", False, BOOK) == []


def test_a_row_that_serves_answers_under_both_ids_and_names_itself() -> None:
    book = RuleBook([RuleRow("B-1", D(7), "日", "law 1", "B", "text", serves="A-1")]).at(DAY)
    assert book["A-1"] is book["B-1"]
    assert book["A-1"].breach("6").rule == "B-1"


def test_every_row_of_the_works_book_that_rooms_ask_has_its_answer_here() -> None:
    """Asked in places both procedures come through; what is R1's alone is asked only where the book has it."""
    works_only = {"R1-08", "R1-09", "R1-15", "R1-23", "R1-34", "R1-01", "R1-02", "R1-13/works", "R1-16/reference"}
    asked = {"R1-03", "R1-04", "R1-06", "R1-07", "R1-10", "R1-10/valid", "R1-13", "R1-14", "R1-16", "R1-17",
             "R1-17/experts", "R1-19", "R1-21", "R1-21/longer", "R1-22", "R1-24", "R1-25", "R1-27", "R1-30",
             "R1-30/spot", "R1-31", "R1-36", "E-02", "FILE-01", "CLARIFY-FIRST"}  # fmt: skip
    assert asked <= set(BOOK)
    assert not works_only & set(BOOK)


def test_working_days_into_a_year_without_a_table_are_guessed_and_provisional() -> None:
    known, unknown = date(2026, 12, 21), date(2026, 12, 28)
    assert not rules.due(BOOK, "R2-16/publish", known, CAL).provisional
    guessed = rules.due(BOOK, "R2-16", unknown, CAL)
    assert guessed.provisional and guessed.date > date(2027, 1, 3)


@pytest.mark.parametrize("act", ["qualification.mark", "qualification.conclude"])
def test_only_the_purchaser_and_its_agency_examine(act) -> None:
    rows = [row for row in GOODS.machine.rows if row.act == act]
    assert rows and all(set(row.roles) == {Role.TENDERER, Role.AGENCY} and row.state == "OPENED" for row in rows)
