"""Templates of evaluation methods: kept from a file, versioned, taken into another file, and by whom."""

from __future__ import annotations

from typing import Any

import pytest

from core import ledger
from core.access import Role
from core.faults import Unusable
from core.rules import Refused
from tests.trading.stage import FILE, Stage
from trading.method import actions as _actions  # noqa: F401  (declares the acts)
from trading.method import queries
from trading.project.models import Case

OTHER, CENTRE = "另一代理", "交易中心"


@pytest.fixture
def authors(stage: Stage) -> Stage:
    stage.org(OTHER, "agency", Role.AGENCY)
    return stage


def evaluation(stage: Stage, case: str) -> dict[str, Any]:
    with stage.world.read() as session:
        return dict(session.get_one(Case, case).evaluation)


def keep(stage: Stage, case: str, name: str = "市政综合评估", who: str = "代理", **more: Any) -> str:
    return str(stage.do(who, "method_template.keep", **{"from": case, "name": name, **more})["template"])


def names(stage: Stage, who: str, **how: str) -> list[str]:
    with stage.world.read() as session:
        return [one["name"] for one in queries.templates(session, stage.people[who], **how)]


@pytest.mark.certify("A-147")
def test_kept_taken_into_another_file_and_changed_without_touching_it(authors: Stage) -> None:
    source, target = authors.drafting(), authors.drafting()
    template = keep(authors, source)
    other = FILE["evaluation"] | {"criteria": [{"id": "plan", "name": "方案", "max": "100", "weight": "0.5"}],
                                  "method": "经评审的最低投标价法"}  # fmt: skip
    authors.do("代理", "file.save", target, evaluation=other)
    authors.do("代理", "file.save", target, template=template)
    assert evaluation(authors, target) == evaluation(authors, source)
    with authors.world.read() as session:
        saved = [one.body for one in ledger.entries(session, f"case:{target}") if one.kind == "file.saved"][-1]
    assert saved["template"] == {"id": template, "version": 1, "name": "市政综合评估"}
    authors.do("代理", "file.save", source, evaluation=other)
    assert keep(authors, source, "市政最低价", template=template) == template
    assert evaluation(authors, target) != evaluation(authors, source), "the file stays as it was"
    with authors.world.read() as session:
        newest, oldest = queries.versions(session, authors.people["代理"], template)
    assert (newest.version, newest.name, newest.evaluation) == (2, "市政最低价", evaluation(authors, source))
    assert (oldest.version, oldest.evaluation) == (1, evaluation(authors, target))
    assert names(authors, "代理", method="经评审的最低投标价法") == ["市政最低价"]
    assert names(authors, "代理", method="综合评估法") == names(authors, "代理", procedure="land") == []


def test_ones_own_and_those_of_a_centre_are_offered(authors: Stage) -> None:
    case = authors.drafting()
    mine = keep(authors, case)
    assert names(authors, "代理") == ["市政综合评估"] and names(authors, "招标人") == names(authors, OTHER) == []
    with pytest.raises(Unusable, match="template"):
        authors.do("招标人", "file.save", case, template=mine)
    with pytest.raises(Refused, match="ACCESS"):
        keep(authors, case, who=CENTRE)  # not issued yet
    issued = authors.announced()
    keep(authors, issued, "中心示范", CENTRE)
    assert names(authors, OTHER) == names(authors, "招标人") == ["中心示范"]
    assert names(authors, "代理") == ["市政综合评估", "中心示范"]


@pytest.mark.parametrize("who", ["投标人甲", "监管"])
def test_others_keep_none(authors: Stage, who: str) -> None:
    case = authors.drafting()
    with pytest.raises(Refused, match="ACCESS"):
        keep(authors, case, who=who)
    with pytest.raises(Refused, match="ACCESS"):
        authors.do(who, "method_template.delete", template=keep(authors, case))


def test_nobody_keeps_from_a_strangers_file_or_changes_a_strangers_template(authors: Stage) -> None:
    case = authors.drafting()
    template = keep(authors, case)
    with pytest.raises(Refused, match="ACCESS"):
        keep(authors, case, who=OTHER)
    for who in ("招标人", OTHER):
        with pytest.raises(Unusable, match="template"):
            authors.do(who, "method_template.delete", template=template)
    with pytest.raises(Unusable, match="template"):
        keep(authors, case, who="招标人", template=template)


def test_names_are_taken_once_and_a_deleted_template_is_offered_no_more(authors: Stage) -> None:
    case = authors.drafting()
    template = keep(authors, case)
    with pytest.raises(Unusable, match="name"):
        keep(authors, case)
    keep(authors, case, who="招标人")  # another organisation's name
    before = evaluation(authors, case)
    authors.do("代理", "method_template.delete", template=template)
    assert names(authors, "代理") == []
    for act in ("keep", "delete"):
        more = {"from": case, "name": "x"} if act == "keep" else {}
        with pytest.raises(Unusable, match="template"):
            authors.do("代理", f"method_template.{act}", template=template, **more)
    with pytest.raises(Unusable, match="template"):
        authors.do("代理", "file.save", case, template=template)
    assert evaluation(authors, case) == before
    keep(authors, case)


def test_a_file_without_an_evaluation_part_gives_none_and_template_stands_alone(authors: Stage) -> None:
    bare = authors.planned()
    with pytest.raises(Unusable, match="evaluation part"):
        keep(authors, bare)
    case = authors.drafting()
    with pytest.raises(Unusable):
        authors.do("代理", "file.save", case, template=keep(authors, case), ceiling="5000")


def test_an_issued_file_takes_no_template(authors: Stage) -> None:
    template = keep(authors, authors.drafting())
    issued = authors.announced()
    with pytest.raises(Refused):
        authors.do("代理", "file.save", issued, template=template)
