"""开标记录表 and 流标公告."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from core.amounts import capital
from core.faults import Unusable
from core.money import D
from core.paper import Paper, PaperResult, SignatureBox
from core.paper_fonts import SANS, SERIF, checked
from trading.deadline.papers import DECIDED, clock_line, outage_table
from trading.project.models import Case, Project
from trading.project.papers import case_facts, hour, media, money, terms
from trading.record.rules import Layout

HOW = {"bidder": "投标人解密成功", "shares": "补救解密成功(两方密钥份额)", "": "未解密"}
TRIED = {
    "passphrase": "口令或密钥文件错误", "commitment": "密钥与加密文件不匹配", "damaged": "加密文件损坏",
    "other": "其他原因",
}  # fmt: skip
PAUSED_BY = {"centre": "交易中心", "agency": "招标代理", "regulator": "监管部门"}
CAUSE = {"bidder": "投标人原因，视为撤销投标文件", "platform": "非投标人原因，视为撤回投标文件", "": ""}


def _note(bid: Mapping[str, Any], ceiling: str) -> str:
    parts = [bid["reason"]] if not bid["how"] else []
    if bid["price"] and ceiling and D(bid["price"]) > D(ceiling):
        parts.append("报价高于最高投标限价")
    if bid["problem"]:
        parts.append("开标一览表或投标文件不可读、格式不符，提请评标委员会审查（详见机读记录）")
    return _plain("；".join(parts)) or "—"


@cache
def _printable(character: str) -> bool:
    try:
        for font in (SERIF, SANS):
            checked(character, font)
    except Unusable:
        return False
    return True


def _plain(text: str) -> str:
    """Words of others, where one strange character must not stop an opening; the machine record keeps them whole."""
    return "".join(c if c == "\n" or _printable(c) else "?" for c in text)


def _how(bid: Mapping[str, Any]) -> str:
    return HOW[bid["how"]] if bid["how"] else f"解密失败：{CAUSE[bid['cause']]}"


def _days(bid: Mapping[str, Any]) -> str:
    return "—" if bid["duration_days"] is None else str(bid["duration_days"])


def _price(bid: Mapping[str, Any], shown: Shown) -> str:
    words = capital(bid["price"], shown.unit) if bid["price"] and "capital" in shown.columns else ""
    return "\n".join(one for one in (bid["price"], words) if one) or "—"


@dataclass(frozen=True)
class Shown:
    """What a table of bids is printed with."""

    columns: frozenset[str]
    unit: str
    ceiling: str


@dataclass(frozen=True)
class Column:
    """`name` as in trading.record.rules."""

    name: str
    head: str
    width: float
    cell: Callable[[Mapping[str, Any], Shown], str]
    align: str = "left"


NUMBER = Column("number", "序号", 1, lambda bid, _: str(bid["number"]), "centre")
BIDDER = Column("bidder", "投标人", 3, lambda bid, _: _plain(bid["org_name"]))
ARRIVAL = (
    NUMBER,
    BIDDER,
    Column("uscc", "统一社会信用代码", 2.6, lambda bid, _: bid["uscc"]),
    Column("received_at", "送达时间", 2.4, lambda bid, _: hour(bid["received_at"])),
    Column("signed_in_at", "签到时间", 2.4, lambda bid, _: hour(bid["signed_in_at"])),
    Column("unlocked_at", "解密时间", 2.4, lambda bid, _: hour(bid["unlocked_at"])),
    Column("unlocking", "解密情况", 2.6, lambda bid, _: _how(bid)),
    Column("digest", "文件摘要(SHA-256)", 3.2, lambda bid, _: bid["ciphertext_sha256"]),
)
READING = (
    NUMBER,
    BIDDER,
    Column("price", "投标报价（{unit}）", 2.6, _price, "right"),
    Column("duration", "工期（日历天）", 1.4, lambda bid, _: _days(bid), "right"),
    Column("quality", "质量", 1.2, lambda bid, _: _plain(bid["quality"]) or "—"),
    Column("manager", "项目负责人", 1.8, lambda bid, _: _plain((bid["manager"] or {}).get("name", "")) or "—"),
    Column("remarks", "备注", 2.8, lambda bid, shown: _note(bid, shown.ceiling)),
)  # fmt: skip


def _table(
    paper: Paper, title: str, columns: Sequence[Column], bids: Sequence[Mapping[str, Any]], shown: Shown
) -> None:
    taken = [one for one in columns if one.name in shown.columns]
    paper.section(title).table(
        [one.head.format(unit=shown.unit) for one in taken],
        [[one.cell(bid, shown) for one in taken] for bid in bids],
        widths=[one.width for one in taken],
        align=[one.align for one in taken],
    )


def opening_record(
    record: Mapping[str, Any], heads: Sequence[tuple[str, str]], places: Sequence[tuple[str, str]], layout: Layout, *,
    demo: bool,
) -> PaperResult:  # fmt: skip
    """`record` is the machine record opening-record/1, `places` (field, label) of those who sign."""
    shown = Shown(layout.columns, record["unit"], record["ceiling"])
    paper = Paper("开标记录表", subtitle=record["name"], number=record["codes"]["lot"], demo=demo)
    if layout.opening_words:
        paper.text(_plain(layout.opening_words))
    paper.section("基本情况").facts(
        [
            *heads,
            ("开标时间", hour(record["began_at"])),
            ("解密截止", hour(record["window_until"])),
            ("主持人", _plain(record["host"])),
            ("最高投标限价", money(shown.ceiling, shown.unit)),
            ("投标截止时间", hour(record["deadline"])),
            ("时间依据", _plain(clock_line(record["clock"]))),
            *_reference(record),
        ]
    )
    _table(paper, "投标文件送达与解密", ARRIVAL, record["bids"], shown)
    _table(paper, "唱标", READING, record["bids"], shown)
    _present(paper, record, shown)
    _deadline(paper, record)
    _interruptions(paper, record["pauses"])
    _failures(paper, record)
    _objections(paper, record["objections"])
    if layout.closing_words:
        paper.section("说明").text(_plain(layout.closing_words))
    made_by = f"模板：{_plain(layout.name)} 第{layout.version}版。" if layout.version else ""
    paper.note(f"所有报价于 {hour(record['closing_at'])} 一次公布。本记录附机器可读记录 record.json。{made_by}")
    if record.get("confirmation_pages"):
        paper.note(f"在线签到的投标人在另附的{record['confirmation_pages']}份开标记录确认页上签署。")
    _sign(paper, places, "以下人员确认本记录：")
    return paper.build()


def _sign(paper: Paper, places: Sequence[tuple[str, str]], words: str) -> None:
    if places:
        paper.signatures([SignatureBox(field, _plain(label)) for field, label in places], words)


def confirmation(record: Mapping[str, Any], places: Sequence[tuple[str, str]], *, demo: bool) -> PaperResult:
    """`record` is the machine record opening-confirmation/1."""
    number = f"第{record['page']}份，共{record['of']}份"
    paper = Paper("开标记录确认页", subtitle=record["name"], number=record["codes"]["lot"], demo=demo)
    paper.section("所确认的开标记录").facts([("开标记录表 SHA-256", record["opening_record"]), ("确认页", number)])
    paper.text("下列投标人已阅读并确认上述开标记录表。逾期未签署的投标人视为认可该记录。")
    _sign(paper, places, "投标人：")
    return paper.build()


def _present(paper: Paper, record: Mapping[str, Any], shown: Shown) -> None:
    """The list may be left out, what absence means never."""
    here = [f"{bid['number']}.{_plain(bid['org_name'])}" for bid in record["bids"] if bid["signed_in_at"]]
    listed = f"在线签到的投标人：{'、'.join(here) or '无'}。" if "present" in shown.columns else ""
    paper.section("签到").text(f"{listed}未签到的投标人视同认可开标结果，逾期未签署本记录的投标人视为认可本记录。")


def _deadline(paper: Paper, record: Mapping[str, Any]) -> None:
    """Outages of the platform around the deadline, an alarm of the clock, and what the tenderer decided."""
    if not record["outages"] and not record["decisions"]:
        return
    paper.section("投标截止前后的平台运行")
    outage_table(paper, record["outages"])
    for one in record["decisions"]:
        moved = f"，投标截止时间由 {hour(one['before'])} 改为 {hour(one['after'])}" if one["after"] else ""
        paper.text(f"招标人于 {hour(one['at'])} 决定：{DECIDED[one['what']]}{moved}。理由：{_plain(one['reason'])}")


def _interruptions(paper: Paper, pauses: Sequence[Mapping[str, Any]]) -> None:
    if not pauses:
        return
    rows = [[hour(o["at"]), hour(o["until"]), PAUSED_BY[o["by"]], _plain(o["reason"])] for o in pauses]
    paper.section("开标暂停").table(["暂停时间", "恢复时间", "决定方", "理由"], rows, widths=[2.4, 2.4, 1.6, 5])


def _failures(paper: Paper, record: Mapping[str, Any]) -> None:
    """Both digests of every bid that would not open, beside what its bidder reported."""
    names = {bid["bid"]: bid["org_name"] for bid in record["bids"]}
    if not record["failures"]:
        return
    paper.section("解密失败及核对")
    for one in record["failures"]:
        tried = "；".join(f"{hour(o['at'])} {TRIED[o['what']]}" for o in one["tries"]) or "投标人未报告"
        stored = one["stored"] or ("无法读取" if one["compared_at"] else "未核对")
        paper.subsection(_plain(names[one["bid"]])).facts(
            [("解密尝试", tried), ("回执摘要", one["receipt"]), ("存储文件摘要", stored)]
        )


def _objections(paper: Paper, objections: Sequence[Mapping[str, Any]]) -> None:
    paper.section("异议及答复")
    if objections:
        said = [
            [hour(o["at"]), _plain(o["org_name"]), _plain(o["text"]), _plain(o["answer"]) or "—"] for o in objections
        ]
        paper.table(["时间", "投标人", "异议", "答复"], said, widths=[2, 2.5, 4, 4])
    else:
        paper.text("开标现场无异议。")


def _reference(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    reference = record["reference"]
    if reference is None:
        return []
    shown = (
        money(reference["price"], record["unit"]) if reference["price"] else f"未能解密：{_plain(reference['problem'])}"
    )
    return [("标底", f"{shown} (仅作评标参考)")]


def failure_notice(
    project: Project, case: Case, names: dict[str, str], reason: str, now: datetime, *, opened: bool = False,
    demo: bool,
) -> bytes:  # fmt: skip
    said = terms(case)
    paper = Paper(
        said["failure"], subtitle=project.name, issuer=names.get("tenderer", ""), number=case.lot_code, demo=demo
    )
    paper.section(said["lot"]).facts([*case_facts(project, case, names), ("投标截止时间", hour(case.deadline))])
    paper.section(said["failed"]).text(reason)
    paper.text(f"{'' if opened else '投标文件未予开启。'}{said['tenderer']}将依法重新招标。")
    paper.note(f"发布时间：{hour(now)}    发布媒介：{media(case)}")
    return paper.build().bytes
