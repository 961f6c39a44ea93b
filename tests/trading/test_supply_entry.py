"""Suppliers of the mall: entry, review, change, credit points, suspension, removal, and who may supply what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import denied
from core.clock import CST
from core.faults import Unusable
from core.rules import Refused
from tests.trading.supply_world import (
    APPLY,
    BUYER,
    CENTRE,
    CITY,
    COMPUTERS,
    DAY,
    DESKTOP,
    DISTRICT,
    ELSEWHERE,
    FIRST,
    LOST,
    NOW,
    OFFICE,
    OTHER_REGULATOR,
    REGULATOR,
    SECOND,
    Mall,
    mall,
    rules_of,
)  # fmt: skip
from trading.supplier import rules
from trading.supplier.facts import Standing
from trading.supplier.machine import CREDIT, ENTRY
from trading.supplier.queries import standing

__all__ = ["mall"]
BOOK = rules.book_at(NOW)
ACTIVE = Standing("o", "active", (COMPUTERS,), (CITY,), 100)


def supplies(mall: Mall, category: str = DESKTOP, region: str = DISTRICT, who: str = FIRST) -> list[str]:
    with mall.world.read() as session:
        found = standing(session, mall.stage.people[who].org)
    return [one.rule for one in rules.may_supply(found, category, region)]


@pytest.mark.parametrize("machine", [ENTRY, CREDIT])
def test_the_tables_are_sound(machine) -> None:
    assert machine.faults() == []


@pytest.mark.parametrize(
    ("category", "region", "expected"),
    [
        (DESKTOP, DISTRICT, []),
        (COMPUTERS, CITY, []),
        ("", "", []),
        ("A05010201", DISTRICT, ["SUP-CATEGORY"]),
        ("A", CITY, ["SUP-CATEGORY"]),  # what is above is not covered
        (DESKTOP, "420000", ["SUP-REGION"]),
        (DESKTOP, ELSEWHERE, ["SUP-REGION"]),
        ("C21040000", ELSEWHERE, ["SUP-CATEGORY", "SUP-REGION"]),
    ],
)
def test_a_code_covers_all_below_it_and_nothing_else(category, region, expected) -> None:
    assert [one.rule for one in rules.may_supply(ACTIVE, category, region, NOW.date())] == expected


@pytest.mark.parametrize("state", ["", "applied", "refused", "suspended", "removed"])
def test_only_an_entry_in_force_supplies(state: str) -> None:
    found = rules.may_supply(Standing("o", state, (COMPUTERS,), (CITY,)), DESKTOP, DISTRICT)
    assert [one.rule for one in found] == ["SUP-ACTIVE"]


def test_applied_refused_applied_again_approved(mall: Mall) -> None:
    assert supplies(mall) == ["SUP-ACTIVE"]
    made = mall.do(FIRST, "supplier.apply", **APPLY)
    with pytest.raises(Refused) as twice:
        mall.do(FIRST, "supplier.apply", **APPLY)
    assert rules_of(twice) == ["STATE"]
    with pytest.raises(Unusable, match="reason"):
        mall.do(CENTRE, "supplier.decide", supplier=made["supplier"], approve=False)
    mall.do(CENTRE, "supplier.decide", supplier=made["supplier"], approve=False, reason="承诺不明确")
    assert (mall.entry().state, mall.entry().reason, mall.entry().due) == ("refused", "承诺不明确", None)
    again = mall.do(FIRST, "supplier.apply", **(APPLY | {"promise": "两日内送达"}))
    assert again["supplier"] == made["supplier"]
    assert mall.do(CENTRE, "supplier.decide", supplier=made["supplier"], approve=True) == {"state": "active"}
    assert supplies(mall) == []
    kinds = ["supplier.applied", "supplier.refused", "supplier.applied", "supplier.approved"]
    assert mall.kinds(f"supplier:{made['supplier']}") == kinds


def test_five_working_days_for_the_centre_and_the_timer_after_them(mall: Mall) -> None:
    made = mall.do(FIRST, "supplier.apply", **APPLY)
    due = datetime(2026, 5, 14, 23, 59, 59, tzinfo=CST)  # Friday 8 May is not counted; 9 May is worked
    assert (mall.entry().due, made["due"]) == (due, due.isoformat())
    filed = NOW.isoformat()
    mall.stage.at(mall.entry().due)
    assert mall.stage.ring("supplier.overdue", made["supplier"], filed=filed) == {}
    mall.stage.at(mall.entry().due + timedelta(seconds=1))
    assert mall.stage.ring("supplier.overdue", made["supplier"], filed=filed) == {"supplier": made["supplier"]}
    mall.do(CENTRE, "supplier.decide", supplier=made["supplier"], approve=True)
    assert mall.stage.ring("supplier.overdue", made["supplier"], filed=filed) == {}
    assert mall.kinds(f"supplier:{made['supplier']}")[-2:] == ["supplier.review_overdue", "supplier.approved"]


def test_what_cannot_be_read_is_said(mall: Mall) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"categories": []}, "categories"),
        ({"categories": ["A99"]}, "no such code"),
        ({"categories": [7]}, "categories"),
        ({"regions": ["999999"]}, "no region"),
        ({"promise": " "}, "promise"),
        ({"promise": "x" * 1001}, "promise"),
        ({"points": 500}, "points"),
    ]
    for changes, what in wrong:
        with pytest.raises(Unusable, match=what):
            mall.do(FIRST, "supplier.apply", **(APPLY | changes))


def test_a_category_without_a_certain_name_is_not_entered(mall: Mall) -> None:
    with pytest.raises(Refused) as refused:
        mall.do(FIRST, "supplier.apply", **(APPLY | {"categories": [COMPUTERS, LOST]}))
    assert rules_of(refused) == ["SUP-DOUBTFUL"]


@pytest.mark.parametrize(("count", "found"), [(200, 0), (201, 1)])
def test_two_hundred_codes_and_no_more(count: int, found: int) -> None:
    assert len(rules.few_enough(count, "regions", BOOK)) == found


def test_a_change_is_in_force_once_it_is_approved(mall: Mall) -> None:
    supplier = mall.enter()
    with pytest.raises(Refused) as same:
        mall.do(FIRST, "supplier.change", **APPLY)
    assert rules_of(same) == ["SUP-SAME"]
    wider = APPLY | {"categories": [OFFICE]}
    mall.do(FIRST, "supplier.change", **wider)
    assert supplies(mall) == [] and supplies(mall, OFFICE) == ["SUP-CATEGORY"]
    with pytest.raises(Refused) as waiting:
        mall.do(FIRST, "supplier.change", **(APPLY | {"promise": "另一承诺"}))
    assert rules_of(waiting) == ["SUP-WAITING"]
    mall.do(CENTRE, "supplier.decide", supplier=supplier, approve=False, reason="无办公用品经营范围")
    assert supplies(mall, OFFICE) == ["SUP-CATEGORY"] and mall.entry().change == {}
    mall.do(FIRST, "supplier.change", **wider)
    mall.do(CENTRE, "supplier.decide", supplier=supplier, approve=True)
    assert supplies(mall) == ["SUP-CATEGORY"] and supplies(mall, OFFICE) == []


def minus(mall: Mall, supplier: str, ground: str = "CREDIT-QUALITY", who: str = CENTRE) -> dict:
    return mall.do(who, "supplier.credit", supplier=supplier, ground=ground, evidence="验收单 1 号")


@pytest.mark.parametrize(
    ("points", "outcome"),
    [(100, ""), (80, ""), (79, "warn"), (60, "warn"), (59, "suspend"), (40, "suspend"), (39, "remove"), (0, "remove")],
)
def test_what_a_balance_leads_to(points: int, outcome: str) -> None:
    assert rules.consequence(points, BOOK) == outcome


@given(points=st.integers(0, 100), change=st.integers(-200, 200))
def test_a_balance_stays_between_none_and_all(points: int, change: int) -> None:
    after = rules.balance(points, change)
    assert 0 <= after <= rules.FULL
    assert after == points + change or after in (0, rules.FULL)


def test_points_warn_suspend_and_remove_by_themselves(mall: Mall) -> None:
    supplier = mall.enter()
    assert minus(mall, supplier)["consequence"] == ""  # 80
    assert minus(mall, supplier, "CREDIT-PRICE")["consequence"] == "warn"  # 70
    assert mall.entry().points == 70 and supplies(mall) == []
    assert mall.kinds(f"supplier:{supplier}")[-1] == "supplier.warned"
    assert minus(mall, supplier)["consequence"] == "suspend"  # 50
    row = mall.entry()
    assert (row.state, row.cause, row.suspended_until) == ("suspended", "points", NOW + 30 * DAY)
    assert supplies(mall) == ["SUP-ACTIVE"]
    assert minus(mall, supplier, "CREDIT-FALSE")["consequence"] == "remove"
    assert (mall.entry().state, mall.entry().points, mall.entry().left_at) == ("removed", 20, NOW)
    with pytest.raises(Refused) as gone:
        minus(mall, supplier)
    assert rules_of(gone) == ["STATE"]


def test_points_given_for_good_conduct_do_not_pass_the_full_number(mall: Mall) -> None:
    supplier = mall.enter()
    assert minus(mall, supplier, "CREDIT-GOOD") | {"credit": ""} == {"credit": "", "points": 100, "consequence": ""}
    with pytest.raises(Unusable, match="ground"):
        minus(mall, supplier, "CREDIT-WARN")  # a threshold is no ground
    with pytest.raises(Unusable, match="upload"):
        mall.do(CENTRE, "supplier.credit", supplier=supplier, ground="CREDIT-LATE", evidence="x", file="a" * 64)
    file = mall.bring(CENTRE, b"photo")
    mall.do(CENTRE, "supplier.credit", supplier=supplier, ground="CREDIT-LATE", evidence="x", file=file)


def test_an_answer_is_settled_by_another_and_points_come_back(mall: Mall) -> None:
    supplier = mall.enter()
    minus(mall, supplier, who=REGULATOR)
    last = minus(mall, supplier, "CREDIT-FALSE", who=REGULATOR)["credit"]
    assert (mall.entry().state, mall.entry().points) == ("suspended", 50)
    with pytest.raises(Unusable, match="no such"):
        mall.enter(SECOND)
        mall.do(SECOND, "credit.answer", credit=last, text="不是我")
    mall.do(FIRST, "credit.answer", credit=last, text="证书真实，附编号")
    with pytest.raises(Refused) as twice:
        mall.do(FIRST, "credit.answer", credit=last, text="再答")
    assert rules_of(twice) == ["STATE"]
    with pytest.raises(Refused) as self_judged:
        mall.do(REGULATOR, "credit.settle", credit=last, keep=False, reason="撤销")
    assert rules_of(self_judged) == ["SUP-OTHER"]
    settled = mall.do(OTHER_REGULATOR, "credit.settle", credit=last, keep=False, reason="证书属实")
    assert settled == {"points": 80, "state": "active"}
    with pytest.raises(Refused) as again:
        mall.do(OTHER_REGULATOR, "credit.settle", credit=last, keep=True, reason="再议")
    assert rules_of(again) == ["STATE"]


def test_the_regulator_suspends_until_a_moment_and_the_timer_ends_it(mall: Mall) -> None:
    supplier = mall.enter()
    mall.do(REGULATOR, "supplier.suspend", supplier=supplier, days=10, reason="调查")
    mall.do(REGULATOR, "supplier.suspend", supplier=supplier, days=20, reason="延长")
    mall.stage.at(NOW + 10 * DAY + timedelta(seconds=1))
    assert mall.stage.ring("supplier.resume", supplier) == {}, "it was lengthened"
    mall.stage.at(NOW + 20 * DAY - timedelta(seconds=1))
    assert mall.stage.ring("supplier.resume", supplier) == {}
    mall.stage.at(NOW + 20 * DAY)
    assert mall.stage.ring("supplier.resume", supplier) == {"state": "active"}
    assert mall.stage.ring("supplier.resume", supplier) == {}
    mall.do(REGULATOR, "supplier.suspend", supplier=supplier, days=10, reason="调查")
    mall.do(REGULATOR, "supplier.lift", supplier=supplier, reason="查无实据")
    assert supplies(mall) == []


def test_withdrawn_points_do_not_lift_what_the_regulator_ordered(mall: Mall) -> None:
    supplier = mall.enter()
    one = minus(mall, supplier)["credit"]
    mall.do(REGULATOR, "supplier.suspend", supplier=supplier, days=10, reason="调查")
    mall.do(REGULATOR, "credit.settle", credit=one, keep=False, reason="撤销")
    assert (mall.entry().state, mall.entry().points) == ("suspended", 100)


def test_after_a_removal_a_year_passes_before_a_new_entry(mall: Mall) -> None:
    supplier = mall.enter()
    minus(mall, supplier)
    mall.do(REGULATOR, "supplier.remove", supplier=supplier, reason="围标")
    mall.stage.at(NOW + 365 * DAY - timedelta(seconds=1))
    with pytest.raises(Refused) as early:
        mall.do(FIRST, "supplier.apply", **APPLY)
    assert rules_of(early) == ["SUP-REENTER"]
    mall.stage.at(NOW + 365 * DAY)
    assert mall.do(FIRST, "supplier.apply", **APPLY)["supplier"] == supplier
    assert (mall.entry().state, mall.entry().points) == ("applied", 100)


WHO = {
    "supplier.apply": [FIRST], "supplier.change": [FIRST], "supplier.decide": [CENTRE],
    "supplier.credit": [CENTRE, REGULATOR], "credit.answer": [FIRST], "credit.settle": [CENTRE, REGULATOR],
    "supplier.suspend": [REGULATOR], "supplier.lift": [REGULATOR], "supplier.remove": [REGULATOR],
    "supplier.resume": [], "supplier.overdue": [],
}  # fmt: skip


def test_each_act_is_closed_to_everybody_else(mall: Mall) -> None:
    for act, allowed in WHO.items():
        for who in {CENTRE, REGULATOR, BUYER, FIRST} - set(allowed):
            with pytest.raises(Refused) as refused:
                mall.do(who, act)
            assert refused.value.breaches[0].rule == denied("ACCESS", "", "").rule, (act, who)
        for who in allowed:
            with pytest.raises((Unusable, Refused)) as asked:
                mall.do(who, act)
            assert not isinstance(asked.value, Refused) or rules_of(asked) != ["ACCESS"], (act, who)
