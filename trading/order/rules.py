"""What an order asks: periods, the signed contract, quantities and amounts that add up. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from core.calendar import Calendar
from core.clock import CST
from core.money import half_up, plain
from core.rules import Breach, RuleBook, RuleRow
from trading.order.facts import Amounts, Count

Book = Mapping[str, RuleRow]
# 国务院令第728号, since 2025-06-01 as amended by 第802号; its article numbers are from knowledge (K).
PAYMENT = "保障中小企业款项支付条例"
TERMS = "电子商城订单规则"  # the mall's own parameters; a region may set others

RULES = RuleBook(
    [
        RuleRow("ORD-CONFIRM", Decimal(2), "工作日", TERMS, "B", "供应商确认订单的期限", "P"),
        RuleRow("ORD-CONTRACT", Decimal(10000), "元", "政府采购法 第44条", "B", "达到此金额的订单须签订电子合同", "P"),
        RuleRow("ORD-INSPECT", Decimal(7), "工作日", "政府采购法 第41条", "W", "到货后验收的期限", "P"),
        RuleRow("ORD-ASSENT", Decimal(5), "工作日", TERMS, "T", "供应商签署验收单的期限，逾期视为同意", "P"),
        RuleRow("ORD-PAY", Decimal(30), "日", f"{PAYMENT} 第8条", "W", "验收合格后付款的期限", "K",
                effective_to=date(2025, 5, 31)),
        RuleRow("ORD-PAY", Decimal(30), "日", f"{PAYMENT} 第9条", "W", "验收合格后付款的期限", "K",
                effective_from=date(2025, 6, 1)),
        # 逾期利息 where the contract says nothing of it; the supplier must be a small or medium-sized firm.
        RuleRow("ORD-INTEREST", Decimal("0.05"), "%", f"{PAYMENT} 第15条", "T", "逾期付款按日计算的利率", "K",
                effective_to=date(2025, 5, 31)),
        RuleRow("ORD-INTEREST", Decimal("0.05"), "%", f"{PAYMENT} 第17条", "T", "逾期付款按日计算的利率", "K",
                effective_from=date(2025, 6, 1)),
        RuleRow("ORD-PAYING", None, "元", TERMS, "B", "银行尚未答复的付款完成前不得办理", "P"),
        RuleRow("ORD-ACCOUNT", None, "-", TERMS, "B", "付款至供应商登记的账户", "P"),
        RuleRow("ORD-RETURN", Decimal(15), "日", TERMS, "B", "验收后申请退货的期限", "P"),
        RuleRow("ORD-ANSWER", Decimal(3), "工作日", TERMS, "W", "答复取消或退货申请的期限", "P"),
        RuleRow("ORD-BACK", Decimal(10), "工作日", TERMS, "W", "收回退货并退款的期限", "P"),
        RuleRow("ORD-DECIDE", Decimal(7), "工作日", TERMS, "W", "交易中心处理争议的期限", "P"),
        RuleRow("ORD-STATE", None, "-", TERMS, "B", "订单当前状态不能办理此事项", "P"),
        RuleRow("ORD-OTHER", None, "-", TERMS, "B", "申请由对方答复", "P"),
        RuleRow("ORD-SUPPLIER", None, "-", TERMS, "B", "供应商在商城内被暂停或清退期间不得确认订单", "P"),
        RuleRow("ORD-SHIP", None, "-", TERMS, "B", "发货数量不超过尚未发货的数量", "P"),
        RuleRow("ORD-COUNT", None, "-", "政府采购法 第41条", "B", "验收与拒收数量之和等于到货数量", "P"),
        RuleRow("ORD-REASON", None, "-", "政府采购法 第41条", "B", "拒收须写明原因", "P"),
        RuleRow("ORD-BACK-COUNT", None, "-", TERMS, "B", "退货数量不超过已验收的数量", "P"),
        RuleRow("ORD-INVOICE", None, "元", "发票管理办法 第21条", "B", "开票金额不超过验收合格金额", "K"),
        RuleRow("ORD-NUMBER", None, "-", "发票管理办法 第21条", "B", "发票代码与号码的格式", "K"),
        RuleRow("ORD-TWICE", None, "-", "发票管理办法 第21条", "B", "同一张发票或同一笔回单只登记一次", "P"),
        RuleRow("ORD-PAID", None, "元", TERMS, "B", "付款金额不超过开票金额", "P"),
        RuleRow("ORD-REFUND", None, "元", TERMS, "B", "退货须冲红发票并退回已付款项", "P"),
        RuleRow("ORD-NOTHING", None, "-", TERMS, "B", "没有可办理的数量", "P"),
        RuleRow("ORD-RATED", None, "-", TERMS, "B", "一次订单只评价、答复一次", "P"),
        RuleRow("ORD-DESK", None, "-", TERMS, "B", "签署中的单据先签完或作废", "P"),
    ]
)  # fmt: skip
LAST_SECOND = time(23, 59, 59)


def end_of(day: date) -> datetime:
    """The last second of a day in China."""
    return datetime.combine(day, LAST_SECOND, CST)


def until(book: Book, rule: str, start: datetime, cal: Calendar) -> datetime:
    """The last second of a period that begins the day after `start`. Working days of a year whose holidays are not
    known yet are counted by weekends and statutory days."""
    row, day = book[rule], start.astimezone(CST).date()
    if row.unit == "工作日":
        return end_of(cal.add_workdays(day, row.number, guess=True).date)
    return end_of(day + timedelta(days=row.number))


def in_time(rule: str, last: datetime | None, now: datetime, book: Book) -> list[Breach]:
    """`last` itself is in time, the second after it is not."""
    if last is None or now <= last:
        return []
    return [book[rule].breach(now.isoformat(), required=f"≤ {last.isoformat()}")]


def needs_contract(total: Decimal, book: Book) -> bool:
    least = book["ORD-CONTRACT"].value
    return least is not None and total >= least


def contract_first(lacking: bool, book: Book) -> list[Breach]:
    """Nothing is sent before both have signed, where a contract is asked."""
    return [book["ORD-CONTRACT"].breach("-", required="contract signed by both")] if lacking else []


def pay_by(accepted: datetime, inspect_by: datetime | None, book: Book, cal: Calendar) -> datetime:
    """Counted from the acceptance, or from the day it should have been at the latest: delay does not lengthen it."""
    return until(book, "ORD-PAY", accepted if inspect_by is None else min(accepted, inspect_by), cal)


# -- quantities -------------------------------------------------------------------------------------------------------


def shipping(wanted: Mapping[str, int], counts: Mapping[str, Count], book: Book) -> list[Breach]:
    if not any(wanted.values()):
        return [book["ORD-NOTHING"].breach(0, required="≥ 1", field="lines")]
    return [
        book["ORD-SHIP"].breach(number, required=f"≤ {counts[line].to_ship}", field="lines")
        for line, number in wanted.items() if number > counts[line].to_ship
    ]  # fmt: skip


def inspection(result: Mapping[str, Mapping[str, object]], came: Mapping[str, int], book: Book) -> list[Breach]:
    """Every piece that came is accepted or refused, a refused one with its reason."""
    found = []
    for line, number in came.items():
        said = result.get(line, {})
        accepted, refused = int(str(said.get("accepted", 0))), int(str(said.get("refused", 0)))
        if accepted + refused != number:
            found.append(book["ORD-COUNT"].breach(accepted + refused, required=str(number), field="lines"))
        elif refused and not said.get("reason"):
            found.append(book["ORD-REASON"].breach("-", required="reason", field="lines"))
    return found


def returning(wanted: Mapping[str, int], counts: Mapping[str, Count], book: Book) -> list[Breach]:
    if not any(wanted.values()):
        return [book["ORD-NOTHING"].breach(0, required="≥ 1", field="lines")]
    return [
        book["ORD-BACK-COUNT"].breach(number, required=f"≤ {counts[line].accepted}", field="lines")
        for line, number in wanted.items() if number > counts[line].accepted
    ]  # fmt: skip


def settled(counts: Iterable[Count]) -> bool:
    """Nothing is awaited any more: accepted + refused + returned + dropped = ordered, in every line."""
    return all(one.open == 0 for one in counts)


def worth(numbers: Mapping[str, int], prices: Mapping[str, Decimal]) -> Decimal:
    return sum((prices[line] * number for line, number in numbers.items()), Decimal(0))


# -- money ------------------------------------------------------------------------------------------------------------


def invoicing(amount: Decimal, held: Amounts, book: Book) -> list[Breach]:
    left = held.accepted - held.invoiced
    if amount <= left:
        return []
    return [book["ORD-INVOICE"].breach(f"{plain(amount)}元", required=f"≤ {plain(left)}元", field="amount")]


def paying(amount: Decimal, held: Amounts, book: Book) -> list[Breach]:
    left = held.invoiced - held.paid
    if amount <= left:
        return []
    return [book["ORD-PAID"].breach(f"{plain(amount)}元", required=f"≤ {plain(left)}元", field="amount")]


def paid_late(paid_on: date, last: datetime | None, book: Book) -> list[Breach]:
    """A warning that stands in the entry: the payment is taken all the same."""
    if last is None or paid_on <= last.date():
        return []
    return [book["ORD-PAY"].breach(paid_on.isoformat(), required=f"≤ {last.date().isoformat()}", field="paid_on")]


def days_late(last: datetime | None, day: date) -> int:
    """Days after the last one on which payment was in time; 0 in time."""
    return max((day - last.astimezone(CST).date()).days, 0) if last else 0


def interest(owed: Decimal, days: int, book: Book) -> Decimal:
    """What so many days of delay cost, simple and rounded half up to fen, where the contract says nothing else."""
    rate = book["ORD-INTEREST"].value
    assert rate is not None
    return half_up(owed * rate * days / 100, 2)


def back(worth_back: Decimal, held: Amounts) -> tuple[Decimal, Decimal]:
    """(to be taken back by a red invoice, to be refunded) when goods of this worth go back."""
    left = held.accepted - worth_back
    return max(held.invoiced - left, Decimal(0)), max(held.paid - left, Decimal(0))


def number_shape(kind: str, code: str, number: str, today: date, book: Book) -> list[Breach]:
    """数电票: 20 digits, the first two its year (from 2021 on), no code; an older invoice: code of 10 or 12 digits and
    number of 8 (税务总局公告2024年第11号)."""
    if kind == "e":
        fits = re.fullmatch(r"[0-9]{20}", number) is not None and not code
        fits = fits and 21 <= int(number[:2]) <= today.year % 100
        required = "20 digits, the first two its year"
    else:
        fits = re.fullmatch(r"[0-9]{8}", number) is not None and re.fullmatch(r"[0-9]{10}|[0-9]{12}", code) is not None
        required = "code of 10 or 12 digits, number of 8"
    return [] if fits else [book["ORD-NUMBER"].breach(f"{code} {number}".strip(), required=required, field="number")]


def stands(held: Amounts, rated: bool) -> str:
    """What an order is by its money once nothing is awaited."""
    if not held.accepted:
        return "CLOSED"
    if held.invoiced < held.accepted:
        return "INSPECTED"
    if held.paid < held.accepted:
        return "INVOICED"
    return "RATED" if rated else "PAID"
