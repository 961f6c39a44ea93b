"""Shared rooms cite the law of works; in a tender of government procurement each such article has its counterpart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trading import procedures

ROOT = Path(__file__).parents[2]
ARTICLES = re.compile(r'"((?:招标投标法|招标投标法实施条例|评标委员会和评标方法暂行规定) 第[^"]*条)"')
ROOMS = ("evaluation", "web/pages", "templates/evaluation", "oversight")
# The pool of experts is one for both, kept by its own rules; a reference price is unknown to government procurement.
ONLY_WORKS = {"招标投标法实施条例 第45条", "招标投标法实施条例 第50条"}


def cited() -> dict[str, str]:
    """{article: a file that cites it}"""
    found = {}
    for room in ROOMS:
        for path in [*(ROOT / room).rglob("*.py"), *(ROOT / room).rglob("*.html")]:
            found |= dict.fromkeys(ARTICLES.findall(path.read_text()), str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("article", sorted(set(cited()) - ONLY_WORKS))
def test_every_article_of_a_shared_room_has_a_counterpart(article: str) -> None:
    goods = procedures.of("open-goods").cites(article)
    assert goods != article and not goods.startswith("招标投标法"), cited()[article]
    assert procedures.of("open-works").cites(article) == article
