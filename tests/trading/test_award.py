"""From the sealed report to the archive by the acts themselves: what blocks, what is late and recorded, what rings."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta

import pytest

from accounts import sign_in
from accounts.models import Person
from certs import authority, drawdesk, draws, vrf
from core import data, ledger
from core.access import SYSTEM, Role
from core.clock import CST
from core.rules import Refused
from oversight.queries import warnings, watch
from tests.trading.stage import Stage, compose
from trading.award import actions as _actions  # noqa: F401  (fills the table of acts)
from trading.award import publicity as _publicity  # noqa: F401
from trading.award import queries
from trading.opening.queries import opened_bids
from trading.opening.sheet import Sheet
from trading.project import periods
from trading.project.models import Case, CaseDocument
from trading.project.states import accept_report, set_state
from web import identity, timers, workbench
from web.app import create_app
from web.pages import workbench as _workbench  # noqa: F401  (brings its provider)

RANKED = {"separate": False, "candidates": 3, "ranked": True}
THREE = {"投标人甲": "5689", "投标人乙": "5828", "投标人丙": "5709"}
CHANNEL = "书面异议请递交招标人"


def day(month: int, of: int, hour: int = 9, year: int = 2026) -> datetime:
    return datetime(year, month, of, hour, tzinfo=CST)


def reported(stage: Stage, *, award=None, manager=True, **changes) -> str:
    """A case whose sealed report came on 2026-04-22, the day of the opening."""
    case = stage.announced(award=award or RANKED, **changes)
    held = {"name": "张三", "certificate": "鄂1420"} if manager else {}
    sheets = {who: compose(Sheet(price, 365, "合格", held)) for who, price in THREE.items()}
    seals = {who: stage.bid(case, who, sheet=sheet) for who, sheet in sheets.items()}
    stage.sealed(case)
    stage.open_all(case, seals)

    def hand_over(tx):
        bids = [bid["id"] for bid in opened_bids(tx.session, case)]
        set_state(tx, case, "committee.set")
        set_state(tx, case, "evaluation.begin")
        result = {"outcome": "evaluated", "report_sha256": "0" * 64, "candidates": bids, "totals": {}, "members": [],
                  "ranked": bool((award or RANKED)["ranked"])}  # fmt: skip
        accept_report(tx, case, result)

    stage.world.acts.act(hand_over, SYSTEM)
    assert stage.world.clock.now().date() == day(4, 22).date()
    return case


def publish(stage: Stage, case: str) -> dict:
    return stage.do("代理", "candidates.publish", case, channel=CHANNEL)


def settled(stage: Stage, case: str) -> str:
    """Published on the 22nd, settled on the 28th (the 25th is a Saturday), the notices out on the 29th."""
    publish(stage, case)
    stage.at(day(4, 28))
    stage.do("代理", "result.publish", case)
    stage.at(day(4, 29))
    stage.do("招标人", "award.notify", case)
    return case


def recorded(stage: Stage, case: str) -> list[str]:
    """What the regulator's pages show as recorded warnings."""
    with stage.world.read() as session:
        found = [one["rule"] for one in warnings(session, [case]).get(case, [])]
        (tile,) = watch(session, stage.people["监管"], stage.world.clock.now())["items"]
    shown = [rule for one in tile["alarms"] if one["alarm"] == "warnings" for rule in one["rules"]]
    assert shown == sorted(set(found))
    return [rule for rule in found if rule != "FILE-02"]


def entries(stage: Stage, case: str, kind: str) -> list[dict]:
    with stage.world.read() as session:
        return [one.body for one in ledger.entries(session, f"case:{case}") if one.kind == kind]


def due(stage: Stage, who: str, case: str) -> list[tuple[str, str, bool]]:
    """(title, last day, whether others must act) of the workbench's periods."""
    with stage.world.read() as session:
        mine, others = workbench.items(session, stage.people[who], stage.world.clock.now())
    return [(one["title"], one["due"].date().isoformat(), one.get("waiting", False)) for one in mine + others
            if one.get("due")]  # fmt: skip


def ring(stage: Stage, moment: datetime) -> None:
    stage.at(moment)
    timers.run_once(stage.world.acts)


def test_publishing_on_the_last_day_is_in_time_and_stood_on_the_workbench(stage) -> None:
    case = reported(stage)
    assert due(stage, "招标人", case) == [("Publish the candidates", "2026-04-27", False)]
    assert due(stage, "监管", case) == [("Publish the candidates", "2026-04-27", True)]
    ring(stage, day(4, 27, 23))
    assert publish(stage, case)["warnings"] == []
    assert recorded(stage, case) == []
    ring(stage, day(4, 28))
    assert entries(stage, case, "period.late") == []


def test_publishing_a_day_late_goes_through_with_a_warning_the_regulator_sees(stage) -> None:
    case = reported(stage)
    stage.at(datetime.combine(day(4, 28).date(), time(0), CST))
    (warned,) = publish(stage, case)["warnings"]
    assert (warned["rule"], warned["required"], warned["found"]) == ("R1-23/start", "3日, ≤ 2026-04-27", "2026-04-28")
    assert recorded(stage, case) == ["R1-23/start"]


@pytest.mark.parametrize(("moment", "told"), [(day(4, 27, 23), False), (day(4, 28, 0), True)])
def test_the_page_of_a_late_act_says_so_before_it_is_done(stage, moment, told) -> None:
    case = reported(stage)
    stage.at(moment)
    app = create_app(stage.world.acts.house.config, stage.world.clock)
    client = app.test_client()
    client.set_cookie(identity.COOKIE, stage.world.acts.act(sign_in.begin, SYSTEM, stage.people["代理"].person))
    client.set_cookie("gh_language", "en")
    page = client.get(f"/cases/{case}/result")
    app.extensions["gongheng"].acts.engine.dispose()
    assert page.status_code == 200
    assert ("the act goes through, and this is recorded" in page.text) is told
    assert ("3 days, ≤ 2026-04-27" in page.text) is told
    assert "disabled" not in page.text


def test_what_never_comes_is_recorded_by_the_timer_once(stage) -> None:
    case = reported(stage)
    ring(stage, day(4, 27, 23))
    assert entries(stage, case, "period.late") == []
    for moment in (day(4, 28, 0), day(4, 29), day(5, 9)):
        ring(stage, moment)
    (told,) = entries(stage, case, "period.late")
    assert (told["act"], told["due"], told["warnings"][0]["rule"]) == (
        "candidates.publish", "2026-04-27", "R1-23/start"
    )  # fmt: skip
    assert recorded(stage, case) == ["R1-23/start"]


@pytest.mark.certify("B-028")
def test_the_publicity_ends_with_the_last_second_of_a_working_day(stage) -> None:
    case = reported(stage)
    until = datetime.fromisoformat(publish(stage, case)["until"])
    assert until == datetime(2026, 4, 27, 23, 59, 59, tzinfo=CST)
    stage.at(until + timedelta(milliseconds=999))
    with pytest.raises(Refused) as early:
        stage.do("代理", "result.publish", case)
    assert [b.rule for b in early.value.breaches] == ["R1-23"]
    stage.at(until + timedelta(seconds=1))
    assert stage.do("代理", "result.publish", case)["warnings"] == []


def test_the_publicity_of_a_candidate_without_a_manager_is_refused(stage) -> None:
    case = reported(stage, manager=False)
    with pytest.raises(Refused) as empty:
        publish(stage, case)
    assert {(b.rule, b.found) for b in empty.value.breaches} == {("R1-34", "-")}
    assert {b.field.split(".")[-1] for b in empty.value.breaches} == {"manager", "certificate"}


@pytest.mark.certify("A-168", "B-027")
def test_the_first_ranked_wins_and_the_next_only_after_a_recorded_cause(stage) -> None:
    case = reported(stage)
    publish(stage, case)
    with stage.world.read() as session:
        first, second, _ = session.get(Case, case).result["candidates"]
    stage.at(day(4, 28))
    with pytest.raises(Refused) as other:
        stage.do("代理", "result.publish", case, winner=second)
    assert [(b.rule, b.required, b.found) for b in other.value.breaches] == [("R1-24", first, second)]
    stage.do("招标人", "candidates.withdraw", case, bid=first, reason="放弃中标")
    publish(stage, case)
    stage.at(day(5, 7))
    assert stage.do("代理", "result.publish", case, winner=second)["winner"] == second


@pytest.mark.parametrize(
    ("signed", "reported_on", "found"),
    [
        (day(5, 29), day(5, 13), []),
        (day(6, 1), day(5, 13), ["R1-25"]),
        (day(5, 29), day(5, 14), ["R1-26"]),
    ],
)
def test_contract_and_report_each_have_their_own_days(stage, signed, reported_on, found) -> None:
    """Thirty days from the notice of 29 April, fifteen from the winner of the 28th; the report need not wait."""
    case = settled(stage, reported(stage))
    assert due(stage, "招标人", case) == [
        ("Report to the regulator", "2026-05-13", False), ("Record the contract", "2026-05-29", False),
    ]  # fmt: skip
    assert due(stage, "代理", case)[1] == ("%(who)s: %(what)s", "2026-05-29", True), "the tenderer records it"
    stage.at(reported_on)
    stage.do("代理", "contract.report", case, text="招标投标情况书面报告")
    stage.at(signed)
    stage.do("招标人", "contract.sign", case, amount="5689", bond="568.90")
    assert recorded(stage, case) == found
    with stage.world.read() as session:
        assert session.get(Case, case).state == "REPORTED"
    stage.do("交易中心", "case.archive", case)
    ring(stage, day(7, 1))
    assert entries(stage, case, "period.late") == []


def test_a_report_after_the_contract_closes_the_file_too(stage) -> None:
    case = settled(stage, reported(stage))
    stage.do("招标人", "contract.sign", case, amount="5689", bond="0")
    ring(stage, day(5, 14))
    (told,) = entries(stage, case, "period.late")
    assert told["warnings"][0]["rule"] == "R1-26"
    stage.do("招标人", "contract.report", case, text="x")
    assert recorded(stage, case) == ["R1-26", "R1-26"]
    with stage.world.read() as session:
        assert session.get(Case, case).state == "REPORTED"


def test_a_performance_bond_over_a_tenth_is_refused(stage) -> None:
    case = settled(stage, reported(stage))
    with pytest.raises(Refused) as high:
        stage.do("招标人", "contract.sign", case, amount="5689", bond="568.91")
    assert [(b.rule, b.required, b.found) for b in high.value.breaches] == [("R1-27", "≤ 568.9", "568.91")]


def test_seven_days_before_the_bids_stop_binding_somebody_is_told(stage) -> None:
    """Ninety days from 22 April end on 21 July."""
    case = reported(stage)
    publish(stage, case)
    ring(stage, day(7, 13, 23))
    assert entries(stage, case, "period.ending") == []
    assert due(stage, "招标人", case) == []
    ring(stage, day(7, 14, 0))
    (told,) = entries(stage, case, "period.ending")
    assert (told["due"], told["warnings"][0]["found"]) == ("2026-07-21", "7日, 2026-07-21")
    assert due(stage, "招标人", case) == [("The bids bind only until then: settle the winner", "2026-07-21", False)]
    stage.at(day(7, 22))
    assert [one["rule"] for one in stage.do("代理", "result.publish", case)["warnings"]] == ["R1-31"]
    assert recorded(stage, case) == ["R1-31", "R1-31"]


def test_nobody_is_told_once_the_winner_stands(stage) -> None:
    case = settled(stage, reported(stage))
    stage.at(day(5, 8))
    stage.do("招标人", "contract.sign", case, amount="5689", bond="0")
    stage.do("招标人", "contract.report", case, text="x")
    ring(stage, day(8, 1))
    assert entries(stage, case, "period.ending") == entries(stage, case, "period.late") == []


# -- the award meeting ------------------------------------------------------------------------------------------------


@pytest.fixture
def meeting(stage, monkeypatch):
    """Convenes the meeting of a case with so many people."""
    secret = secrets.token_bytes(32)
    chain = authority.of(stage.world.acts.house.config).chain[:-1]
    prove = drawdesk.Fallback(vrf.public_key(secret), lambda record: draws.fallback(record, secret), chain)
    monkeypatch.setattr(drawdesk, "FALLBACK", {"centre": prove})

    def people(org: str, number: int, role: Role) -> list[str]:
        with stage.world.read() as session, session.begin():
            rows = [
                Person(login=f"{role}{n}", name=f"{role}{n}", id_hash=secrets.token_hex(32), id_masked="*",
                       phone_masked="*", org_id=stage.people[org].org, roles=[role], state="active",
                       added_at=stage.world.clock.now())
                for n in range(number)
            ]  # fmt: skip
            session.add_all(rows)
            session.flush()
            return [row.id for row in rows]

    def convene(case: str, *, pool: int = 8, watching: int = 2) -> dict:
        parties = {"tenderer": "招标人", "centre": "交易中心", "supervisor": "监管"}
        return stage.do(
            "招标人", "award.open", case, pool=people("招标人", pool, Role.ELECTOR),
            supervisors=people("监管", watching, Role.REGULATOR),
            parties={party: stage.people[name].person for party, name in parties.items()},
        )  # fmt: skip

    return convene


SEPARATE = {"separate": True, "legal_basis": "地方评定分离实施意见(示例)", "method": "majority", "committee": 5,
            "supervisors": 2, "candidates": 3, "ranked": False, "pool": 8}  # fmt: skip


@pytest.mark.parametrize(("given", "rule"), [({"pool": 7}, "AW-03"), ({"watching": 1}, "AW-04")])
def test_too_few_people_do_not_meet(stage, meeting, given, rule) -> None:
    case = reported(stage, award=SEPARATE)
    with pytest.raises(Refused) as few:
        meeting(case, **given)
    assert [(b.rule, b.article) for b in few.value.breaches] == [(rule, "国办发〔2024〕21号")]


@pytest.mark.parametrize(("days", "found"), [(12, []), (13, ["AW-05"])])
def test_a_meeting_after_its_ten_days_is_recorded(stage, meeting, days, found) -> None:
    """Ten days from 22 April end on 2 May, in the holidays; the 6th is the first day worked."""
    case = reported(stage, award=SEPARATE)
    assert due(stage, "招标人", case) == [("Convene the award meeting", "2026-05-06", False)]
    stage.at(day(4, 22) + timedelta(days=days + 2))
    assert [one["rule"] for one in meeting(case)["warnings"]] == found
    assert recorded(stage, case) == found


# -- a year without a table of holidays -------------------------------------------------------------------------------

YEAR = "\n".join(
    ["date,kind,name"]
    + [f"2027-{month:02d}-{of:02d},off,节" for month, of in ((1, 1), (1, 4), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))]
)


@pytest.mark.rule("CAL-01", "published into 2027")
def test_a_publicity_into_2027_is_provisional_and_only_ever_longer(stage, monkeypatch) -> None:
    """From 30 December: the third day is a Saturday after New Year, so it ends on Monday the 4th, 暂定."""
    monkeypatch.setattr(data, "_IMPORTED", [stage.world.acts.house.config.data_dir / "calendar"])
    case = reported(stage, validity_days=400)
    stage.at(day(12, 30))
    made = publish(stage, case)
    assert made["until"] == "2027-01-04T23:59:59+08:00"
    assert [one["rule"] for one in made["warnings"]] == ["R1-23/start", "CAL-01"]
    with stage.world.read() as session:
        public = queries.result(session, case)["publicity"]
        assert (public["until"].date().isoformat(), public["provisional"]) == ("2027-01-04", True)
        assert session.query(CaseDocument).filter_by(case_id=case, kind="candidate_notice").count() == 1
    data.remember(stage.world.acts.house.config.data_dir, YEAR)  # the notice exchanges Monday the 4th as well
    stage.at(day(1, 5, 0, 2027))
    with pytest.raises(Refused) as early:
        stage.do("代理", "result.publish", case)
    assert early.value.breaches[0].required == "> 2027-01-05T23:59:59+08:00"
    with stage.world.read() as session:
        public = queries.result(session, case)["publicity"]
    assert (public["until"].date().isoformat(), public["provisional"]) == ("2027-01-05", False)
    stage.at(day(1, 6, 0, 2027))
    assert stage.do("代理", "result.publish", case)["warnings"] == []


@pytest.mark.rule("CAL-01", "due in 2027")
def test_a_period_into_2027_is_due_provisionally_and_its_timer_waits_for_the_table(stage, monkeypatch) -> None:
    monkeypatch.setattr(data, "_IMPORTED", [stage.world.acts.house.config.data_dir / "calendar"])
    case = reported(stage, validity_days=400)
    publish(stage, case)
    stage.at(day(12, 20))
    stage.do("代理", "result.publish", case)
    assert due(stage, "招标人", case) == [("Report to the regulator", "2027-01-04", False)]
    with stage.world.read() as session:
        (one,) = periods.running(session, [session.get(Case, case)], stage.world.clock.now())[case]
    assert (one.rule, one.due.provisional) == ("R1-26", True)
    data.remember(stage.world.acts.house.config.data_dir, YEAR)
    ring(stage, day(1, 5, 0, 2027))  # rung for the 4th, which is off now
    assert entries(stage, case, "period.late") == []
    ring(stage, day(1, 6, 0, 2027))
    (told,) = entries(stage, case, "period.late")
    assert (told["due"], told["warnings"][0]["required"]) == ("2027-01-05", "15日, ≤ 2027-01-05")
