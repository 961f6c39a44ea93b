"""延期公告: a deadline that did not hold is set anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core import sntp
from core.paper import Paper
from trading.project.models import Case, Project
from trading.project.papers import case_facts, hour, media, terms, with_record

PROCESS = {"page": "交易平台网页服务", "upload": "投标文件上传服务"}
DECIDED = {"go_on": "按期继续", "postpone": "延期", "": "招标人尚未决定"}
STEPS = {"30 min": "截止前30分钟", "5 min": "截止前5分钟", "deadline": "截止时", "window": "解密截止前"}

CAUSES = {
    sntp.NO_RESPONSE: "无应答", sntp.UNREACHABLE: "无法连接", sntp.NO_NAME: "域名无法解析",
    sntp.OTHER: "应答与请求不符", sntp.UNSYNC: "服务器未同步", sntp.SLOW: "应答过慢", sntp.GARBAGE: "应答无法识别",
}  # fmt: skip


def postponement(
    project: Project, case: Case, names: dict[str, str], said: Mapping[str, Any], now: datetime, *, demo: bool
) -> bytes:
    """`said`: {reason, before, after, outages, clock} as it stands in the ledger entry."""
    paper = Paper("延期公告", subtitle=project.name, issuer=names.get("tenderer", ""), number=case.lot_code, demo=demo)
    paper.section(terms(case)["lot"]).facts(case_facts(project, case, names))
    paper.section("投标截止及开标时间").text(f"由 {hour(said['before'])} 延至 {hour(said['after'])}。")
    paper.section("延期原因").text(said["reason"])
    outage_table(paper, said["outages"])
    paper.section("投标文件").text(
        "已递交的投标文件继续加密保存，仍然有效；在新的投标截止时间前可以补充、修改或者撤回。开标签到重新进行。"
    )
    paper.note(f"发布时间：{hour(now)}    发布媒介：{media(case)}")
    return with_record(paper.build().bytes, {"schema": "postponement/1", "case": case.id, **said})


def outage_table(paper: Paper, outages: Sequence[Mapping[str, Any]]) -> None:
    if outages:
        rows = [
            [PROCESS[one["process"]], hour(one["since"]), hour(one["until"]) if one["until"] else "尚未恢复"]
            for one in outages
        ]
        paper.subsection("平台中断记录（依平台心跳）").table(["服务", "自", "至"], rows, widths=[3, 3, 3])


def clock_line(clock: Mapping[str, Any] | None) -> str:
    """What the last comparison found, for the opening record."""
    if clock is None:
        return "平台服务器时间；未与国家标准时间比对"
    when = f"{STEPS[clock['step']]}（{hour(clock['at'])}）"
    if not clock["offset"]:
        return f"平台服务器时间；{when}与国家标准时间比对未成功：{_causes(clock)}"
    return (
        f"平台服务器时间；{when}与 {clock['server']} 比对，偏差 {clock['offset']} 秒，往返 {clock['delay']} 秒，"
        f"层级 {clock['stratum']}"
    )


def _causes(clock: Mapping[str, Any]) -> str:
    """Of every server; a text this release does not know stands as it was recorded."""
    said = [(one["server"], one["cause"]) for one in clock.get("answers", []) if one["cause"]]
    return "；".join(f"{server} {CAUSES.get(sntp.kind_of(why), why)}" for server, why in said) or clock["cause"]
