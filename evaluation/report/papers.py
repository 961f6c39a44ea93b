"""The evaluation report on paper, made of its machine record alone (contents: 12号令 art. 42, domain.md §3.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from certs.desk import SEAL
from core import canon
from core.data import regions
from core.money import D, half_up, plain, yuan
from core.paper import Paper, PaperResult, SignatureBox
from evaluation.blind import papers as blind
from evaluation.brands import papers as brands
from evaluation.failures.minutes import KINDS, confirmed
from evaluation.figures import papers as figures
from evaluation.flaws import papers as flaws
from evaluation.lowprice import papers as lowprice
from evaluation.scoring import papers as deductions
from evaluation.scoring import policy

AGREED = "以下成员签字确认本评标报告；持不同意见的，其书面意见和理由已在上文载明。"
STANCE = {
    "agree": "同意并签字",
    "dissent": "持不同意见并签字（SIGNED_WITH_DISSENT）",
    "deemed": "拒绝签字且不陈述理由，视为同意（DEEMED_AGREED）",
}
IDENTITY = {"certificate": "数字证书", "id_card": "数字证书、身份证件核验", "manual": "数字证书、主持人工核验"}
MODE = {
    "MAIN_SUB": "远程异地评标（主副场制）",
    "DISPERSED_SEAT": "远程异地评标（工位分散制）",
    "FUSED_MAIN_DISPERSED": "远程异地评标（融合主场工位分散制）",
}
LEFT = {"recused": "主动回避", "removed": "更换"}
WORDS = {"R1": ("招标人", "招标代理机构", "自行招标"), "R2": ("采购人", "采购代理机构", "自行采购")}
ACROSS = 7  # criteria side by side on a page
Record = Mapping[str, Any]


def _at(text: str | None) -> str:
    if not text:
        return "—"
    when = datetime.fromisoformat(text)
    return f"{when.year}年{when.month}月{when.day}日 {when:%H:%M}"


def _site(code: str) -> str:
    return regions().full_name(code)


def _bids(record: Record) -> dict[str, str]:
    return {bid["id"]: f"{bid['number']}. {bid['org_name']}" for bid in record["bids"]}


def _names(record: Record) -> dict[str, str]:
    return {one["label"]: one["name"] for one in record["committee"]}


def _basics(paper: Paper, record: Record) -> None:
    case = record["case"]
    owner, agency, alone = WORDS[case["regime"]]
    rows = [
        ("项目名称", case["title"]), ("标段编号", case["lot_code"] or "—"), (owner, case["tenderer"]),
        (agency, case["agency"] or alone), ("评标方法", case["method"] or "综合评估法"),
        ("最高投标限价", f"{case['ceiling']} {case['unit']}" if case["ceiling"] else "—"),
        ("开标时间", _at(case["opened_at"])), ("评标开始时间", _at(record["began_at"])),
        ("评标方式", MODE[record["mode"]] if case["remote"] else "集中评标"),
    ]  # fmt: skip
    paper.section("基本情况和数据表").facts(rows)
    for one in record.get("tender_documents") or ():
        paper.note(f"有效招标文件: {one['title']}，SHA-256 {one['sha256']}")
    paper.section("评标委员会成员名单")
    paper.table(
        ["序号", "姓名", "类别", "工作单位", "评标地点", "工位", "身份核验", "职务、分工"],
        [
            [
                str(n), one["name"], "评标专家" if one["kind"] == "expert" else f"{owner}代表", one["employer"] or "—",
                _site(one["site"]), one["seat"], IDENTITY.get(one["identity"], "—"),
                "，".join(part for part in ("组长" if one["leader"] else "成员", one["duty"]) if part),
            ]
            for n, one in enumerate(record["committee"], 1)
        ],
        widths=[0.5, 0.8, 0.9, 1.6, 1.7, 0.8, 1.1, 0.8],
    )  # fmt: skip
    if record["left"]:
        paper.text("评标过程中更换的成员，其评审意见无效，由更换后的成员重新评审:")
        rows_left = [[_site(one["site"]), LEFT.get(one["how"], one["how"]), one["reason"]] for one in record["left"]]
        paper.table(["评标地点", "情形", "原因"], rows_left, widths=[2, 1, 3])
    for one in record["draws"]:
        what = "评标专家抽取" if one["purpose"] == "experts" else "评标座位抽取"
        held = f"；未揭示方: {'、'.join(one['withheld'])}" if one["withheld"] else ""
        paper.note(f"{what}记录 {one['draw']}，SHA-256 {one['record_sha256']}{held}")


def _opening(paper: Paper, record: Record) -> None:
    unit = record["case"]["unit"]
    paper.section("开标记录").table(
        ["投标编号", "投标人", f"投标报价（{unit}）", "工期（日历天）", "质量"],
        [
            [str(one["number"]), one["org_name"], yuan(D(one["price"])) if one["price"] else "无法读取",
             str(one["duration_days"] or "—"), one["quality"] or "—"]
            for one in sorted([*record["bids"], *record.get("unqualified", ())], key=lambda one: int(one["number"]))
        ],
        widths=[0.8, 2.4, 1.4, 1, 1],
        align=["centre", "left", "right", "centre", "left"],
    )  # fmt: skip


def _unqualified(paper: Paper, record: Record) -> None:
    """Whom the committee never saw (87号令 art. 44, 58)."""
    if record.get("unqualified"):
        paper.text("采购人或者采购代理机构审查后资格不合格、未进入评标的投标人:")
        rows = [[f"{one['number']}. {one['org_name']}", one["reason"]] for one in record["unqualified"]]
        paper.table(["投标人", "不合格的原因"], rows, widths=[3, 5])


def _review(paper: Paper, record: Record) -> None:
    found, bids, names = record["review"], _bids(record), _names(record)
    out = {one["bid"] for one in found["rejected"]}
    valid = [name for bid, name in bids.items() if bid not in out]
    paper.section("符合要求的投标一览表")
    if valid:
        paper.table(["投标人", "初步评审"], [[name, "通过"] for name in valid], widths=[4, 1])
    else:
        paper.text("无。")
    paper.section("否决投标的情况说明")
    _unqualified(paper, record)
    if not found["rejected"]:
        paper.text("经初步评审，没有投标被否决。")
    for one in found["rejected"]:
        paper.subsection(bids[one["bid"]])
        paper.text(f"否决依据（{one['ground']}）: {one['text']}。")
        marks = [m for m in found["marks"] if m["bid"] == one["bid"] and not m["pass"]]
        if marks:
            paper.table(
                ["评委", "评审项目", "页码", "理由"],
                [[names[m["member"]], m["item"], m["page"], m["reason"]] for m in marks],
                widths=[1, 1, 0.8, 4],
            )
        votes = [v for v in found["votes"] if (v["bid"], v["ground"]) == (one["bid"], one["ground"])]
        if votes:
            yes = sum(v["reject"] for v in votes)
            paper.text(f"表决: 全体成员 {len(votes)} 人，赞成否决 {yes} 人，反对 {len(votes) - yes} 人，超过半数。")
    kept = sorted({(v["bid"], v["ground"]) for v in found["votes"]})
    for bid, ground in kept:
        if not any((one["bid"], one["ground"]) == (bid, ground) for one in found["rejected"]) and bid not in out:
            yes = sum(v["reject"] for v in found["votes"] if (v["bid"], v["ground"]) == (bid, ground))
            paper.text(f"{bids[bid]}: 以 {ground} 提请否决，赞成 {yes} 人，未超过全体成员半数，不予否决。")
    if found["lack"] and found["lack"].get("void"):
        paper.text(f"通过符合性审查的投标人 {found['lack']['valid']} 家，不足三家，评标终止，予以废标。")
    elif found["lack"]:
        word = "明显缺乏竞争，否决全部投标" if found["lack"]["lack"] else "仍具有竞争性，继续评审"
        paper.text(f"有效投标不足三个。经表决（认为缺乏竞争 {found['lack']['yes']} 人），评标委员会认定: {word}。")
        rows = [[names[v["member"]], "是" if v["lack"] else "否", v["reason"]] for v in found["lack_votes"]]
        paper.table(["评委", "缺乏竞争", "论证"], rows, widths=[1, 0.8, 5])


def _method(paper: Paper, record: Record) -> None:
    paper.section("评标标准、评标方法或者评标因素一览表")
    data = (record["scoring"] or {}).get("input")
    if not data:
        paper.text("未进入详细评审。" if record["outcome"] == "void" else "全部投标被否决，未进入详细评审。")
        return
    price = data["price"]
    rows = [["投标报价", str(price["full"]), str(price.get("weight", "1")), "按招标文件规定的公式计算"]]
    rows += [
        [one.get("name", one["id"]), str(one["max"]), str(one.get("weight", "1")),
         "客观分" if one.get("kind") == "objective" else "主观分，取各评委平均值"]
        for one in data["criteria"]
    ]  # fmt: skip
    sides = ["left", "centre", "centre", "left"]
    paper.table(["评标因素", "满分", "权重", "说明"], rows, widths=[2, 0.8, 0.8, 3], align=sides)


def _scores(paper: Paper, record: Record) -> None:
    paper.section("经评审的价格或者评分比较一览表")
    if not record["scoring"]:
        paper.text("无。")
        return
    data, result, bids = record["scoring"]["input"], record["scoring"]["result"], _bids(record)
    named = {one["id"]: one.get("name", one["id"]) for one in data["criteria"]}
    paper.text(f"评标基准价: {result['benchmark']} {record['case']['unit']}。")
    scored = [bid for bid in bids if bid in result["totals"]]  # in bid-number order, whatever the totals
    _totals(paper, result, bids, named, scored)
    deductions.section(paper, record, data, result, bids)
    paper.subsection("各评委评分")
    names = _names(record)
    lines = [
        [bids[bid], named[criterion], *(data["scores"][label][bid][criterion] for label in names)]
        for bid in scored
        for criterion in named
    ]
    if lines:
        head = ["投标人", "评分项", *names.values()]
        sides = ["left", "left", *["right"] * len(names)]
        paper.table(head, lines, widths=[1.8, 1.4, *[0.7] * len(names)], align=sides)
    for one in result["eliminated"]:
        paper.text(f"{bids[one['bid']]} 按招标文件规定淘汰（{one['rule']}）。")
    _odd_scores(paper, record, named)


def _totals(
    paper: Paper, result: Mapping[str, Any], bids: Mapping[str, str], named: Mapping[str, str], scored: Sequence[str]
) -> None:
    """Price score, means and total of each bid; more criteria than a page is wide follow in tables of their own."""
    means = result["criterion_scores"]
    ids = list(named)
    first, more = ids[:ACROSS], [ids[at : at + ACROSS] for at in range(ACROSS, len(ids), ACROSS)]
    head = ["投标人", "报价得分", *(named[one] for one in first), "总分"]
    rows = [
        [bids[bid], result["price_scores"][bid], *(_mean(means[bid][one]) for one in first), result["totals"][bid]]
        for bid in scored
    ]
    paper.table(head, rows, widths=[2.2, 1, *[1.0] * len(first), 0.9], align=["left", *["right"] * (len(head) - 1)])
    for some in more:
        rows = [[bids[bid], *(_mean(means[bid][one]) for one in some)] for bid in scored]
        sides = ["left", *["right"] * len(some)]
        paper.table(["投标人", *(named[one] for one in some)], rows, widths=[2.2, *[1.0] * len(some)], align=sides)


def _mean(text: str) -> str:
    """For reading: four decimals. The mean itself is not rounded before the total (record.json has it whole)."""
    value = D(text)
    return plain(half_up(value, 4)) if value != half_up(value, 4) else text


def _odd_scores(paper: Paper, record: Record, named: Mapping[str, str]) -> None:
    names, bids = _names(record), _bids(record)
    if record["anomalies"]:
        paper.subsection("评分差异较大的复核")
        rows = [
            [names[one["expert"]], bids[one["bid"]], named[one["criterion"]], one["score"], one["median"],
             one["reason"]]
            for one in record["anomalies"]
        ]  # fmt: skip
        head = ["评委", "投标人", "评分项", "评分", "中位数", "评委说明"]
        paper.table(head, rows, widths=[0.8, 1.6, 1.2, 0.6, 0.7, 2.6])
    if record["corrections"]:
        paper.subsection("签字前更正的评分")
        rows = [
            [names[one["member"]], bids[one["bid"]], named[one["criterion"]], one["before"], one["after"],
             one["reason"]]
            for one in record["corrections"]
        ]  # fmt: skip
        head = ["评委", "投标人", "评分项", "原评分", "更正为", "理由"]
        paper.table(head, rows, widths=[0.8, 1.6, 1.2, 0.7, 0.7, 2.6])


def _outcome(paper: Paper, record: Record) -> None:
    bids = _bids(record)
    if record["ranked"]:
        paper.section("经评审的投标人排序")
        totals = (record["scoring"] or {}).get("result", {}).get("totals", {})
        shared = policy.places((record["scoring"] or {}).get("result", {}), _not_standing(record))
        rows = [[str(shared.get(bid, n)), bids[bid], totals[bid]] for n, bid in enumerate(record["ranking"], 1)]
        if rows:
            paper.table(["名次", "投标人", "总分"], rows, widths=[0.6, 4, 1], align=["centre", "left", "right"])
        else:
            paper.text("无。")
    paper.section("推荐的候选人与签订合同前需要处理的事宜")
    owner = WORDS[record["case"]["regime"]][0]
    if record["outcome"] == "all_rejected":
        paper.text(f"全部投标被否决，本次评标不推荐中标候选人，{owner}应当依法重新招标。")
    elif record["outcome"] == "void":
        paper.text("本次采购予以废标，不推荐中标候选人。")
    elif record["ranked"]:
        for place, bid in enumerate(record["candidates"], 1):
            paper.text(f"第{'一二三'[place - 1]}中标候选人: {bids[bid]}。")
    else:
        listed = "；".join(bids[bid] for bid in record["candidates"])
        paper.text(f"本项目实行评定分离，按投标编号列出不排序的定标候选人: {listed}。")
    _happened(paper, record, bids)


def _not_standing(record: Record) -> set[str]:
    """Bids whose brand another one stands for."""
    alike = record.get("same_brand", {}).get("groups", ())
    return {bid for one in alike for bid in one["bids"] if bid != one["kept"]}


def _happened(paper: Paper, record: Record, bids: Mapping[str, str]) -> None:
    paper.section("澄清、说明、补正事项纪要")
    if not record["clarifications"]:
        paper.text("无。")
    for one in record["clarifications"]:
        paper.subsection(bids[one["bid"]])
        paper.text(f"问（{_at(one['asked_at'])}）: {one['question']}")
        paper.text(f"答（{_at(one['answered_at'])}）: {one['answer'] or '在规定时间内未答复'}")
    paper.section("评标过程中的异常情况")
    if not record["incidents"]:
        paper.text("无。")
    if record["interruptions"]:
        paper.text("评标中断与恢复:")
        rows = [
            [_at(one["from"]), _at(one["until"]), KINDS[one["kind"]], _site(one["site"]) if one["site"] else "—",
             one["reason"], confirmed(one)]
            for one in record["interruptions"]
        ]  # fmt: skip
        head = ["自", "至", "情形", "场地", "原因", "恢复"]
        paper.table(head, rows, widths=[1.3, 1.3, 1, 1.2, 1.8, 1.6])
    for one in record["incidents"]:
        where = f"（{_site(one['site'])}）" if one["site"] else ""
        paper.text(f"{_at(one['at'])}{where}: {one['text']}")
    _spoken(paper, record)


def _spoken(paper: Paper, record: Record) -> None:
    """What was said and recorded is secret; its digest binds it to this report."""
    talk, kept = record["talk"], record["recording"]
    if talk["lines"]:
        paper.note(f"评标过程文字发言 {talk['lines']} 条，全部存档，SHA-256 {talk['sha256']}")
    if kept["pieces"]:
        paper.note(f"评标过程录音录像 {kept['pieces']} 段，全部存档，SHA-256 {kept['sha256']}")


def _signing(paper: Paper, record: Record) -> None:
    paper.section("评标委员会成员意见与签字")
    names = _names(record)
    for one in record["committee"]:
        if one["stance"] == "dissent":
            paper.subsection(f"{one['name']}: {STANCE['dissent']}")
            paper.text(one["dissent"])
    for one in record["refusals"]:
        paper.text(f"{names[one['member']]}: {STANCE['deemed']}。见证: {one['witness']}，{one['reference']}。")
    boxes = [SignatureBox(one["field"], one["label"], seal=one["seal"]) for one in record["signers"]]
    paper.signatures(boxes, AGREED if len(boxes) else "")


PARTS = (
    _basics, _opening, flaws.section, blind.section, _review, figures.section, lowprice.section, _method, _scores,
    brands.section, _outcome, _signing,
)  # fmt: skip


def signers(record: Record) -> list[dict[str, Any]]:
    """[{field, label, member, seal}]: members without those deemed to agree, the leader last, then the seal."""
    people = [one for one in record["committee"] if one["stance"] != "deemed"]
    people = [one for one in people if not one["leader"]] + [one for one in people if one["leader"]]
    rows = [
        {"field": one["label"], "member": one["member"], "seal": False,
         "label": f"{one['name']}{'（组长）' if one['leader'] else ''}"}
        for one in people
    ]  # fmt: skip
    return [*rows, {"field": SEAL, "member": "", "seal": True, "label": "交易中心见证"}]


def build(record: Record, *, demo: bool) -> PaperResult:
    """The paper for this record, and where its signature boxes landed. About 0.3 s: call it outside transactions.

    The same record gives the same bytes and is kept, so an act that finds it built does no work.
    """
    return _built(canon.dumps(dict(record)), demo)


@lru_cache(maxsize=8)
def _built(data: bytes, demo: bool) -> PaperResult:
    record = canon.loads(data)
    record["signers"] = signers(record)
    case = record["case"]
    paper = Paper(
        "评标报告", subtitle=case["title"], issuer="评标委员会", number=case["lot_code"] or case["id"],
        digest=canon.sha256_hex(data)[:16], demo=demo,
    )  # fmt: skip
    for part in PARTS:
        part(paper, record)
    paper.note("本报告附有机器可读记录 record.json，载明全部评审意见、评分和计算过程，任何人可据以复算。")
    return paper.build()
