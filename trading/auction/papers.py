"""竞价记录 and 竞价结果记录, printed from their machine record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import CST
from core.money import D, half_up, yuan
from core.paper import Paper
from core.paper_fonts import legible
from core.rules import RuleRow
from trading.project.papers import hour

Record = Mapping[str, Any]
Book = Mapping[str, RuleRow]
REGIMES = {"government": "政府采购", "state_firm": "国有企业采购（GB/T 43711—2024）"}
OUTCOMES = {"CLOSED": "竞价结束，待确认", "PLACED": "成交", "VOID": "作废", "CANCELLED": "取消"}
BREAKS = {"outage": "平台中断", "worker": "部分连接中断", "pause": "交易中心暂停"}
OFFERS = {
    "waiting": "待确认", "confirmed": "已确认", "declined": "放弃", "lapsed": "逾期未确认", "rejected": "采购人未接受",
}  # fmt: skip
REASONS = {"too few bidders": "AUC-LEAST", "nobody left in line": "AUC-CONFIRM"}


def title(record: Record) -> str:
    return "竞价记录" if record["outcome"] == "CLOSED" else "竞价结果记录"


def money(amount: str) -> str:
    return yuan(D(amount))


def second(at: datetime | None) -> str:
    return f"{hour(at.replace(second=0, microsecond=0))}:{at.second:02d}" if at else "—"


def instant(at: str) -> str:
    """To the millisecond: the order of prices hangs on it."""
    moment = datetime.fromisoformat(at).astimezone(CST)
    return f"{moment:%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"


def who(record: Record, mask: str) -> str:
    """The mask, and the name where the page tells it."""
    found = record["names"].get(mask)
    return f"{legible(found['name'])}（{mask}）" if found else mask or "（不公开）"


def printed(record: Record, book: Book, *, demo: bool) -> Paper:
    paper = Paper(title(record), subtitle=legible(record["title"]), issuer=legible(record["buyer"]["name"]),
                  number=record["number"], demo=demo)  # fmt: skip
    _heads(paper, record)
    _rules(paper, record, book)
    _ends(paper, record)
    _prices(paper, record)
    _ranking(paper, record)
    _outcome(paper, record, book)
    return paper


def _heads(paper: Paper, record: Record) -> None:
    buyer = record["buyer"]
    paper.section("竞价项目").facts(
        [("项目名称", legible(record["title"])), ("竞价编号", record["number"]), ("采购人", legible(buyer["name"])),
         ("统一社会信用代码", buyer["uscc"]), ("适用制度", REGIMES[record["regime"]]),
         ("参加范围", "公开" if record["entrants"] == "open" else "邀请"), ("公告时间", hour(record["published_at"])),
         ("结果", OUTCOMES[record["outcome"]])], columns=2
    )  # fmt: skip
    rows = [
        [str(n), legible(" ".join(part for part in (one["name"], one["brand"], one["model"]) if part)),
         legible("；".join(f"{key}：{said}" for key, said in one["specs"].items())) or "—", one["category"],
         legible(one["unit"]), str(one["quantity"])] for n, one in enumerate(record["lines"], 1)
    ]  # fmt: skip
    paper.table(["序号", "标的", "规格及要求", "品目", "单位", "数量"], rows, widths=[0.7, 2.6, 3.6, 1.6, 0.8, 1],
                align=["centre", "left", "left", "left", "centre", "right"])  # fmt: skip


def _rules(paper: Paper, record: Record, book: Book) -> None:
    most = f"，最多 {record['most_extensions']} 次" if record["most_extensions"] else ""
    longer = f"结束前 {record['window']} 秒内有报价的，延长 {record['extend']} 秒{most}"
    paper.section("竞价规则").facts(
        [("最高限价", f"{money(record['ceiling'])} 元"), ("降价幅度", f"不少于 {money(record['step'])} 元"),
         ("延时", longer if record["window"] else "不延时"),
         ("最少家数", f"有效报价供应商不足 {book['AUC-LEAST'].number} 家的作废"),
         ("确认", f"最低报价者 {book['AUC-CONFIRM'].number} 小时内确认，否则依次询问下一顺位"),
         ("依据", book["AUC-LEAST"].article)]
    )  # fmt: skip


def _ends(paper: Paper, record: Record) -> None:
    done = record["lowering"]["result"]["extensions"]
    paper.section("竞价时间").facts(
        [("开始时间", second(record["opens_at"])), ("公告的结束时间", second(record["planned_end"])),
         ("实际结束时间", second(record["closed_at"])), ("延时次数", f"{done} 次")], columns=2
    )  # fmt: skip
    rows = [
        [BREAKS[one["kind"]], second(one["since"]), second(one["until"]),
         f"{second(one['end_before'])} 移至 {second(one['end_after'])}" if one["end_after"] else "—",
         legible(one["reason"]) or "—"] for one in record["breaks"]
    ]  # fmt: skip
    if rows:
        paper.table(["中断", "自", "至", "结束时间", "原因"], rows, widths=[1.4, 2, 2, 2.8, 1.8])
    else:
        paper.text("竞价期间没有中断。")


def _prices(paper: Paper, record: Record) -> None:
    prices = record["lowering"]["input"]["prices"]
    paper.section("报价过程").text(f"共 {len(prices)} 次报价，按受理先后列出；供应商以代号竞价。")
    if not prices:
        return
    rows = [[str(one["seq"]), instant(one["at"]), who(record, one.get("mask", "")), money(one["price"]),
             instant(one["ends_at"])[:-4]] for one in prices]  # fmt: skip
    paper.table(["序号", "受理时间", "供应商（代号）", "报价(元)", "其后的结束时间"], rows,
                widths=[0.8, 2.4, 3.6, 1.8, 2],
                align=["centre", "left", "left", "right", "left"])  # fmt: skip


def _ranking(paper: Paper, record: Record) -> None:
    ranked = record["lowering"]["result"]["ranking"]
    if not ranked:
        return
    rows = [[str(n), who(record, one["mask"]), money(one["price"]), str(one["seq"])] for n, one in enumerate(ranked, 1)]
    paper.section("排序").text("按各供应商的最低报价由低到高排序。")
    paper.table(["名次", "供应商（代号）", "最低报价(元)", "报价序号"], rows, widths=[0.8, 4.4, 2, 1.4],
                align=["centre", "left", "right", "centre"])  # fmt: skip


def _outcome(paper: Paper, record: Record, book: Book) -> None:
    paper.section("结果")
    said = {"CLOSED": _waits, "PLACED": _winner, "VOID": _void, "CANCELLED": _cancelled}
    said[record["outcome"]](paper, record, book)
    rows = [
        [str(one["rank"]), who(record, one["mask"]), money(one["price"]), OFFERS[one["state"]],
         second(one["answered_at"]), legible(one["reason"]) or "—"] for one in record["offers"]
    ]  # fmt: skip
    if rows:
        paper.table(["顺位", "供应商（代号）", "报价(元)", "答复", "时间", "原因"], rows,
                    widths=[0.8, 3, 1.6, 1.5, 2.2, 1.6],
                    align=["centre", "left", "right", "left", "left", "left"])  # fmt: skip


def _next(record: Record, rank: int) -> str:
    ranked = record["lowering"]["result"]["ranking"][rank:]
    return f"{who(record, ranked[0]['mask'])}，{money(ranked[0]['price'])} 元" if ranked else "无"


def _waits(paper: Paper, record: Record, book: Book) -> None:
    paper.facts([("待确认的供应商", _next(record, 0)), ("下一顺位", _next(record, 1)),
                 ("确认期限", f"{book['AUC-CONFIRM'].number} 小时（{book['AUC-CONFIRM'].article}）")])  # fmt: skip


def _winner(paper: Paper, record: Record, book: Book) -> None:
    one = next(offer for offer in record["offers"] if offer["state"] == "confirmed")
    winner, saved = record["names"][one["mask"]], D(record["ceiling"]) - D(one["price"])
    share = half_up(saved * 100 / D(record["ceiling"]), 2)
    paper.facts(
        [("成交供应商", who(record, one["mask"])), ("统一社会信用代码", winner["uscc"]),
         ("竞价成交价", f"{money(one['price'])} 元"), ("较最高限价节约", f"{yuan(saved)} 元（{share}%）"),
         ("供应商确认时间", second(one["answered_at"])), ("采购人确认时间", second(record["order"]["placed_at"])),
         ("订单编号", record["order"]["number"]), ("下一顺位", _next(record, one["rank"]))], columns=2
    )  # fmt: skip
    rows = [[str(n), legible(line["name"]), str(line["quantity"]), money(price), yuan(D(price) * line["quantity"])]
            for n, (line, price) in enumerate(zip(record["lines"], one["prices"], strict=True), 1)]  # fmt: skip
    paper.table(["序号", "标的", "数量", "单价(元)", "金额(元)"], rows, widths=[0.8, 4, 1, 1.8, 1.8],
                align=["centre", "left", "right", "right", "right"])  # fmt: skip


def _void(paper: Paper, record: Record, book: Book) -> None:
    rule = book[REASONS[record["reason"]]]
    said = {
        "AUC-LEAST": f"有效报价供应商不足 {rule.number} 家，竞价作废",
        "AUC-CONFIRM": "各顺位供应商均未确认或未被接受，竞价作废",
    }[rule.id]
    paper.text(f"{said}（{rule.article}），不产生成交供应商，供应商名称不公开。")


def _cancelled(paper: Paper, record: Record, book: Book) -> None:
    paper.text(f"采购人取消竞价（{book['AUC-PARTY'].article}），不产生成交供应商，供应商名称不公开。")
    paper.text(f"原因：{legible(record['reason'])}")
