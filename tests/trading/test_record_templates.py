"""Templates of the opening record: made, changed, found, put in force, deleted; what the law asks for is in each."""

from __future__ import annotations

import pypdfium2
import pytest

from core import ledger
from core.access import Role
from core.faults import Unusable
from core.rules import Refused
from tests.certs.pdf_tools import fonts_missing
from tests.trading.stage import Stage
from trading.opening import papers
from trading.record import actions as _actions  # noqa: F401  (declares the acts)
from trading.record import queries, rules
from trading.record.models import RecordTemplate
from trading.record.rules import COLUMNS, OPTIONAL, REQUIRED, Layout
from web.pages import record_templates

CENTRE, OTHER = "交易中心", "外地中心"


@pytest.fixture
def templates(stage: Stage) -> Stage:
    stage.org(OTHER, "centre", Role.CENTRE, region="420203")
    return stage


def create(stage: Stage, name: str = "简式", who: str = CENTRE, **more) -> str:
    return str(stage.do(who, "record_template.create", name=name, columns=list(COLUMNS), **more)["template"])


def names(stage: Stage, who: str = CENTRE, **how) -> list[str]:
    with stage.world.read() as session:
        return [one["name"] for one in queries.templates(session, stage.people[who], **how)]


def in_force(stage: Stage, who: str = CENTRE) -> Layout:
    with stage.world.read() as session:
        return queries.in_force(session, stage.people[who].org)


@pytest.mark.certify("A-115")
def test_made_found_changed_and_deleted(templates: Stage) -> None:
    first = create(templates, "市政工程", closing_words="本表一式三份。")
    create(templates, "房建工程")
    assert set(names(templates)) == {"市政工程", "房建工程"}
    assert names(templates, text="市政") == ["市政工程"]
    assert names(templates, text="%") == []
    changed = templates.do(
        CENTRE, "record_template.edit", template=first, name="市政工程（2026）", columns=list(REQUIRED),
    )  # fmt: skip
    assert changed == {"template": first, "version": 2}
    with templates.world.read() as session:
        newest, oldest = queries.versions(session, templates.people[CENTRE], first)
    assert (newest.version, newest.name, newest.columns, newest.closing_words) == (
        2, "市政工程（2026）", frozenset(REQUIRED), "",
    )  # fmt: skip
    assert (oldest.version, oldest.columns, oldest.closing_words) == (1, frozenset(COLUMNS), "本表一式三份。")
    templates.do(CENTRE, "record_template.delete", template=first)
    assert names(templates) == ["房建工程"] and names(templates, deleted=True) == ["市政工程（2026）"]
    with templates.world.read() as session:
        assert len(queries.versions(session, templates.people[CENTRE], first)) == 2, "records may name them"
        kinds = [one.kind for one in ledger.entries(session, "platform") if one.kind.startswith("record_template")]
    assert kinds == ["record_template.written"] * 3 + ["record_template.deleted"]
    for act in ("edit", "use", "delete"):
        with pytest.raises(Unusable):
            more = {"name": "x", "columns": list(COLUMNS)} if act == "edit" else {}
            templates.do(CENTRE, f"record_template.{act}", template=first, **more)


def test_one_is_in_force_and_is_not_deleted_unaware(templates: Stage) -> None:
    assert in_force(templates) == Layout()
    first, second = create(templates, "一"), create(templates, "二")
    for template in (first, second):
        templates.do(CENTRE, "record_template.use", template=template)
        assert in_force(templates).id == template
    with templates.world.read() as session:
        assert session.query(RecordTemplate).filter_by(state="in_force").count() == 1
    with pytest.raises(Refused, match="RECORD-IN-FORCE"):
        templates.do(CENTRE, "record_template.delete", template=second)
    templates.do(CENTRE, "record_template.delete", template=first)
    templates.do(CENTRE, "record_template.use", template="")
    assert in_force(templates) == Layout()
    templates.do(CENTRE, "record_template.delete", template=second)


@pytest.mark.parametrize("column", REQUIRED)
def test_what_the_law_asks_for_is_never_left_out(templates: Stage, column: str) -> None:
    assert [one.article for one in rules.complete(set(COLUMNS) - {column})] == [REQUIRED[column]]
    with pytest.raises(Refused, match="RECORD-COLUMN"):
        templates.do(CENTRE, "record_template.create", name="缺项", columns=sorted(set(COLUMNS) - {column}))
    assert rules.complete(REQUIRED) == []


def test_names_are_taken_once_and_columns_are_known_ones(templates: Stage) -> None:
    first = create(templates, "同名")
    for act, more in (("create", {}), ("edit", {"template": create(templates, "另一")})):
        with pytest.raises(Unusable, match="name"):
            templates.do(CENTRE, f"record_template.{act}", name="同名", columns=list(COLUMNS), **more)
    for columns in ([*COLUMNS, "secret"], "number", [1]):
        with pytest.raises(Unusable, match="columns"):
            templates.do(CENTRE, "record_template.create", name="怪", columns=columns)
    templates.do(CENTRE, "record_template.edit", template=first, name="同名", columns=list(COLUMNS))
    create(templates, "同名", OTHER)


def test_a_centre_keeps_its_own(templates: Stage) -> None:
    first = create(templates)
    templates.do(CENTRE, "record_template.use", template=first)
    assert names(templates, OTHER) == [] and in_force(templates, OTHER) == Layout()
    with templates.world.read() as session:
        assert queries.versions(session, templates.people[OTHER], first) == []
    for act, more in (("use", {}), ("delete", {}), ("edit", {"name": "x", "columns": list(COLUMNS)})):
        with pytest.raises(Unusable):
            templates.do(OTHER, f"record_template.{act}", template=first, **more)
        for who in ("招标人", "代理", "监管", "投标人甲"):
            with pytest.raises(Refused, match="ACCESS"):
                templates.do(who, f"record_template.{act}", template=first, **more)
    for who in ("招标人", "监管"):
        assert names(templates, who) == []


HEADS = {"uscc": "统一社会信用代码", "signed_in_at": "签到时间", "unlocked_at": "解密时间", "digest": "文件摘要",
         "capital": "伍仟陆佰", "quality": "合格", "manager": "张某某", "present": "在线签到的投标人"}  # fmt: skip


def printed(layout: Layout, world, monkeypatch) -> str:
    monkeypatch.setattr(record_templates, "g", type("G", (), {"now": world.clock.now()}))
    record = record_templates._sample(layout)
    made = papers.opening_record(record, [], [("host", "主持人")], layout, demo=True)
    with pypdfium2.PdfDocument(made.bytes) as document:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


@pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())
def test_chosen_columns_are_printed_and_the_others_are_not(world, monkeypatch) -> None:
    assert set(HEADS) == set(OPTIONAL)
    least = printed(Layout(columns=frozenset(REQUIRED)), world, monkeypatch)
    for fixed in ("序号", "投标人", "送达时间", "解密情况", "投标报价", "工期", "备注", "异议及答复", "视为认可"):
        assert fixed in least
    for column, head in HEADS.items():
        assert head not in least, column
        assert head in printed(Layout(columns=frozenset(REQUIRED) | {column}), world, monkeypatch), column
    worded = Layout("t", "简式", 3, frozenset(REQUIRED), "开场白", "结束语")
    whole = printed(worded, world, monkeypatch)
    assert all(said in whole for said in ("开场白", "结束语", "模板：简式第3版"))
