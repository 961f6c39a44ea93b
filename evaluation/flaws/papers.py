"""The report's section on flaws of the tender file: only where the committee has found one and the sitting went on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import CST
from core.paper import Paper


def _at(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(CST):%Y-%m-%d %H:%M}"


def section(paper: Paper, record: Mapping[str, Any]) -> None:
    found = record.get("flaws")
    if not found:
        return
    paper.section("招标文件问题的认定与答复").text(f"依据: {found['article']}。评标委员会停止评标，收到答复后继续。")
    rows = [[one["clause"], one["reason"], _at(one["at"]), one["answer"], _at(one["answered_at"])]
            for one in found["found"]]  # fmt: skip
    paper.table(["所在条款", "认定理由", "提出时间", "招标人（采购人）答复", "答复时间"], rows,
                widths=[1.4, 2.4, 1, 2.4, 1])  # fmt: skip
