"""Rules of buying with their articles. What is local has no number here: trading centres keep it (Parameter); a number
here is the house's proposal for places that keep none (mark P)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.rules import Action, RuleBook, RuleRow

ZC, ZCTL, NT74 = "政府采购法", "政府采购法实施条例", "政府采购非招标采购方式管理办法"
K46, E20, CIVIL = "财库〔2020〕46号", "电子招标投标办法", "民法典"
ON = {ZC: date(2003, 1, 1), ZCTL: date(2015, 3, 1), NT74: date(2014, 2, 1), K46: date(2021, 1, 1),
      E20: date(2013, 5, 1), CIVIL: date(2021, 1, 1)}  # fmt: skip


def _row(
    id: str, number: str | None, unit: str, law: str, place: str, action: Action, text: str, sure: str = "P"
) -> RuleRow:
    value = None if number is None else Decimal(number)
    return RuleRow(id, value, unit, f"{law} {place}".strip(), action, text, sure, effective_from=ON[law])


RULES = RuleBook(
    [
        _row("BUY-BUDGET", None, "元", ZC, "第6条", "B", "采购严格按照批准的预算执行", "V"),
        _row("BUY-SPLIT", None, "元", ZCTL, "第28条", "W", "同一财政年度同一品目累计不得超过公开招标数额标准", "V"),
        _row("BUY-DIRECT", None, "-", ZC, "第26条", "B", "直购目录内的品目"),
        _row("BUY-DIRECT-ORDER", None, "元", ZC, "第26条", "B", "单笔直购限额"),
        _row("BUY-DIRECT-YEAR", None, "元", ZC, "第26条", "B", "同一品目年度直购限额"),
        _row("BUY-CHANGED", None, "-", CIVIL, "第491条", "B", "加入购物车后商品无变化或已确认变化"),
        _row("BUY-APART", None, "-", ZC, "第61条", "B", "经办与审批不为同一人", "V"),
        _row("BUY-STEP", None, "-", ZC, "第61条", "B", "由本步骤的审批人审批", "V"),
        _row("BUY-CHAIN", None, "-", ZC, "第61条", "B", "每一步骤均有审批人", "V"),
        _row("BUY-OWN", None, "-", ZC, "第61条", "B", "本单位的采购"),
        _row("BUY-MANAGER", None, "-", ZC, "第61条", "B", "由单位管理员办理"),
        _row("BUY-PARAMETER", None, "-", ZC, "第8条", "B", "地方标准自公布之日起执行", "V"),
        _row("QUOTE-LEAST", "3", "家", NT74, "第45条", "B", "邀请的供应商或品牌不少于三家", "V2"),
        _row("QUOTE-DAYS/inquiry", "3", "工作日", NT74, "第45条", "B", "询价报价时间", "V2"),
        _row("QUOTE-DAYS/comparison", "1", "工作日", NT74, "第45条", "B", "比价报价时间"),
        _row("QUOTE-EXTEND", "1", "工作日", NT74, "第45条", "X", "报价不足三家顺延一次"),
        _row("QUOTE-WINDOW", "60", "分钟", E20, "第31条", "T", "供应商解密时限"),
        _row("QUOTE-CUSTODY", "24", "小时", E20, "第31条", "T", "密钥保管方补救时限"),
        _row("QUOTE-LATE", None, "-", E20, "第27条", "R", "报价截止前送达", "V"),
        _row("QUOTE-SEALED", None, "-", E20, "第26条", "R", "报价须加密", "V"),
        _row("QUOTE-MAY", None, "-", ZC, "第22条", "B", "可参加本次报价的供应商"),
        _row("QUOTE-VALID", "3", "家", NT74, "第37条", "B", "有效报价不少于三家，不足的说明理由", "K"),
        _row("QUOTE-LOWEST", None, "-", NT74, "第48条", "B", "满足需求且报价最低的成交，相同的先到先得", "K"),
        _row("SME-DEDUCT/least", "10", "%", K46, "第9条", "B", "小微企业价格扣除下限", "V2"),
        _row("SME-DEDUCT/most", "20", "%", K46, "第9条", "B", "小微企业价格扣除上限", "V2"),
    ]
)

# What a trading centre may settle for its region; yuan, or the unit of the rule's own row.
LOCAL = (
    "BUY-SPLIT", "BUY-DIRECT-ORDER", "BUY-DIRECT-YEAR", "QUOTE-DAYS/inquiry", "QUOTE-DAYS/comparison", "QUOTE-EXTEND",
    "QUOTE-WINDOW", "QUOTE-CUSTODY",
)  # fmt: skip
# These are about categories; the others about a region as a whole.
BY_CATEGORY = frozenset({"BUY-SPLIT", "BUY-DIRECT-ORDER", "BUY-DIRECT-YEAR"})
