"""The tender file, its notice and its clarifications as formal documents, made of the same data that judges later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from certs import suite
from core import canon
from core.clock import CST
from core.data import calendar
from core.paper import Paper, PaperResult, SignatureBox
from core.rules import Breach
from trading.document import components, explain, judging, trial
from trading.document.facts import factor_set
from trading.document.models import TenderBill
from trading.opening.facts import SIGN_IN
from trading.procedures import Procedure
from trading.project.models import Case, Project
from trading.project.papers import case_facts, day, hour, media, money, place, terms, with_record


@dataclass(frozen=True)
class Tender:
    """What every paper of a tender is made of. `provisional`: periods that end in a year without a holiday table."""

    project: Project
    case: Case
    kind: Procedure
    names: Mapping[str, str]
    url: str
    provisional: tuple[str, ...]
    demo: bool
    bill: TenderBill | None = None

    @property
    def base(self) -> str:
        return self.case.ceiling or self.case.estimate


def record(t: Tender, schema: str) -> dict[str, Any]:
    """The machine record of a tender file: everything a stranger needs to check a later score."""
    case = t.case
    return {
        "schema": schema,
        "case": case.id,
        "round": case.round,
        "codes": {"lot": case.lot_code, "deal": case.deal_code, "tender": t.project.tender_code},
        "name": t.project.name,
        "lot": {"no": case.lot_no, "name": case.lot_name, "duration_days": case.duration_days},
        "parties": dict(t.names),
        "unit": case.unit,
        "estimate": case.estimate,
        "ceiling": case.ceiling,
        "bid_bond": case.bid_bond,
        "validity_days": case.validity_days,
        "announced_at": case.announced_at,
        "file_from": case.file_from,
        "file_until": case.file_until,
        "deadline": case.deadline,
        "evaluation": case.evaluation,
        "award": case.award,
        "remote": case.remote,
        "settings": case.settings,
        "sections": case.sections,
        "provisional": list(t.provisional),
    }


def notice_term(case: Case) -> list[tuple[str, str]]:
    """公告期限, where the procedure has one."""
    days, since = case.settings.get("notice_days"), case.announced_at
    if not days or since is None:
        return []
    last = calendar().add_workdays(since.astimezone(CST).date(), int(days), guess=True)
    return [("公告期限", f"{days} 个工作日，至 {day(last.date)}{'（暂定）' if last.provisional else ''}")]


def schedule(t: Tender) -> list[tuple[str, str]]:
    case = t.case
    limit = case.settings.get("ceiling_method") or "—"
    return [
        *notice_term(case),
        ("招标文件获取时间", f"{hour(case.file_from)} 至 {hour(case.file_until)}"),
        ("获取方式", f"登录 {t.url} 免费下载，无须报名"),
        ("投标截止及开标时间", hour(case.deadline)),
        ("递交方式", "通过交易平台递交加密的电子投标文件，截止时间以平台服务器时间为准"),
        ("最高投标限价", money(case.ceiling, case.unit) if case.ceiling else limit),
        ("投标保证金", bond(case)),
        ("投标有效期", f"{case.validity_days} 日历天"),
    ]


BOND_FORMS = {"transfer": "转账", "e_guarantee": "电子保函", "cheque": "支票", "cash": "现金"}


def bond(case: Case) -> str:
    """Amount, forms, where from and where to."""
    if case.bid_bond in ("", "0"):
        return "不收取"
    forms = "、".join(BOND_FORMS[form] for form in case.settings.get("bond_forms") or ("transfer", "e_guarantee"))
    account = case.settings.get("bond_account")
    paid = terms(case)["bond"]
    return f"{money(case.bid_bond, case.unit)}；形式：{forms}；{paid}" + (f"；收款账户：{account}" if account else "")


def _provisional(paper: Paper, t: Tender) -> None:
    if t.provisional:
        listed = "、".join(t.provisional)
        paper.note(f"暂定：{listed} 所在年份的放假安排尚未公布，有关期限按周末和法定节日计算；公布后只延长不缩短。")


def notice(t: Tender) -> bytes:
    """招标公告, 公开招标公告"""
    said = terms(t.case)
    paper = Paper(
        said["notice"], subtitle=f"{t.project.name} {t.case.lot_name}", issuer=t.names.get("tenderer", ""),
        number=t.case.lot_code, demo=t.demo,
    )  # fmt: skip
    funds = said["owner_money"] if t.project.funds == "state" else f"非{said['owner_money']}"
    facts = {"name": t.project.name, "approval": t.project.approval_no, "owner": t.names.get("tenderer", ""),
             "money": funds, "estimate": money(t.case.estimate, t.case.unit)}  # fmt: skip
    paper.section("招标条件").text(said["conditions"].format(**facts))
    paper.section("项目概况与招标范围").facts(
        [*case_facts(t.project, t.case, dict(t.names)), (said["duration"], f"{t.case.duration_days} 日历天")]
    )
    paper.text(str(t.case.sections["scope"]))
    paper.section("投标人资格要求").text(str(t.case.sections["qualification"]))
    paper.section("招标文件的获取与投标文件的递交").facts(schedule(t))
    _provisional(paper, t)
    paper.section("评标办法").text(f"{t.case.evaluation.get('method', '综合评估法')}。")
    paper.section("发布媒介").text(f"本公告在{media(t.case)}同时发布，内容一致。交易平台：{t.url}。")
    paper.section("异议与联系").text(f"{said['objections']}{t.case.settings.get('contact') or ''}")
    paper.note(f"发布时间：{hour(t.case.announced_at)}")
    return with_record(paper.build().bytes, record(t, "notice/1"))


def tender_file(t: Tender, warnings: list[Breach], reason: str, *, signed: bool) -> PaperResult:
    """招标文件: notice, 须知前附表, evaluation with a worked example, grounds of rejection, award plan, conditions."""
    paper = Paper(
        "招标文件", subtitle=f"{t.project.name} {t.case.lot_name}", issuer=t.names.get("tenderer", ""),
        number=t.case.lot_code, demo=t.demo,
    )  # fmt: skip
    said = terms(t.case)
    paper.section(said["notice"]).facts(
        [*case_facts(t.project, t.case, dict(t.names)), (said["method"], "公开招标，资格后审")]
    ).text(str(t.case.sections["scope"]))
    paper.section("投标人须知前附表").facts(
        [(said["duration"], f"{t.case.duration_days} 日历天"), *schedule(t), *_notes(t)]
    )
    _provisional(paper, t)
    for key, (heading, _) in t.kind.fields.SECTIONS.items():
        if key != "scope" and t.case.sections.get(key):
            paper.section(heading).text(str(t.case.sections[key]))
        if key == "components":
            _components(paper, t)
    _bill(paper, t)
    _preliminary(paper, t)
    _scoring(paper, t)
    _example(paper, t)
    _grounds(paper, t)
    _award(paper, t)
    if warnings:
        paper.section("事项说明").table(
            ["规则", "依据", "规定", "本项目"], [[b.rule, b.article, b.required, b.found] for b in warnings],
            widths=[2, 4, 3, 3],
        ).text(f"{said['tenderer']}说明：{reason}")  # fmt: skip
    paper.note(f"发出时间：{hour(t.case.announced_at)}")
    if signed:
        paper.signatures([SignatureBox("tenderer", said["tenderer"])])
    return paper.build()


def file_record(t: Tender) -> dict[str, Any]:
    """The record of the tender file itself: with the bill of quantities, which only those who take the file get."""
    held = {"bill": {"sha256": t.bill.sha256, "data": t.bill.data}} if t.bill is not None else {}
    return record(t, "tender-file/1") | held


def _components(paper: Paper, t: Tender) -> None:
    asked = t.case.settings.get("components")
    if asked:
        rows = components.printed(asked)
        paper.table(["序号", "组成部分", "必须提交", "格式", "大小上限"], rows, widths=[1, 4, 1.5, 1.5, 1.5])


def _bill(paper: Paper, t: Tender) -> None:
    if t.bill is None:
        return
    lines = [line for section in t.bill.data["sections"] for line in section["lines"]]
    paper.section("工程量清单").text(
        f"工程量清单共 {len(lines)} 项，随本文件提供(xlsx)，其数据附于本文件(record.json)，SHA-256 为 {t.bill.sha256}。"
        "投标人在所附清单中填写综合单价和合价，清单的编码、名称、特征、单位、工程量和固定金额不得改动；"
        "合价等于综合单价乘以工程量，四舍五入保留两位小数，合计等于投标总价。"
    )
    limited = sum(bool(line.get("limit")) for line in lines)
    if limited:
        paper.text(f"清单中 {limited} 项列明最高综合单价，投标人所报综合单价不得高于该项最高综合单价。")
    fixed = [[line["no"], line["name"], line["fixed"]] for line in lines if line["fixed"]]
    if fixed:
        heads = ["序号", "固定金额的项目(暂列金额、暂估价等)", "金额(元)"]
        paper.table(heads, fixed, widths=[1, 6, 2], align=["left", "left", "right"])


def _notes(t: Tender) -> list[tuple[str, str]]:
    case = t.case
    owner = terms(case)["tenderer"]
    held = f"提供：解密密钥由{owner}、交易中心、监管部门分持，任意两方可恢复"
    fallback = held if case.settings.get("fallback") else "不提供"
    remote = case.remote.get("members_by_site") or {}
    sites = "; ".join(f"{place(region)} {count} 人" for region, count in remote.items())
    before, after = (int(case.settings.get(key, SIGN_IN[key])) for key in SIGN_IN)
    attend = f"投标截止前 {before} 分钟起在线签到；截止后 {after} 分钟内签到的投标人少于3个的，不开标，依法重新招标"
    return [
        ("开标签到", attend),
        ("解密时限", f"主持人宣布开始后 {case.settings.get('window_minutes', 30)} 分钟"),
        ("非投标人原因解密失败的补救", fallback),
        *_custodians(case.settings.get("custodians") or {}, owner),
        ("评标地点", sites or place(case.region)),
        ("联系方式", str(case.settings.get("contact") or t.url)),
    ]


def _custodians(held: dict[str, dict[str, str]], owner: str) -> list[tuple[str, str]]:
    """Whose keys a bid is also sealed to: named in the signed file, so that no page can put in others."""
    names = {"tenderer": owner, "centre": "交易中心", "regulator": "监管部门"}
    found = {role: canon.sha256_hex(suite.unb64(one["spki"], "spki")) for role, one in held.items()}
    return [(f"{names[role]}分持公钥 SHA-256", found[role]) for role in names if role in found]


def _preliminary(paper: Paper, t: Tender) -> None:
    asked = t.case.evaluation.get("qualification")
    if asked:
        listed = [[str(n), str(one["name"])] for n, one in enumerate(asked, 1)]
        paper.section("资格审查").text(terms(t.case)["examined"])
        paper.table(["序号", "资格条件"], listed, widths=[1, 8])
    items = t.case.evaluation["preliminary"]
    rows = [[str(n), str(i.get("part", "")), str(i["name"])] for n, i in enumerate(items, 1)]
    paper.section("评标办法").text(
        f"采用{t.case.evaluation.get('method', '综合评估法')}。先初步评审，通过者进入详细评审。"
    )
    paper.subsection("(一) 初步评审").table(["序号", "类别", "评审内容"], rows, widths=[1, 2, 6])


def _scoring(paper: Paper, t: Tender) -> None:
    price = t.case.evaluation["price"]
    paper.subsection("(二) 价格评审")
    for line in (*explain.benchmark(price), *explain.curve(price)):
        paper.text(line)
    criteria = t.case.evaluation.get("criteria") or []
    if criteria:
        rows = [explain.criterion_row(n, c) for n, c in enumerate(criteria, 1)]
        heads = ["序号", "评审因素", "满分", "权重", "汇总方法"]
        paper.subsection("(三) 其他评审因素").table(heads, rows, widths=[1, 3, 1.2, 1.2, 5])
    for line in judging.printed(t.case.evaluation, t.case.settings.get("components") or ()):
        paper.text(line)
    paper.subsection("(四) 总分")
    for line in explain.total(t.case.evaluation):
        paper.text(line)


def _example(paper: Paper, t: Tender) -> None:
    """A worked example with invented prices; left out where no price near the ceiling can be scored."""
    if trial.checked(t.case.evaluation, t.base, ceiling=bool(t.case.ceiling)):
        return
    shown = trial.preview(t.case.evaluation, t.base, ceiling=bool(t.case.ceiling))
    rows = [[b["id"], b["price"], shown["price_scores"][b["id"]], shown["totals"][b["id"]]] for b in shown["bids"]]
    paper.subsection("(五) 算例").text(
        f"下列报价为虚构，各评审因素均取满分的九成，仅说明计算方法{_example_factor(t)}。"
        f"评标基准价为 {shown['benchmark']} {t.case.unit}。"
    )
    paper.table(["投标人", f"报价({t.case.unit})", "价格分", "总分"], rows, align=["left", "right", "right", "right"])


def _example_factor(t: Tender) -> str:
    told = factor_set(t.case.evaluation)
    return f"，系数 K 以 {told[0]} 为例" if told else ""


def _grounds(paper: Paper, t: Tender) -> None:
    grounds = t.case.evaluation["reject_grounds"]
    rows = [[str(g["id"]), str(g["text"])] for g in grounds]
    said = terms(t.case)
    paper.section(said["grounds"]).text(said["rejection"]).table(["编号", "情形"], rows, widths=[1.2, 6])


def _award(paper: Paper, t: Tender) -> None:
    award, kind = t.case.award, t.kind.fields
    if not award.get("separate"):
        paper.section("定标").text(terms(t.case)["winner"].format(most=award.get("candidates", 3)))
        if award.get("tie_way"):
            paper.text(f"中标候选人并列的，{award['tie_way']}")
        return
    paper.section("定标方案").text("本项目实行评定分离，评标委员会推荐的定标候选人不排序，由定标委员会确定中标人。")
    pool = str(award.get("pool") or 2 * int(award["committee"]))
    paper.facts(
        [
            ("依据", str(award["legal_basis"])),
            ("定标方法", kind.AWARD_METHODS.get(award["method"], award["method"])),
            ("定标候选人数量", str(award.get("candidates", 3))),
            ("定标委员会人数", str(award["committee"])),
            ("备选人员数量", pool),
            ("监督人员数量", str(award["supervisors"])),
            ("弃权", "允许" if award.get("abstentions") == "allowed" else "不允许"),
        ]
    )


def clarification(t: Tender, number: int, text: str, before: datetime, after: datetime, sent: datetime) -> bytes:
    """澄清与修改 no. `number`: part of the tender file."""
    paper = Paper(
        f"招标文件澄清与修改(第{number}次)", subtitle=t.project.name, issuer=t.names.get("tenderer", ""),
        number=t.case.lot_code, demo=t.demo,
    )  # fmt: skip
    paper.section("内容").text(text)
    moved = f"投标截止及开标时间由 {hour(before)} 顺延至 {hour(after)}。" if after != before else "投标截止时间不变。"
    paper.section("投标截止时间").text(moved)
    _provisional(paper, t)
    paper.text("本澄清与修改为招标文件的组成部分，与原文件不一致的，以本文件为准。")
    paper.note(f"发出时间：{hour(sent)} ({day(sent)})    发布媒介：{media(t.case)}")
    body = {"number": number, "text": text, "deadline_before": before, "deadline_after": after, "sent_at": sent}
    return with_record(paper.build().bytes, {"schema": "clarification/1", "case": t.case.id} | body)
