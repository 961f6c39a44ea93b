"""Every message id, rule, value and field has its words in both languages."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.web.conftest import front  # noqa: F401  the same app
from web import words
from web.entry_words import ENTRIES
from web.pages.audit import KINDS

_spec = importlib.util.spec_from_file_location("house_tree", Path(__file__).with_name("tree.py"))
assert _spec is not None and _spec.loader is not None
tree = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tree)

_spec = importlib.util.spec_from_file_location("words_script", tree.ROOT / "scripts" / "words.py")
assert _spec is not None and _spec.loader is not None
script = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(script)
PO = script.PO
SAYS = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')  # t("…") of a browser module


def catalogue():
    with PO.open("rb") as source:
        return read_po(source, locale="zh_CN")


def test_every_message_has_chinese_words():
    known = {message.id: message.string for message in catalogue() if message.id}
    missing = sorted(message for message in script.used() if not known.get(message))
    assert not missing, f"{len(missing)} without words in {PO.name}: {missing[:20]}"


def test_placeholders_survive_translation():
    for message in catalogue():
        if message.id:
            marks = re.findall(r"%\(\w+\)s", message.id)
            assert sorted(marks) == sorted(re.findall(r"%\(\w+\)s", message.string)), message.id


def rule_codes() -> set[str]:
    """Codes that stand in the source: first texts of Breach(…), denied(…), refused(…) and ids of rule rows."""
    makers = {"Breach", "denied", "refused", "breach", "RuleRow", "_row"}
    form = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*(/\w+)?")
    found: set[str] = set()
    for path in tree.modules():
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                if name in makers and isinstance(first, ast.Constant) and form.fullmatch(str(first.value)):
                    found.add(first.value)
    return found


def test_every_rule_has_words_in_both_languages(front):  # noqa: F811
    codes = rule_codes() | set(words._BOOK)
    assert len(codes) > 150
    with front.app.test_request_context():
        for code in sorted(codes):
            message = words.sentence(code)
            assert message and message.isascii(), f"{code}: {message!r} is no English sentence"
            assert not words.gettext(message).isascii(), f"{code}: {message!r} has no Chinese words"


def entry_kinds() -> set[str]:
    """Kinds of entries that stand in the source, but for those of accounts, which are no case's."""
    found: set[str] = set()
    for path in tree.modules():
        for node in ast.walk(tree.parsed(path)) if not tree.name(path).startswith("accounts/") else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in RECORDERS:
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                found |= {one for one in texts if isinstance(one, str) and re.fullmatch(r"[a-z]+[.][a-z_]+", one)}
    return found


RECORDERS = ("record", "note")


def test_every_kind_of_entry_has_words_and_stands_in_the_filter():
    kinds = entry_kinds()
    assert len(kinds) > 100
    assert sorted(kinds - set(ENTRIES)) == []
    assert sorted({kind.partition(".")[0] for kind in kinds | set(ENTRIES)} - set(KINDS)) == []


@pytest.mark.parametrize(
    ("said", "chinese", "english"),
    [
        ("not suspended", "未暂停", "not suspended"),
        ("DRAFTING / ANNOUNCED", "编制中 / 已公告", "Drafting / Announced"),
        ("≥ 20日", "≥ 20日", "≥ 20 days"),
        ("15日, ≥ 2026-03-02", "15日, ≥ 2026-03-02", "15 days, ≥ 2026-03-02"),
        ("≥ 5, 单数", "≥ 5, 单数", "≥ 5, odd number"),
        ("> 2026-03-02T09:30:00+08:00", "> 2026-03-02 09:30", "> 2026-03-02 09:30"),
        ("regulator", "监管部门", "regulator"),
        ("sections.scope", "招标范围", "scope of the tender"),
        ("甲公司.rank", "甲公司 · 排名", "甲公司 · Rank"),
        ("3日, ≤ 2027-01-04, 暂定", "3日, ≤ 2027-01-04, 暂定", "3 days, ≤ 2027-01-04, provisional"),
        ("CV 0.52%", "变异系数 0.52%", "coefficient of variation 0.52%"),
        ("tenderer / centre / supervisor of this draw", "招标人 / 交易中心 / 本次抽取的监督人员",
         "tenderer / trading centre / supervisor of this draw"),
    ],
)  # fmt: skip
def test_values_beside_an_article_are_words(front, said, chinese, english):  # noqa: F811
    with front.app.test_request_context():
        assert words.value(said) == chinese
    with front.app.test_request_context(headers={"Cookie": "gh_language=en"}):
        assert words.value(said) == english


def test_articles_are_read_in_both_languages(front):  # noqa: F811
    with front.app.test_request_context():
        assert words.article("招标投标法实施条例 第22条、第54条") == "招标投标法实施条例 第22条、第54条"
    with front.app.test_request_context(headers={"Cookie": "gh_language=en"}):
        english = "Implementing Regulations of the Tendering and Bidding Law art. 22, 54"
        assert words.article("招标投标法实施条例 第22条、第54条") == english
        form = re.compile(r"[\u4e00-\u9fff〔〕]+ 第\d+条(、第\d+条|至第\d+条)*")
        cited = {one.value for path in tree.modules() for one in ast.walk(tree.parsed(path))
                 if isinstance(one, ast.Constant) and form.fullmatch(str(one.value))}  # fmt: skip
        assert len(cited) > 15
        unread = [one for one in cited if re.search("[\u4e00-\u9fff]", words.article(one))]
        assert not unread, unread


def test_shape_errors_are_words_in_chinese(front):  # noqa: F811
    with front.app.test_request_context():
        assert words.unusable("bid_bond: a decimal number is expected") == "投标保证金: 须为数字"
        assert words.unusable("settings.contact: missing") == "联系人及电话: 缺失"
        taken = words.unusable("name: another template of your organisation has it")
        assert taken == "名称: 已被本单位的另一模板使用"
        assert not re.search("[A-Za-z]{2,}", words.unusable("the frontier is odd"))


def _marked(path: Path) -> set[str]:
    """Words that a Python file marks for the catalogue, however many lines they take."""
    return {
        node.args[0].value for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_"
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip


def test_what_a_script_says_is_handed_to_it() -> None:
    """A word that only a template marks has Chinese in the catalogue, and the script still says it in English."""
    handed = set().union(*(_marked(path) for path in (tree.ROOT / "web").rglob("*.py")))
    scripts = (tree.ROOT / "web" / "static" / "src").rglob("*.js")
    said = {(path.name, word) for path in scripts for word in SAYS.findall(path.read_text())}
    assert len(said) > 200, "the pattern finds what scripts say"
    assert not sorted(one for one in said if one[1] not in handed)
