"""Each number of the law on both sides of its boundary. scripts/rules_table.py makes docs/rules.md from the marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from core.access import Actor, Role
from core.clock import CST
from core.data import calendar
from core.rules import Refused
from trading.award import publicity as _publicity  # noqa: F401  (fills the table of acts)
from trading.award import report as _report  # noqa: F401
from trading.award import rules as award_rules
from trading.bidding import rules as bidding
from trading.bidding.facts import Bidder, Submission
from trading.bond import actions as _bonds  # noqa: F401  (declares its acts)
from trading.document import rules as document
from trading.document.facts import Draft
from trading.opening import rules as opening
from trading.opening.facts import Hall, Lock
from trading.procedures import of
from trading.project import rules
from trading.project.facts import Need, in_wan

DAY = date(2026, 4, 1)
BOOK = of("open-works").rules.at(DAY, "420112")
CAL = calendar()
DEADLINE = datetime(2026, 4, 22, 9, 0, tzinfo=CST)
SECOND = timedelta(seconds=1)
SEPARATE = {"separate": True, "legal_basis": "x", "method": "majority", "committee": 5, "supervisors": 2, "pool": 8}
D = Decimal


def both(rule: str, judge, allowed, refused, names: tuple[str, ...] = ("allowed", "refused")):
    """Two parametrised cases of one rule, marked for the table."""
    return [
        pytest.param(rule, judge, allowed, False, id=f"{rule}-{names[0]}", marks=pytest.mark.rule(rule, "allowed")),
        pytest.param(rule, judge, refused, True, id=f"{rule}-{names[1]}", marks=pytest.mark.rule(rule, "refused")),
    ]


def draft(**changes) -> Draft:
    base = Draft(
        kind="works", estimate=D(5800), plan_published=date(2026, 3, 2), issue=DAY, file_from=DAY,
        file_until=date(2026, 4, 7), deadline=DEADLINE, ceiling="6000", bond=D(80), award=SEPARATE,
    )  # fmt: skip
    return replace(base, **changes)


def on_draft(check):
    return lambda changes: check(draft(**changes), BOOK, CAL)


def submitted(**changes) -> Submission:
    base = Submission(DEADLINE - SECOND, DEADLINE, "", "", (), ())
    return replace(base, **changes)


def on_bid(check):
    return lambda changes: check(submitted(**changes), BOOK)


def award(**changes):
    return {"award": SEPARATE | changes}


def at(days: int) -> datetime:
    return DEADLINE - timedelta(days=days)


def hall(*locks: Lock, fallback: bool = False) -> Hall:
    return Hall(locks, DEADLINE + timedelta(minutes=30), fallback)


OPEN, SHUT = Lock("a", True), Lock("b", False)
TERM = {"price": {"benchmark": {"terms": [{"of": "reference"}]}}}
MEAN = {"price": {"benchmark": {"terms": [{"of": "mean"}]}}}
ONE, TWO = Bidder("1", "A", "张三"), Bidder("2", "B", "李四")
MON = date(2026, 4, 13)
SPOT = DEADLINE + timedelta(minutes=10)


def need(kind: str):
    return lambda v: rules.must_tender(Need(kind, D(v), False, "state"), BOOK)


def funds(budget: Decimal, investment: Decimal):
    return rules.state_funds(Need("works", D(1), True, "other", budget, investment), BOOK)


def in_time(rule: str, start: date):
    return lambda today: rules.within(BOOK, rule, start, today, CAL)


def publicity(now: datetime):
    """Of candidates published on MON: the third day counts whole."""
    return award_rules.publicity_over(award_rules.last_second(rules.due(BOOK, "R1-23", MON, CAL).date), now, BOOK)


def meeting(pool: int = 8, supervisors: int = 2, **changes):
    facts = award_rules.MeetingFacts(
        SEPARATE | changes, tuple(f"p{n}" for n in range(pool)), tuple(f"s{n}" for n in range(supervisors)), frozenset()
    )
    return award_rules.opening_breaches(facts, BOOK)


SAME_HEAD = replace(TWO, legal_person="张三")
KNOWN_YEAR = {"file_from": date(2026, 12, 11), "deadline": datetime(2026, 12, 31, 9, tzinfo=CST)}
NEXT_YEAR = {"file_from": date(2026, 12, 12), "deadline": datetime(2027, 2, 1, 9, tzinfo=CST)}

CASES = [
    *both("R1-01", need("works"), "399.99", "400"),
    *both("R1-01/goods", need("goods"), "199.99", "200"),
    *both("R1-01/services", need("services"), "99.99", "100"),
    *both("R1-02", lambda v: funds(D(v), D(1000)), "199.99", "200"),
    *both("R1-02/share", lambda v: funds(D(300), D(v)), "3001", "3000"),
    *both("R1-03", lambda d: rules.plan_age(d, DAY, BOOK), date(2026, 3, 2), date(2026, 3, 3)),
    # 2026-04-06 is the last day of 清明 and moves the fifth day on to the 7th.
    *both("R1-04", on_draft(document.issue_period), {}, {"file_until": date(2026, 4, 6)}),
    *both("R1-06", on_draft(document.bidding_period), {"deadline": at(1)}, {"deadline": at(2)}),
    *both("R1-07", lambda n: document.clarified_deadline(n, DEADLINE, True, BOOK, CAL)[1], at(15), at(14)),
    *both("R1-10", lambda n: opening.enough_bids(n, BOOK), 3, 2),
    *both("R1-13", on_draft(document.bid_bond), {"estimate": D(4000)}, {"estimate": D("3999.99")}),
    *both("R1-13/works", on_draft(document.bid_bond), {"bond": D(80)}, {"bond": D("80.01")}),
    *both("R1-16", on_draft(document.price_limits), {}, {"settings": {"minimum_price": "5000"}}),
    *both("R1-16/reference", on_draft(document.reference_term), {"evaluation": MEAN}, {"evaluation": TERM}),
    # 2026-04-25 is a Saturday, so a report of the 22nd has until Monday; 2026-05-01 to 05 are off.
    *both("R1-23/start", in_time("R1-23/start", date(2026, 4, 22)), date(2026, 4, 27), date(2026, 4, 28)),
    *both("R1-25", in_time("R1-25", DAY), date(2026, 5, 6), date(2026, 5, 7)),
    *both("R1-26", in_time("R1-26", DAY), date(2026, 4, 16), date(2026, 4, 17)),
    *both("AW-05", in_time("AW-05", DAY), date(2026, 4, 13), date(2026, 4, 14)),
    *both("R1-22", on_draft(document.award_plan), {"award": {"candidates": 3}}, {"award": {"candidates": 4}}),
    *both("R1-23", publicity, datetime(2026, 4, 17, tzinfo=CST), datetime(2026, 4, 16, 23, 59, 59, 999, tzinfo=CST)),
    *both("R1-24", lambda w: award_rules.first_ranked(True, ["a", "b"], w, BOOK), "a", "b"),
    *both("R1-27", lambda v: award_rules.performance_bond(D(v), D(1000), BOOK), "100", "100.01"),
    *both("R1-30", lambda now: opening.objection_open(DEADLINE, now, BOOK), SPOT, SPOT + SECOND),
    *both("R1-30/spot", lambda now: opening.objection_open(DEADLINE, now, BOOK), SPOT, SPOT + SECOND),
    *both("R1-31", lambda d: rules.validity_ending(date(2026, 7, 21), d, BOOK), date(2026, 7, 13), date(2026, 7, 14)),
    *both("R1-34", lambda v: award_rules.publicity_fields({"manager": v}, BOOK), "张三", ""),
    *both("R1-32", on_draft(document.award_plan), {}, award(method="lottery")),
    *both("R1-36", lambda b: bidding.related([ONE, b], Bidder("t", "T", ""), BOOK), TWO, SAME_HEAD),
    *both("E-01", on_bid(bidding.sealed), {}, {"sealed": "the file is not sealed"}),
    *both("E-02", on_bid(bidding.submission), {}, {"completed_at": DEADLINE}),
    *both("E-03", lambda h: opening.may_close(h, DEADLINE, BOOK), hall(OPEN), hall(OPEN, SHUT)),
    *both("E-04", lambda c: opening.may_release(True, c, BOOK), "platform", "bidder"),
    *both("E-13", on_bid(bidding.not_operator), {}, {"operator": "affiliate"}),
    *both("AW-01", on_draft(document.award_plan), {}, award(legal_basis=" ")),
    *both("AW-02", on_draft(document.award_plan), {}, award(committee=4)),
    *both("AW-03", on_draft(document.award_plan), {}, award(pool=7)),
    *both("AW-04", on_draft(document.award_plan), {}, award(supervisors=1)),
    *both("FILE-01", on_draft(document.complete), {}, {"missing": ("sections.scope",)}),
    *both("CAL-01", on_draft(document.bidding_period), KNOWN_YEAR, NEXT_YEAR),
]


@pytest.mark.parametrize(("rule", "judge", "given", "broken"), CASES)
def test_boundary(rule, judge, given, broken) -> None:
    found = judge(given)
    names = [b.rule if b.rule == rule else b.rule + rule[len(b.rule) :] for b in found]  # R1-02 speaks for its share
    assert names == ([rule] if broken else [])


@pytest.mark.parametrize(("line", "pct", "ok"), [
    ("mean", "50", True), ("mean", "49.99", False), ("mean", "65", True), ("mean", "65.01", False),
    ("limit", "45", True), ("limit", "44.99", False),
])  # fmt: skip
@pytest.mark.parametrize(("regime", "issue"), [
    ("R2", date(2026, 2, 1)), ("R2", date(2026, 1, 31)), ("R1", date(2026, 2, 1)),
])  # fmt: skip
def test_a_line_of_the_file_lies_within_those_of_the_law(line, pct, ok, regime, issue) -> None:
    told = draft(regime=regime, issue=issue, evaluation={"low_price": {"lines": {line: pct}}})
    binds = regime == "R2" and issue == date(2026, 2, 1)
    found = document.low_price_lines(told, BOOK, CAL)
    assert [(one.rule, one.field) for one in found] == (
        [] if ok or not binds else [("FILE-01", f"evaluation.low_price.lines.{line}")]
    )
    assert all(one.blocks for one in found)


@pytest.mark.parametrize("committee", [5, 6, 7, 8])
def test_an_even_award_committee_is_refused(committee) -> None:
    found = document.committee_of_award(committee, 2, 2 * committee, BOOK)
    assert [b.rule for b in found] == ([] if committee % 2 else ["AW-02"])


def test_no_lot_picks_the_winner() -> None:
    (breach,) = document.lottery({"method": "lottery"}, BOOK)
    assert (breach.rule, breach.action) == ("R1-32", "B")


@pytest.mark.certify("B-026")
def test_a_ranked_award_needs_one_to_three_ranked_candidates() -> None:
    assert document.award_plan(draft(award={"ranked": True, "candidates": 3}), BOOK, CAL) == []
    found = document.award_plan(draft(award={"ranked": False, "candidates": 4}), BOOK, CAL)
    assert [b.rule for b in found] == ["R1-22", "R1-22"]


def test_a_clarification_moves_the_deadline_at_the_same_hour_and_never_back() -> None:
    moved, found = document.clarified_deadline(at(14), DEADLINE, True, BOOK, CAL)
    assert (moved, found[0].action) == (DEADLINE + timedelta(days=1), "X")
    assert document.clarified_deadline(at(1), DEADLINE, False, BOOK, CAL) == (DEADLINE, [])


def test_with_other_funds_the_tenderer_may_choose() -> None:
    assert award_rules.first_ranked(False, ["a", "b"], "b", BOOK) == []
    assert [b.rule for b in award_rules.somebody_left([], BOOK)] == ["R1-24"]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"legal_basis": " "}, ["AW-01"]),
        ({"separate": False}, ["AW-01"]),
        ({"committee": 4}, ["AW-02"]),
        ({"committee": 3}, ["AW-02"]),
        ({"pool": 7}, ["AW-03"]),
        ({"supervisors": 1}, ["AW-04"]),
    ],
)
def test_the_meeting_is_judged_by_the_numbers_of_the_file(given, found) -> None:
    assert [b.rule for b in meeting(**given)] == found


def test_a_file_that_promised_more_supervisors_is_held_to_it() -> None:
    facts = award_rules.MeetingFacts(SEPARATE | {"supervisors": 3}, tuple("abcdefgh"), ("s", "t"), frozenset())
    (found,) = award_rules.opening_breaches(facts, BOOK)
    assert (found.rule, found.required, found.found) == ("AW-04", "≥ 3", "2")


def test_the_end_of_validity_is_late_the_day_after() -> None:
    ends = rules.validity_ends(date(2026, 4, 22), 90)
    assert ends == date(2026, 7, 21)
    assert rules.validity_over(ends, ends, BOOK) == []
    assert [b.rule for b in rules.validity_over(ends, date(2026, 7, 22), BOOK)] == ["R1-31"]


def test_shares_are_exactly_those_of_the_tender_file() -> None:
    asked = (("centre", "k1"), ("regulator", "k2"), ("tenderer", "k3"))
    assert bidding.submission(submitted(held=asked, custodians=asked), BOOK) == []
    for held, custodians in (((), asked), (asked, ()), ((("centre", "x"), *asked[1:]), asked)):
        found = bidding.submission(submitted(held=held, custodians=custodians), BOOK)
        assert [(b.rule, b.action) for b in found] == [("E-04", "R")]


def test_the_platforms_fault_keeps_the_hall_open_only_with_a_fallback() -> None:
    lost = Lock("b", False, "platform")
    assert opening.may_close(hall(OPEN, lost), DEADLINE, BOOK) == []
    assert opening.may_close(hall(OPEN, lost, fallback=True), DEADLINE, BOOK)
    assert opening.may_close(hall(OPEN, lost, fallback=True), DEADLINE + timedelta(minutes=30), BOOK) == []


@pytest.mark.parametrize(("amount", "unit", "wan"), [("800000", "元", "80"), ("80", "万元", "80")])
def test_units(amount, unit, wan) -> None:
    assert in_wan(amount, unit) == D(wan)


def test_rules_are_looked_up_by_the_day_of_announcement() -> None:
    book = of("open-works").rules
    assert "R1-32" not in book.at(date(2022, 8, 31))
    assert "R1-32" in book.at(date(2022, 9, 1))


def test_every_row_has_its_article_and_source() -> None:
    for row in of("open-works").rules.rows:
        assert row.article
        assert row.sure in ("V", "V2", "VC", "K", "P")


HOSTING = {
    "opening.begin", "opening.extend", "opening.suspend", "opening.resume", "opening.check", "opening.decide",
    "opening.release", "opening.close", "coefficient.freeze", "case.archive",
}  # fmt: skip


@pytest.mark.rule("R1-37", "allowed")
def test_the_platform_hosts_and_keeps() -> None:
    rows = of("open-works").machine.rows
    assert {row.act for row in rows if Role.CENTRE in row.roles} == HOSTING
    assert not [row for row in rows if Role.ADMIN in row.roles]


@pytest.mark.rule("R1-37", "refused")
@pytest.mark.parametrize("act", sorted({r.act for r in of("open-works").machine.rows if r.roles} - HOSTING))
def test_the_platform_neither_decides_nor_acts_for_a_party(stage, act) -> None:
    for role in (Role.CENTRE, Role.ADMIN):
        with pytest.raises(Refused) as refused:
            stage.world.do(Actor("x" * 16, org="o" * 16, roles=frozenset({role})), act, "case")
        assert [b.rule for b in refused.value.breaches] == ["ACCESS"]
