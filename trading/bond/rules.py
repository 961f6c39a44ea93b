"""Does a bond conform, when must it go back with how much interest, when may it be kept (实施条例 26, 35, 57, 74).

A check decides nothing: its breaches are shown in the hall and to the committee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.calendar import Calendar, Due
from core.money import half_up, plain
from core.rules import Breach, RuleBook, RuleRow
from trading.bidding.rules import deposit_account
from trading.bond.facts import Holder, Lodged, Payment, Terms
from trading.project import rules as project

Book = Mapping[str, RuleRow]
TL = "招标投标法实施条例"
WORKS = "工程建设项目施工招标投标办法 第37条"
SINCE = date(2012, 2, 1)

RULES = RuleBook(
    [
        RuleRow("BOND-LODGED", None, "-", WORKS, "W", "投标保证金须随投标文件提交", "K", effective_from=SINCE),
        RuleRow("BOND-FORM", None, "-", WORKS, "B", "投标保证金的形式", "K", effective_from=SINCE),
        RuleRow("BOND-TIME", None, "-", WORKS, "W", "投标保证金在投标截止前到账", "K", effective_from=SINCE),
        RuleRow("BOND-AMOUNT", None, "元", WORKS, "W", "投标保证金的金额", "K", effective_from=SINCE),
        RuleRow("BOND-VALID", None, "-", f"{TL} 第26条", "W", "投标保证金有效期与投标有效期一致", "V",
                effective_from=SINCE),
        RuleRow("BOND-EARLY", None, "-", f"{TL} 第57条", "B", "中标通知后退还未中标人，签订合同后退还中标人", "P",
                effective_from=SINCE),
        RuleRow("BOND-GROUND", None, "-", f"{TL} 第35条、第74条", "B", "不予退还须有法定情形", "V",
                effective_from=SINCE),
        RuleRow("BOND-ONCE", None, "-", f"{TL} 第57条", "B", "同一笔款项只登记、退还一次", "P", effective_from=SINCE),
        # 银行同期存款利息: the central bank's benchmark for demand deposits, in force since 2012-07-06.
        RuleRow("BOND-INT", Decimal("0.35"), "%", f"{TL} 第57条", "T", "银行同期活期存款年利率", "P",
                effective_from=date(2012, 7, 6)),
        RuleRow("BOND-INT/days", Decimal(360), "日", f"{TL} 第57条", "T", "计息年度天数", "P", effective_from=SINCE),
    ]
)  # fmt: skip
AFTER_NOTICE = ("NOTIFIED", "CONTRACTED", "REPORTED", "ARCHIVED")
AFTER_CONTRACT = AFTER_NOTICE[1:]


def yuan(amount: Decimal) -> str:
    return f"{plain(amount)}元"


def form_allowed(form: str, terms: Terms, own: Book) -> list[Breach]:
    """The forms that the tender file names, and no other."""
    if form in terms.forms:
        return []
    return [own["BOND-FORM"].breach(form, required=" / ".join(terms.forms), field="form")]


def conformity(lodged: Lodged, terms: Terms, own: Book, book: Book) -> list[Breach]:
    """A-104: form, time, amount, payer, validity. `own`: rows of this file, `book`: those of the procedure."""
    if not lodged.form:
        return [own["BOND-LODGED"].breach("-", required=yuan(terms.required), field="bond")]
    found = form_allowed(lodged.form, terms, own)
    if lodged.form == "e_guarantee":
        return [*found, *_amount(lodged.guaranteed, terms, own, book), *_validity(lodged, terms, own)]
    in_time = [one for one in lodged.payments if one.at < terms.deadline]
    if not in_time:
        late = min((one.at.isoformat() for one in lodged.payments), default="-")
        need = f"< {terms.deadline.isoformat()}"
        return [*found, own["BOND-TIME"].breach(late, required=need, field="bond")]
    total = sum((one.amount for one in in_time), Decimal(0))
    return [*found, *_amount(total, terms, own, book), *_payer(lodged.form, in_time, book)]


def _amount(total: Decimal, terms: Terms, own: Book, book: Book) -> list[Breach]:
    if total < terms.required:
        return [own["BOND-AMOUNT"].breach(yuan(total), required=f"≥ {yuan(terms.required)}", field="bond")]
    if total > terms.cap:
        row = book["R1-13"]
        return [Breach(row.id, row.article, "W", terms.cap_said, yuan(total), "bond")]
    return []


def _payer(form: str, payments: Sequence[Payment], book: Book) -> list[Breach]:
    """R1-15"""
    return deposit_account(form, all(one.basic for one in payments), book)


def _validity(lodged: Lodged, terms: Terms, own: Book) -> list[Breach]:
    """At least as long as the bids are valid."""
    if lodged.valid_until is not None and lodged.valid_until >= terms.valid_until:
        return []
    return [own["BOND-VALID"].breach(lodged.valid_until or "-", required=f"≥ {terms.valid_until}", field="bond")]


def return_due(start: date, book: Book, cal: Calendar) -> Due:
    """R1-14: five days after `start`, which does not count; a last day that is off moves on."""
    return project.due(book, "R1-14", start, cal)


def overdue(due: date, today: date, book: Book) -> list[Breach]:
    """R1-14, once its last day is over; a recorded warning, for the money is still owed."""
    row = book["R1-14"]
    if today <= due:
        return []
    return [Breach(row.id, row.article, "W", f"≤ {due}", today.isoformat(), "bond")]


def may_return(holder: Holder, own: Book) -> list[Breach]:
    """Losers from the award notice on, the winner from the contract on; each bond once."""
    if holder.state != "lodged":
        return [own["BOND-ONCE"].breach(holder.state, required="lodged", field="bond")]
    open_from = AFTER_CONTRACT if holder.winner else AFTER_NOTICE
    if holder.case_state in open_from:
        return []
    return [own["BOND-EARLY"].breach(holder.case_state, required=open_from[0], field="bond")]


def may_forfeit(ground: str, holder: Holder, own: Book) -> list[Breach]:
    """TL35: revoked after the deadline. TL74: the winner does not sign."""
    if holder.state != "lodged":
        return [own["BOND-ONCE"].breach(holder.state, required="lodged", field="bond")]
    fits, need = {
        "TL35": (holder.bid and holder.revoked, "revoked after the deadline"),
        "TL74": (holder.winner and holder.case_state == "NOTIFIED", "the winner before the contract"),
    }[ground]
    return [] if fits else [own["BOND-GROUND"].breach(holder.case_state, required=need, field="ground")]


def days(paid: date, due: date, today: date, book: Book) -> int:
    """For which interest runs: from the arrival on; in government procurement only past the last day to return it."""
    return max(0, (today - due).days) if "R2-08/late" in book else (today - paid).days


def rates(own: Book, book: Book) -> Book:
    """The rate of deposits; R2-08/late: the benchmark rate of loans and a fifth more for money returned late."""
    late, loans = book.get("R2-08/late"), book.get("R2-08/rate")
    if late is None or loans is None or loans.value is None or late.value is None:
        return own
    return {**own, "BOND-INT": replace(own["BOND-INT"], value=loans.value * late.value / 100, article=late.article)}


def interest(parts: Sequence[tuple[Decimal, int]], own: Book) -> Decimal:
    """Σ amount × days × rate ÷ days of a year, rounded once, half up to a cent. `parts`: (amount, days)."""
    rate, basis = own["BOND-INT"].value, own["BOND-INT/days"].value
    assert rate is not None and basis is not None
    return half_up(sum((amount * days for amount, days in parts), Decimal(0)) * rate / (100 * basis), 2)
