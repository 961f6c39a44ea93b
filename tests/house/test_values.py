"""What a refusal asks for and what it found are said in Chinese on a Chinese page: every value that a rule names."""

from __future__ import annotations

import ast
import re

import pytest

from core import config
from tests.house import tree
from trading.mall.facts import Asked, SpecField
from trading.mall.rules import spec_faults
from web import words
from web.app import create_app

ROOMS = ("trading", "evaluation", "oversight", "experts", "venues")
CODES = re.compile(r"PDF|PNG|JPEG|WebP|gongheng/sealed/1(, rehearsal)?")  # formats have one name in every language


def _values(call: ast.Call) -> list[ast.expr]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "breach":
        return [*call.args[:1], *(one.value for one in call.keywords if one.arg == "required")]
    return call.args[3:5] if name == "Breach" else []


def named() -> dict[str, str]:
    """{value: a file that names it}"""
    found = {}
    for path in tree.modules():
        if tree.name(path).split("/")[0] in ROOMS:
            calls = [node for node in ast.walk(tree.parsed(path)) if isinstance(node, ast.Call)]
            texts = [one.value for call in calls for one in _values(call) if isinstance(one, ast.Constant)]
            found |= dict.fromkeys((one for one in texts if isinstance(one, str)), tree.name(path))
    return found


def test_every_value_of_a_refusal_has_chinese_words(tmp_path) -> None:
    app, wrong = create_app(config.read({"DEMO": "1", "DATA_DIR": str(tmp_path)})), {}
    asked = Asked("A", (SpecField("重量", "number"), SpecField("颜色", required=True)))
    made = [one for fault in spec_faults({"重量": "轻", "产地": "汉"}, asked) for one in fault[1:]]
    with app.test_request_context("/"):
        for value, where in (named() | dict.fromkeys(made, "trading/mall/rules.py")).items():
            said = words.value(value)
            if re.search("[A-Za-z]{2,}", CODES.sub("", said)):
                wrong[value] = (said, where)
    assert not wrong, wrong


@pytest.mark.parametrize("value", ["one vote", "cast already", "active"])
def test_the_look_finds_the_values(value: str) -> None:
    assert value in named()
