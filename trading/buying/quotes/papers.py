"""询价/比价通知书 and 询价/比价结果记录, printed from their machine records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.money import D, half_up, yuan
from core.paper import Paper
from core.paper_fonts import legible
from core.rules import RuleRow
from trading.project.papers import hour, place

Record = Mapping[str, Any]
Book = Mapping[str, RuleRow]
KINDS = {"inquiry": "询价", "comparison": "比价"}
REGIMES = {"government": "政府采购", "enterprise": "国有企业采购（GB/T 43711—2024）"}
OUTCOMES = {"ORDERED": "成交", "FAILED": "终止（未成交）", "CANCELLED": "取消"}
HOW = {"supplier": "供应商解密", "shares": "密钥保管方解密", "": "未解密"}


def moment(at: datetime) -> str:
    """To the second: the order of equal prices hangs on it."""
    return f"{hour(at.replace(second=0))}:{at.second:02d}" if at.second else hour(at)


def money(amount: str) -> str:
    return yuan(D(amount))


def _said(rule: RuleRow, text: str) -> str:
    return f"{text}（{rule.article}）"


def _heads(record: Record) -> list[tuple[str, str]]:
    buyer = record["buyer"]
    return [
        ("项目名称", legible(record["title"])), ("项目编号", record["request"]), ("采购人", legible(buyer["name"])),
        ("统一社会信用代码", buyer["uscc"]), ("采购方式", KINDS[record["kind"]]),
        ("适用制度", REGIMES[record["regime"]]),
        ("最高限价", f"{money(record['ceiling'])} 元"), ("发布时间", hour(record["published_at"])),
    ]  # fmt: skip


def _whom(record: Record) -> str:
    if record["to_whom"] == "open":
        return "向电子卖场全部供应商公开"
    if record["to_whom"] == "brands":
        return "向电子卖场全部供应商公开；参考品牌：" + legible("、".join(record["brands"])) + "，或同等产品"
    return "向受邀请的供应商发出，名单在报价截止前不公开"


def _lines(paper: Paper, record: Record) -> None:
    rows = [
        [str(one["position"]), legible(one["name"]), legible(one["spec"]), one["category"], legible(one["unit"]),
         str(one["quantity"])] for one in record["lines"]
    ]  # fmt: skip
    paper.table(["序号", "标的", "规格及要求", "品目", "单位", "数量"], rows, widths=[0.7, 2.2, 4, 1.6, 0.8, 1],
                align=["centre", "left", "left", "left", "centre", "right"])  # fmt: skip


def invitation(record: Record, book: Book, numbers: Mapping[str, int], *, demo: bool) -> Paper:
    """`numbers`: the local numbers by rule. Names of those invited stand nowhere before the end."""
    name = KINDS[record["kind"]]
    paper = Paper(f"{name}通知书", subtitle=legible(record["title"]), issuer=legible(record["buyer"]["name"]),
                  number=record["request"], demo=demo)  # fmt: skip
    paper.section("采购项目").facts(_heads(record), columns=2)
    paper.section("采购标的")
    _lines(paper, record)
    where = f"{place(record['region'])} {legible(record['address'])}"
    paper.section("交货").facts(
        [("交货地点", where), ("交货期", f"自订单之日起 {record['delivery_days']} 日内"),
         ("其他条件", legible(record["note"]) or "—")]
    )  # fmt: skip
    paper.section("报价").facts([("报价对象", _whom(record)), ("报价截止时间", moment(record["ends_at"]))])
    for said in _terms(record, book, numbers):
        paper.text(said)
    paper.note("报价截止时间因平台故障或报价不足依规则顺延的，以平台公布的时间为准。")
    return paper


def _terms(record: Record, book: Book, numbers: Mapping[str, int]) -> list[str]:
    least, percent = book["QUOTE-VALID"].number, record["deduction"]
    days, minutes, hours = (numbers[rule] for rule in ("QUOTE-EXTEND", "QUOTE-WINDOW", "QUOTE-CUSTODY"))
    late = "逾期未解密的不参与比较。"
    if record["custodians"]:
        late = f"逾期未解密的，采购人、交易中心、监管部门中的任意两方可在其后 {hours} 小时内共同解密。"
    found = [
        _said(book["QUOTE-SEALED"], "报价在供应商的计算机上加密并签名后提交，截止前任何人（含采购人、平台）"
              "不能查看报价内容、报价人及其数量。"),
        _said(book["QUOTE-LATE"], "截止前可以替换或撤回报价；截止时刻及以后送达的不予接收。"),
        _said(book["QUOTE-EXTEND"], f"截止时报价不足 {least} 家的，顺延 {days} 个工作日，仅顺延一次。"),
        _said(book["QUOTE-WINDOW"], f"截止后 {minutes} 分钟内由供应商解密；{late}"),
        _said(book["QUOTE-LOWEST"], "报价须对全部标的逐项报出单价，总价不高于最高限价，交货期不长于上述期限；"
              "满足采购需求且报价最低的成交，报价相同的先送达者成交。"),
        _said(book["QUOTE-VALID"], f"有效报价不足 {least} 家而仍选定的，说明理由并在结果中公开。"),
    ]  # fmt: skip
    if percent:
        found.append(_said(book["SME-DEDUCT/most"], f"小微企业的报价扣除 {percent}% 后参与比较，成交价仍为其报价。"))
    return found


def result(record: Record, book: Book, *, demo: bool) -> Paper:
    name = f"{KINDS[record['kind']]}{'成交结果' if record['outcome'] == 'ORDERED' else '结果记录'}"
    paper = Paper(name, subtitle=legible(record["title"]), issuer=legible(record["buyer"]["name"]),
                  number=record["request"], demo=demo)  # fmt: skip
    paper.section("采购项目").facts([*_heads(record), ("报价截止时间", moment(record["ends_at"])),
                                 ("结果", OUTCOMES[record["outcome"]])], columns=2)  # fmt: skip
    _lines(paper, record)
    _ends(paper, record, book)
    _asked(paper, record)
    if record["comparison"]:
        _quotes(paper, record, book)
        _order(paper, record, book)
    elif record["outcome"] == "FAILED":
        paper.section("报价").text("截止时没有供应商报价。")
    else:
        paper.section("报价").text("采购在报价截止前取消，已提交的加密报价未解密，报价人及其数量不公开。")
    _outcome(paper, record, book)
    return paper


def _ends(paper: Paper, record: Record, book: Book) -> None:
    if record["extended"]:
        paper.text(_said(book["QUOTE-EXTEND"], f"原截止时报价不足 {book['QUOTE-VALID'].number} 家，顺延一次。"))
    for one in record["breaks"]:
        paper.text(f"{moment(one['since'])} 至 {moment(one['until'])} 平台无法访问，截止时间由 "
                   f"{moment(one['end_before'])} 移至 {moment(one['end_after'])}。")  # fmt: skip


def _asked(paper: Paper, record: Record) -> None:
    paper.section("报价对象")
    if record["invited"]:
        paper.text(f"邀请供应商 {len(record['invited'])} 家：{legible('、'.join(record['invited']))}。")
    else:
        paper.text(_whom(record) + "。")


def _quotes(paper: Paper, record: Record, book: Book) -> None:
    result, quotes = record["comparison"]["result"], record["quotes"]
    rows = []
    for number, one in enumerate(quotes, 1):
        total = result["totals"].get(one["id"], "")
        rows.append([str(number), legible(one["name"]), money(total) if total else "—", moment(one["received_at"]),
                     HOW[one["how"]]])  # fmt: skip
    paper.section("全部报价").text(f"截止时收到报价 {len(quotes)} 家，按送达先后列出。")
    paper.table(["序号", "供应商", "报价总价(元)", "送达时间", "解密"], rows, widths=[0.7, 3.6, 1.8, 2.8, 1.4],
                align=["centre", "left", "right", "left", "left"])  # fmt: skip
    out = [[legible(one["name"]), legible(one["out"]), _article(one, book)] for one in quotes if one["out"]]
    paper.section("未参与比较的报价")
    if out:
        paper.table(["供应商", "原因", "依据"], out, widths=[3, 4, 3])
    else:
        paper.text("无。")


def _article(one: Record, book: Book) -> str:
    return book[one["rule"]].article if one["rule"] else "平台原因"


def _order(paper: Paper, record: Record, book: Book) -> None:
    found, names = record["comparison"]["result"], {one["id"]: legible(one["name"]) for one in record["quotes"]}
    paper.section("排序").text(_said(book["QUOTE-LOWEST"], "按参与比较的价格由低到高排序，相同的按送达先后。"))
    if record["deduction"]:
        paper.text(_said(book["SME-DEDUCT/most"], f"声明为小微企业的，报价扣除 {record['deduction']}% 后参与比较。"))
    if not found["order"]:
        paper.text("没有有效报价。")
        return
    rows = [
        [str(n), names[key], money(found["totals"][key]), money(found["evaluated"][key]),
         "与第一名相同，后送达" if key in found["tied"] else ""] for n, key in enumerate(found["order"], 1)
    ]  # fmt: skip
    paper.table(["名次", "供应商", "报价总价(元)", "比较价(元)", "说明"], rows, widths=[0.7, 3.6, 1.8, 1.8, 2.2],
                align=["centre", "left", "right", "right", "left"])  # fmt: skip


def _outcome(paper: Paper, record: Record, book: Book) -> None:
    paper.section("结果")
    if record["outcome"] == "ORDERED":
        _winner(paper, record, book)
    else:
        articles = {"CANCELLED": "政府采购非招标采购方式管理办法 第22条", "FAILED": record["article"]}
        paper.text(f"本次采购{OUTCOMES[record['outcome']]}，不产生成交供应商（{articles[record['outcome']]}）。")
    if record["reason"]:
        paper.text(f"{'说明' if record['outcome'] == 'ORDERED' else '原因'}：{legible(record['reason'])}")
    rows = [[one["what"], legible(one["name"]) or "平台（到时自动）", moment(one["at"])] for one in record["decisions"]]
    paper.table(["决定", "作出人", "时间"], rows, widths=[3, 3, 3])


def _winner(paper: Paper, record: Record, book: Book) -> None:
    found = record["comparison"]["result"]
    first = found["order"][0]
    winner = next(one for one in record["quotes"] if one["id"] == first)
    saved = f"{money(found['saved'])} 元（{half_up(D(found['saved']) * 100 / D(record['ceiling']), 2)}%）"
    paper.facts(
        [("成交供应商", legible(winner["name"])), ("统一社会信用代码", winner["uscc"]),
         ("成交金额", f"{money(found['totals'][first])} 元"), ("较最高限价节约", saved),
         ("成交依据", book["QUOTE-LOWEST"].article), ("订单编号", record["order"])], columns=2
    )  # fmt: skip
    goods = {one["position"]: one for one in record["lines"]}
    rows = [
        [str(one["position"]), legible(goods[one["position"]]["name"]),
         legible(f"{one['brand']} {one['model']}".strip()), str(goods[one["position"]]["quantity"]),
         money(one["price"]), money(str(D(one["price"]) * goods[one["position"]]["quantity"]))]
        for one in winner["lines"]
    ]  # fmt: skip
    paper.table(["序号", "标的", "品牌、型号", "数量", "单价(元)", "金额(元)"], rows,
                widths=[0.7, 2.6, 2.8, 0.9, 1.5, 1.6],
                align=["centre", "left", "left", "right", "right", "right"])  # fmt: skip
    short = len(found["order"])
    if short < int(book["QUOTE-VALID"].number or 0):
        paper.text(_said(book["QUOTE-VALID"], f"有效报价 {short} 家，不足 {book['QUOTE-VALID'].number} 家，理由见下。"))
