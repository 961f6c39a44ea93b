"""What the law asks of framework agreements, in both regimes: 110号令 for government procurement, GB/T 43711 for state
firms. Rooms ask by the FA ids of domain.md §1.4; the other regime answers under them with numbers of its own, and where
it says nothing a row is absent and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from core.rules import Action, Breach, RuleBook, RuleRow
from methods.elimination import Cut
from trading.framework.facts import Offered, Remaining, Scheme

Book = Mapping[str, RuleRow]
LAW, STANDARD = "财政部令第110号", "电子采购交易规范附录D（GB/T43711—2024）"
SINCE = {LAW: date(2022, 3, 1), STANDARD: date(2024, 3, 15)}
SEALED = "电子招标投标办法 第27条"
MONTHS = 12
# Why quality may go first (FA-04), why an agreement may be open (FA-02).
QUALITY_GROUNDS = ("government_price", "instruments")
OPEN_GROUNDS = ("no_competition", "all_qualified", "decided_by_law")
# Causes for which a supplier is suspended or removed, and those for which it may leave a closed agreement.
SUSPENSIONS = ("late_delivery", "complaint", "inspection", "credit")
REMOVALS = ("false_material", "bribery", "refused_orders", "quality", "lost_qualification", "price_above", "penalty")
QUITS = ("force_majeure", "business_ended", "purchaser_fault")


def _row(
    id: str, value: str | None, unit: str, place: str, action: Action, text: str, *, law: str = LAW, sure: str = "K",
    serves: str = "",
) -> RuleRow:  # fmt: skip
    return RuleRow(
        id, None if value is None else Decimal(value), unit, f"{law} {place}".strip(), action, text, sure,
        effective_from=SINCE[law], serves=serves,
    )  # fmt: skip


GOVERNMENT = RuleBook(
    [
        _row("FA-01/goods", "1", "年", "第15条", "B", "货物项目框架协议有效期一般不超过1年"),
        _row("FA-01/services", "2", "年", "第15条", "B", "服务项目框架协议有效期一般不超过2年"),
        _row("FA-02", None, "-", "第4条、第16条", "B", "开放式框架协议仅限规定情形"),
        _row("FA-03/days", "20", "日", "第21条", "B", "封闭式公开征集按公开招标程序，公告至响应截止不少于20日"),
        _row("FA-03/reviewers", "5", "家", "第21条", "W", "评审小组5人以上单数"),
        _row("FA-04", None, "-", "", "B", "质量优先法仅限政府定价项目或有特殊质量要求的检测、实验仪器设备"),
        _row("FA-05/responders", "2", "家", "", "B", "提交响应文件且符合条件的供应商不少于2家"),
        _row("FA-05/rate", "20", "%", "", "B", "淘汰比例不得低于20%"),
        _row("FA-05/quality", "40", "%", "", "B", "检测、实验仪器设备质量优先的淘汰比例不得低于40%"),
        _row("FA-05/least", "1", "家", "", "B", "至少淘汰1家供应商"),
        _row("FA-06", None, "元", "", "B", "响应报价不得超过最高限制单价"),
        _row("FA-07/sign", "30", "日", "", "T", "入围通知书发出之日起30日内签订框架协议"),
        _row("FA-07/copy", "7", "工作日", "", "T", "签订之日起7个工作日内将框架协议副本报本级财政部门备案"),
        _row("FA-08/ceiling", None, "元", "", "B", "二次竞价以协议价格为最高限价"),
        _row("FA-09/result", "2", "工作日", "", "T", "二次竞价、顺序轮候成交结果逐笔公告"),
        _row("FA-09/summary", "10", "工作日", "", "T", "有效期满后10个工作日内公告汇总的成交结果"),
        _row("FA-10", "70", "%", "", "B", "剩余入围供应商不足70%且影响供应方可补充征集"),
        _row("FA-11/check", "7", "工作日", "", "T", "收到加入申请后7个工作日内完成审核"),
        _row("FA-11/list", "2", "工作日", "", "T", "审核通过后2个工作日内公告"),
        _row("FA-12/quit", None, "-", "", "B", "封闭式框架协议入围供应商无正当理由不得主动放弃入围资格或退出"),
        _row("FA-12/cause", None, "-", "", "B", "清退须有规定情形"),
    ]
)
STATE_FIRMS = RuleBook(
    [
        _row("FB-01", "1", "年", "", "B", "有效期超过一年的须约定价格调整方式", law=STANDARD),
        _row("FB-02", None, "-", "", "B", "开放式入围不含价格，第二阶段须竞争", law=STANDARD),
        _row("FB-05/responders", "2", "家", "", "B", "竞争至少需要两家", law=STANDARD, sure="P",
             serves="FA-05/responders"),
        _row("FB-05/one", "50", "%", "", "B", "只竞争一次的，淘汰参与竞争供应商的50%以上", law=STANDARD),
        _row("FB-05/two", "30", "%", "", "B", "竞争两次的，每次淘汰30%以上", law=STANDARD),
        _row("FB-05/least", "1", "家", "", "B", "淘汰家数向上取整，为本平台的理解", law=STANDARD, sure="P",
             serves="FA-05/least"),
        _row("FB-06", None, "元", "", "B", "响应报价不得超过最高限制单价", law=STANDARD, sure="P",
             serves="FA-06"),
        _row("FB-07", "30", "日", "", "T", "签订框架协议的期限", law=STANDARD, sure="P", serves="FA-07/sign"),
        _row("FB-08/direct", None, "-", "", "B", "直接选定须第一阶段已竞争价格且条件未变", law=STANDARD),
        _row("FB-08/ceiling", None, "元", "", "B", "二次竞价以协议价格为最高限价", law=STANDARD, sure="P",
             serves="FA-08/ceiling"),
        _row("FB-10", None, "-", "", "B", "供应商数量或能力不足方可补充", law=STANDARD),
        _row("FB-12", None, "-", "", "B", "退出、清退须有约定情形", law=STANDARD, sure="P", serves="FA-12/cause"),
    ]
)  # fmt: skip
# Rows of the platform itself, the same in both regimes.
HOUSE = RuleBook(
    [
        RuleRow("FH-TIME", None, "-", SEALED, "R", "响应文件在截止时间前完成提交", "V"),
        RuleRow("FH-SEALED", None, "-", SEALED, "R", "响应文件须加密提交", "V"),
        RuleRow("FH-UNLOCK", None, "-", SEALED, "B", "在解密时间内解密", "V"),
        RuleRow("FH-OFFER", Decimal(2), "工作日", LAW, "T", "供应商确认订单的期限", "P"),
        RuleRow("FH-QUOTE", Decimal(1), "工作日", LAW, "B", "二次竞价的报价时间", "P"),
        RuleRow("FH-WAY", None, "-", LAW, "B", "第二阶段按征集文件列明的方式", "P"),
        RuleRow("FH-COMPLETE", None, "-", LAW, "B", "逐家评审完毕并说明理由", "P"),
        RuleRow("FH-TIE", None, "-", LAW, "B", "淘汰线上并列的，按征集文件说明的规则排定", "P"),
        RuleRow("FH-SIGNED", None, "-", LAW, "B", "评审报告已由全体评审人员签署", "P"),
        RuleRow("FH-REASON", None, "-", LAW, "B", "写明理由", "P"),
        RuleRow("FH-PRICED", None, "-", LAW, "B", "协议中有该商品的价格", "P"),
        RuleRow("FH-MEMBER", None, "-", LAW, "B", "有供货资格的入围供应商", "P"),
        RuleRow("FH-INSIDE", None, "-", LAW, "B", "在框架协议有效期内", "P"),
        RuleRow("FH-TWICE", None, "-", LAW, "B", "同一事项、同一供应商只有一次", "P"),
        RuleRow("FH-ROTA", None, "-", LAW, "B", "轮候顺序已确定并告知全体入围供应商", "P"),
        RuleRow("FH-OWN", None, "-", LAW, "B", "征集人或其代理机构", "P"),
    ]
)
RULES = (*GOVERNMENT.rows, *STATE_FIRMS.rows, *HOUSE.rows)
BOOKS = {"gov": GOVERNMENT, "soe": STATE_FIRMS}


def book(regime: str, day: date) -> Book:
    """Rows in force on the day of the solicitation, those of the platform among them."""
    return {**HOUSE.at(day), **BOOKS[regime].at(day)}


# -- the scheme -------------------------------------------------------------------------------------------------------


def term(s: Scheme, own: Book) -> list[Breach]:
    """FA-01: at most a year for goods, two for services. State firms: over a year with a way to adjust prices."""
    row = own.get(f"FA-01/{s.goods}") or own["FB-01"]
    most = row.number * MONTHS
    if s.months <= most or (row.id == "FB-01" and s.adjustment):
        return []
    return [row.breach(s.months, required=f"≤ {most}", field="months")]


def openness(s: Scheme, own: Book) -> list[Breach]:
    """FA-02: open only on a listed ground; in the other regime an open entry leaves the competition to stage two."""
    if s.kind != "open":
        return []
    if "FA-02" in own:
        return (
            []
            if s.ground in OPEN_GROUNDS
            else [own["FA-02"].breach(s.ground or "-", required="ground", field="ground")]
        )
    odd = [way for way in s.ways if way != "mini"]
    return [own["FB-02"].breach(" / ".join(odd), required="mini", field="ways")] if odd else []


def basis(s: Scheme, own: Book) -> list[Breach]:
    """FA-04: the price goes first, quality only on a listed ground."""
    if s.basis == "price" or "FA-04" not in own or s.ground in QUALITY_GROUNDS:
        return []
    return [own["FA-04"].breach(s.ground or "-", required="ground", field="ground")]


def rate_of(s: Scheme, own: Book) -> RuleRow:
    """The row whose share must leave."""
    if s.regime == "soe":
        return own["FB-05/two" if s.competitions == 2 else "FB-05/one"]
    return own["FA-05/quality" if s.basis == "quality" and s.instruments else "FA-05/rate"]


def elimination(s: Scheme, own: Book) -> list[Breach]:
    """A higher rate may be written; a lower one only where the standard merely recommends it (宜), with the reason."""
    row = rate_of(s, own)
    assert row.value is not None
    if s.kind == "open" or s.rate is None or s.rate >= row.value or (s.regime == "soe" and s.override):
        return []
    return [row.breach(f"{s.rate}%", required=f"≥ {row.value}%", field="rate")]


def direct(s: Scheme, own: Book) -> list[Breach]:
    """State firms pick directly only where prices were compared at the entry."""
    row = own.get("FB-08/direct")
    if row is None or s.kind == "closed" or "direct" not in s.ways:
        return []
    return [row.breach("direct", required="mini", field="ways")]


def scheme(s: Scheme, own: Book) -> list[Breach]:
    found = [*term(s, own), *openness(s, own), *basis(s, own), *elimination(s, own), *direct(s, own)]
    if s.kind == "closed" and not s.items:
        found.append(own["FA-06"].breach("0", required="≥ 1", field="items"))
    return found


def cut_of(s: Scheme, own: Book) -> Cut:
    """What leaves: the rate written in the solicitation, else the row's. An override lifts the least with the rate."""
    row, least = rate_of(s, own), own["FA-05/least"].number
    rate = row.share if s.rate is None else Fraction(s.rate) / 100
    return Cut(rate, 0 if s.regime == "soe" and s.override and rate < row.share else least)


# -- solicitation and review ------------------------------------------------------------------------------------------


def long_enough(days: int, own: Book) -> list[Breach]:
    """FA-03: days from the notice to the deadline; the other regime leaves them to the buyer."""
    row = own.get("FA-03/days")
    if row is None or days >= row.number:
        return []
    return [row.breach(f"{days}日", required=f"≥ {row.number}日", field="deadline")]


def reviewers(count: int, own: Book) -> list[Breach]:
    """An odd number, at least as many as for an open tender: a warning kept with the review."""
    row = own.get("FA-03/reviewers")
    if row is None or (count >= row.number and count % 2):
        return []
    return [row.breach(count, required=f"≥ {row.number}, 单数", field="reviewers")]


def in_time(at: datetime, deadline: datetime, own: Book) -> list[Breach]:
    """Before the deadline; at the deadline itself it is too late."""
    return [] if at < deadline else [own["FH-TIME"].breach(at.isoformat(), required=f"< {deadline.isoformat()}")]


def enough(count: int, own: Book) -> list[Breach]:
    """FA-05: so many qualified responders at least."""
    row = own["FA-05/responders"]
    return [] if count >= row.number else [row.breach(f"{count}家", required=f"≥ {row.number}家")]


def within(offered: Offered, own: Book, rule: str = "FA-06") -> list[Breach]:
    """FA-06, FA-08: no unit price above its ceiling; equal to it is within."""
    row = own[rule]
    return [
        row.breach(f"{price}元", required=f"≤ {offered.ceilings[item]}元", field="price")
        for item, price in offered.prices.items()
        if price > offered.ceilings[item]
    ]


# -- within the agreement ---------------------------------------------------------------------------------------------


def may_call(r: Remaining, own: Book) -> list[Breach]:
    """FA-10: fewer than 70 % left and supply affected; the other regime asks for the shortage alone."""
    row = own.get("FA-10")
    why = own.get("FB-10") or own["FH-REASON"]
    broken = [] if r.reason else [why.breach("-", required="reason", field="reason")]
    if row is not None and Fraction(r.left) >= r.signed * row.share:
        broken.append(row.breach(f"{r.left} / {r.signed}", required=f"< {row.value}%"))
    if not r.on < r.ends:
        broken.append(own["FH-INSIDE"].breach(r.on.isoformat(), required=f"< {r.ends.isoformat()}"))
    return broken


def inside(day: date, starts: date, ends: date, own: Book) -> list[Breach]:
    """Bought only within the term, its last day included."""
    if starts <= day <= ends:
        return []
    return [own["FH-INSIDE"].breach(day.isoformat(), required=f"{starts.isoformat()} – {ends.isoformat()}")]


def caused(cause: str, among: Sequence[str], own: Book, rule: str = "FA-12/cause") -> list[Breach]:
    """FA-12: a coded cause."""
    row = own.get(rule) or own["FA-12/cause"]
    return [] if cause in among else [row.breach(cause or "-", required="cause", field="cause")]
