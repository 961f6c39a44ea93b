"""Papers of the award step: candidate publicity, result, notices, award report."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from core import canon
from core.paper import Paper
from trading.award.methods import METHODS
from trading.award.models import Publicity
from trading.project.models import Case, Project
from trading.project.papers import case_facts, hour, media, money, terms, with_record

CENT, NOTHING = Decimal("0.01"), Decimal(0)


def rounds_table(paper: Paper, rounds: list[Any], names: dict[str, str]) -> None:
    """Vote totals of each ballot; a ballot paper itself is never printed."""
    for place, one in enumerate(rounds, start=1):
        word = "(复投)" if "runoff" in one else ""
        if "ballots" in one:
            rows = [[names[bid], str(count)] for bid, count in one["ballots"].items()]
            paper.subsection(f"第 {place} 轮{word}").table(["候选人", "得票"], rows, widths=[3, 1])
        else:
            rows = [["、".join(names[bid] for bid in ranking)] for ranking in one["rankings"]]
            paper.subsection(f"第 {place} 轮{word}").table(["排序票(打乱)"], rows)


def candidate_paper(project: Project, case: Case, known: dict[str, str], shown: Publicity, *, demo: bool) -> bytes:
    body = shown.body
    issuer, number = known.get("tenderer", ""), case.lot_code
    paper = Paper("中标候选人公示", subtitle=project.name, issuer=issuer, number=number, demo=demo)
    paper.section("项目信息").facts(case_facts(project, case, known))
    ranked = any(one["rank"] for one in body["candidates"])
    head = ["排序"] * ranked + [
        "中标候选人",
        f"投标报价({case.unit})",
        "质量",
        "工期(日历天)",
        "项目负责人",
        "证书编号",
    ]
    keys = ["rank"] * ranked + ["name", "price", "quality", "duration", "manager", "certificate"]
    paper.section("中标候选人").table(head, [[one[key] for key in keys] for one in body["candidates"]])
    if not ranked:
        paper.note("本项目实行评定分离,中标候选人按投标编号列示,不标明排序。")
    paper.text("以上中标候选人响应招标文件要求的资格能力条件: 满足招标文件要求。")
    if body.get("winner"):
        names = {one["bid"]: one["name"] for one in body["candidates"]}
        paper.section("定标结果").facts([("定标方法", METHODS[body["method"]]), ("拟中标人", names[body["winner"]])])
        rounds_table(paper, body["rounds"], names)
    paper.section("公示期").text(f"{hour(shown.published_at)} 至 {hour(shown.until)}。")
    if shown.provisional:
        paper.note("该年度节假日安排尚未公布,公示截止日为暂定;公布后只延长不缩短。")
    paper.section("提出异议的渠道和方式").text(body["channel"])
    paper.note(f"发布媒介: {media(case)}")
    return with_record(paper.build().bytes, {"schema": "candidate-notice/1", "case": case.id, **body})


def won_facts(project: Project, case: Case, known: dict[str, str], won: dict[str, Any]) -> list[tuple[str, str]]:
    manager = won.get("manager") or {}
    return [
        *case_facts(project, case, known),
        ("中标人", won["org_name"]),
        ("中标价", money(won["price"], case.unit)),
        (terms(case)["duration"], f"{won['duration_days']} 日历天"),
        ("质量", won["quality"]),
        ("项目负责人", f"{manager.get('name', '—')} {manager.get('certificate', '')}".strip()),
    ]


def result_paper(
    project: Project, case: Case, known: dict[str, str], won: dict[str, Any], now: datetime, *, demo: bool
) -> bytes:
    issuer = known.get("tenderer", "")
    paper = Paper("中标结果公告", subtitle=project.name, issuer=issuer, number=case.lot_code, demo=demo)
    paper.section("中标结果").facts(won_facts(project, case, known, won))
    paper.text("中标候选人公示期内无异议或异议已答复,现予公告。")
    paper.note(f"发布时间: {hour(now)}    发布媒介: {media(case)}")
    return paper.build().bytes


def award_notice(
    project: Project, case: Case, known: dict[str, str], won: dict[str, Any], now: datetime, url: str, *, days: int,
    demo: bool,
) -> tuple[bytes, str]:  # fmt: skip
    """中标通知书 and the digest of its machine record, which stands in the QR with the verify page's address.

    `days`: from the notice to the contract.
    """
    record = {
        "schema": "award-notice/1", "case": case.id, "lot_code": case.lot_code, "winner": won["id"],
        "name": won["org_name"], "uscc": won["uscc"], "price": won["price"], "unit": case.unit, "at": now.isoformat(),
    }  # fmt: skip
    record |= {"signers": []}
    digest = canon.sha256_hex(canon.dumps(record))
    issuer = known.get("tenderer", "")
    paper = Paper(
        "中标通知书", subtitle=project.name, issuer=issuer, number=case.lot_code, digest=digest[:12], demo=demo
    )
    paper.text(f"{won['org_name']}:", indent=False)
    paper.text(f"你方于投标截止前递交的 {project.name} {case.lot_name} 投标文件已被我方接受,被确定为中标人。")
    paper.section("中标内容").facts(won_facts(project, case, known, won))
    paper.text(f"请你方自本通知书发出之日起 {days} 日内与我方订立书面合同,并按招标文件规定提交履约保证金。")
    paper.text(f"{known.get('tenderer', '')}    {hour(now)}", indent=False)
    caption = "扫码打开核验页;核验由本平台运营方的服务器完成,离线核验见 flask verify。"
    paper.qr(f"{url}/verify?case={case.id}&record={digest}", caption)
    return with_record(paper.build().bytes, record), digest


def others_notice(
    project: Project, case: Case, known: dict[str, str], won: dict[str, Any], now: datetime, *, demo: bool
) -> bytes:
    issuer = known.get("tenderer", "")
    paper = Paper("中标结果通知书", subtitle=project.name, issuer=issuer, number=case.lot_code, demo=demo)
    paper.text("各投标人:", indent=False)
    paper.text(f"{project.name} {case.lot_name} 的中标人已经确定,现将结果通知如下。感谢你方的参与。")
    paper.section("中标结果").facts(won_facts(project, case, known, won))
    paper.note(f"通知时间: {hour(now)}")
    return paper.build().bytes
