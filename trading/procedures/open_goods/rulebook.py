"""Numbers of the law for open tendering of goods and services by government procurement: domain.md §1.3, dated.

A row `serves` the id by which the rooms ask the same question of a works tender (core.rules.RuleRow). What the platform
itself asks, and what the law of electronic tendering asks of every tender, stands once, in the book of open works.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from core.rules import Action, RuleBook, RuleRow
from trading.procedures.open_works.rulebook import RULES as WORKS

ZC, ZCTL, M87 = "政府采购法", "政府采购法实施条例", "政府采购货物和服务招标投标管理办法"
K10, K2 = "财库〔2020〕10号", "财库〔2026〕2号"
K46, K19 = "财库〔2020〕46号", "财库〔2022〕19号"
ON = {
    ZC: date(2003, 1, 1), ZCTL: date(2015, 3, 1), M87: date(2017, 10, 1), K10: date(2020, 3, 2), K2: date(2026, 2, 1),
    K46: date(2021, 1, 1), K19: date(2022, 7, 1),
    "政府采购质疑和投诉办法": date(2018, 3, 1), "政府采购非招标采购方式管理办法": date(2014, 2, 1),
    "财库〔2014〕214号": date(2014, 12, 31),
}  # fmt: skip
NT74, COMPLAINTS, NEGOTIATED = "政府采购非招标采购方式管理办法", "政府采购质疑和投诉办法", "财库〔2014〕214号"


def _row(
    id: str, number: str | None, unit: str, law: str, place: str, action: Action, text: str, sure: str, serves: str = ""
) -> RuleRow:
    value = None if number is None else Decimal(number)
    article = f"{law} {place}".strip()
    return RuleRow(id, value, unit, article, action, text, sure, effective_from=ON[law], serves=serves)


# Rows of the works' book that ask the same here, with the article of this regime.
_HERE = {
    "FLAW": (M87, "第65条"), "CLARIFY-FIRST": (M87, "第51条"), "CLERICAL": (M87, "第51条"), "LOWPRICE-TIME": (K2, ""),
    "POOL-SMALL": (M87, "第48条"), "INVITATION-LATE": (M87, "第48条"), "FILE-01": (M87, "第20条"),
    "FILE-02": (M87, "第20条"),
}  # fmt: skip


def _shared(row: RuleRow) -> RuleRow:
    law, place = _HERE.get(row.id, ("", ""))
    return replace(row, article=f"{law} {place}".strip(), effective_from=ON[law]) if law else row


OWN = (
    _row("R2-INTENT", "30", "日", K10, "", "W", "采购意向先于采购公告公开", "K", "R1-03"),
    _row("R2-01", "5", "工作日", M87, "第16条", "B", "招标公告的公告期限", "V"),
    _row("R2-02", "5", "工作日", M87, "第18条", "B", "招标文件提供期限", "V", "R1-04"),
    _row("R2-03", "20", "日", ZC, "第35条", "B", "招标文件发出至投标截止", "V", "R1-06"),
    _row("R2-04", "15", "日", M87, "第27条", "X", "影响投标编制的澄清修改距投标截止", "V", "R1-07"),
    _row("R2-04/subject", None, "-", M87, "第27条", "B", "澄清修改不得改变采购标的和资格条件", "V"),
    _row("R2-04/prequal", "3", "日", M87, "第27条", "X", "影响申请编制的澄清修改距申请截止", "V"),
    _row("R2-05", "5", "工作日", ZCTL, "第21条", "B", "资格预审申请文件提交期限", "V"),
    _row("R2-06", None, "-", M87, "第12条、第13条", "B", "公布预算，最高限价不超过预算；不得规定最低限价", "V",
         "R1-16"),
    _row("R2-07", "2", "%", ZCTL, "第33条", "B", "投标保证金占预算金额", "V", "R1-13"),
    _row("R2-07/form", None, "-", ZCTL, "第33条", "B", "投标保证金以非现金形式提交", "V"),
    _row("R2-08", "5", "工作日", M87, "第38条", "T", "退还投标保证金", "V", "R1-14"),
    _row("R2-08/late", "120", "%", M87, "第38条", "T", "逾期退还投标保证金的资金占用费占基准利率", "V"),
    _row("R2-08/rate", "4.35", "%", M87, "第38条", "T", "中国人民银行同期贷款基准年利率", "P"),
    _row("R2-09", "3", "家", M87, "第41条", "B", "投标人不足的不得开标", "V", "R1-10"),
    _row("R2-09/qualified", "3", "家", M87, "第44条", "B", "合格投标人不足的不得评标", "V"),
    _row("R2-09/conforming", "3", "家", ZC, "第36条", "B", "对招标文件作实质响应的供应商不足的予以废标", "V",
         "R1-10/valid"),
    _row("R2-10", None, "-", M87, "第44条", "B", "资格审查由采购人或者采购代理机构负责，不由评标委员会负责", "V"),
    _row("R2-11", "5", "人", M87, "第47条", "B", "评标委员会人数，单数", "V", "R1-17"),
    _row("R2-11/large", "7", "人", M87, "第47条", "B", "预算大、技术复杂或者社会影响较大的评标委员会人数", "V"),
    _row("R2-11/budget", "1000", "万元", M87, "第47条", "B", "评标委员会应为七人以上的预算金额", "V"),
    _row("R2-11/experts", "2", "/3", M87, "第47条", "B", "评审专家占比", "V", "R1-17/experts"),
    _row("R2-DRAW", None, "-", M87, "第48条", "B", "评审专家从专家库中随机抽取", "V", "R1-19"),
    _row("R2-12", None, "-", M87, "第45条、第47条", "B", "采购人代表不得担任组长", "V"),
    _row("R2-13", None, "-", M87, "第39条", "B", "开标、评标活动全程录音录像", "V"),
    _row("R2-14/goods", "30", "%", M87, "第55条", "B", "货物项目价格分值占总分值", "V"),
    _row("R2-14/services", "10", "%", M87, "第55条", "B", "服务项目价格分值占总分值", "V"),
    _row("R2-14/formula", None, "-", M87, "第54条、第55条", "B", "价格分采用低价优先法，不去掉最高和最低报价", "V"),
    _row("R2-15", None, "-", M87, "第17条", "B", "不得以规模条件作为资格要求或者评审因素", "V"),
    _row("R2-15/scored", None, "-", M87, "第55条", "B", "资格条件不得作为评审因素", "V"),
    _row("SME-SHARE", "30", "%", K46, "第9条", "B", "联合体或者分包中小微企业合同份额，达到的给予价格扣除", "V2"),
    _row("SME-SHARE/least", "4", "%", K19, "", "B", "联合体或者分包的价格扣除下限", "V2"),
    _row("SME-SHARE/most", "6", "%", K19, "", "B", "联合体或者分包的价格扣除上限", "V2"),
    _row("R2-TIME", "1", "/3", M87, "第46条", "X", "超过三分之一评委认为时间不够应延长", "P", "R1-21"),
    _row("R2-TIME/longer", "2", "小时", M87, "第46条", "X", "评标时间一次延长", "P", "R1-21/longer"),
    _row("R2-OPENING", None, "-", M87, "第42条", "B", "对开标的疑义当场提出，当场答复并记录", "V", "R1-30"),
    _row("R2-OPENING/spot", "10", "分钟", M87, "第42条", "B", "唱标后仍视为开标现场的时间", "P", "R1-30/spot"),
    _row("R2-VALID", "7", "日", M87, "第23条", "T", "投标有效期内评标定标，提前提醒", "P", "R1-31"),
    _row("R2-CANDIDATES", "3", "家", M87, "第57条", "B", "中标候选人不超过，标明排序", "P", "R1-22"),
    _row("R2-ORDER", None, "-", M87, "第68条", "B", "按评标报告的顺序确定中标人；并列的按文件方式或者随机抽取",
         "V", "R1-24"),
    _row("R2-16", "5", "工作日", M87, "第68条", "T", "收到评标报告至确定中标人，逾期视同排名第一的中标", "V"),
    _row("R2-16/deliver", "2", "工作日", M87, "第68条", "T", "评标结束至评标报告送交采购人", "V"),
    _row("R2-16/publish", "2", "工作日", M87, "第69条", "T", "确定中标人至公告中标结果、发出中标通知书", "V"),
    _row("R2-17", "1", "工作日", M87, "第69条", "B", "中标公告期限；招标文件随公告同时公告", "V"),
    _row("R2-18", "30", "日", ZC, "第46条", "T", "中标通知书发出至订立合同", "V", "R1-25"),
    _row("R2-18/publish", "2", "工作日", ZCTL, "第50条", "T", "订立合同至公告合同", "V"),
    _row("R2-18/file", "7", "工作日", ZC, "第47条", "T", "订立合同至合同副本备案", "V"),
    _row("R2-19", "10", "%", ZCTL, "第48条", "B", "履约保证金占合同金额", "V", "R1-27"),
    _row("R2-19/form", None, "-", ZCTL, "第48条", "B", "履约保证金以非现金形式提交", "V"),
    _row("R2-19/supplement", "10", "%", ZC, "第49条", "B", "补充合同占原合同金额", "V"),
    _row("R2-20", "3", "工作日", ZCTL, "第52条", "T", "答复询问", "V"),
    _row("R2-21", "7", "工作日", ZC, "第52条", "R", "提出质疑的期限", "V"),
    _row("R2-22", None, "-", ZCTL, "第53条", "T", "知道权益受损之日", "V"),
    _row("R2-23", "5", "工作日", COMPLAINTS, "第21条", "T", "投诉受理前审查", "K"),
    _row("R2-24", "15", "年", ZC, "第42条", "B", "采购文件的保存期限", "V"),
    _row("R2-25", None, "-", ZCTL, "第18条", "W", "单位负责人为同一人或者有控股、管理关系的供应商同包投标", "V",
         "R1-36"),
    _row("R2-26", "5", "工作日", ZCTL, "第38条", "B", "单一来源公示", "V"),
    _row("R2-27", "3", "工作日", NT74, "第29条", "B", "谈判、询价响应时间", "V2"),
    _row("R2-28", "10", "日", NEGOTIATED, "第10条", "B", "竞争性磋商响应时间", "V2"),
    _row("R2-29", None, "-", ZC, "第27条", "B", "公开招标数额标准", "V"),
    _row("R2-30", None, "-", M87, "第64条", "B", "重新评审限于法定情形", "V"),
    _row("R2-31", None, "-", M87, "第31条", "B", "提供相同品牌产品的不同投标人按一家投标人计算，由一家代表", "V"),
    _row("R2-31/core", None, "-", M87, "第31条", "B", "核心产品在招标文件中载明", "V"),
    _row("R2-59", None, "-", M87, "第59条", "B", "报价前后不一致的按次序修正，修正后的报价经投标人确认", "V"),
)  # fmt: skip
RULES = RuleBook([*OWN, *(_shared(row) for row in WORKS.rows if not row.id.startswith(("R1-", "AW-")))])

CHALLENGES = "questions, challenges and complaints are put to the purchaser and the finance department themselves"
# Rules of §1.3 whose step this procedure has not: their rows are kept, nothing asks them; printed in docs/rules.md.
NOT_ASKED = {
    "R2-04/prequal": "prequalification",
    "R2-05": "prequalification",
    "R2-16/deliver": "the sealed report lies with the purchaser from the moment of its seal",
    "R2-19/supplement": "contracts are not changed here",
    "R2-20": CHALLENGES,
    "R2-21": CHALLENGES,
    "R2-22": CHALLENGES,
    "R2-23": CHALLENGES,
    "R2-24": "nothing is deleted here",
    "R2-26": "single source",
    "R2-27": "negotiation and inquiry",
    "R2-28": "consultation",
    "R2-29": "a table of each region, none is loaded",
    "R2-31/core": "which products are core is the purchaser's to say; the file prints those it names",
    "R2-30": "a sealed report is opened by nobody; before its seal the committee corrects under the same four causes",
}
# Article of the law of works, as shared rooms cite it → the one that says the same of government procurement.
_ZTB, _TL, _C12 = "招标投标法", "招标投标法实施条例", "评标委员会和评标方法暂行规定"
COUNTERPARTS = {
    f"{_ZTB} 第28条": f"{ZC} 第36条",  # too few suppliers
    f"{_ZTB} 第36条": f"{M87} 第41条",  # bids are opened and read out
    f"{_ZTB} 第37条": f"{M87} 第45条",  # who judges is checked, told the bidders and bound to discipline
    f"{_ZTB} 第37条、第44条": f"{M87} 第45条、第66条",
    f"{_ZTB} 第37条至第42条": f"{M87} 第44条至第66条",
    f"{_ZTB} 第38条": f"{M87} 第66条",  # the evaluation is secret
    f"{_ZTB} 第44条": f"{M87} 第66条",
    f"{_ZTB} 第40条": f"{ZCTL} 第41条",  # judged by the file's own standards, independently
    f"{_ZTB} 第42条": f"{ZC} 第36条",
    f"{_TL} 第22条、第54条": f"{ZC} 第57条",  # suspended
    f"{_TL} 第40条": f"{M87} 第37条",  # deemed collusion
    f"{_TL} 第44条": f"{M87} 第42条",  # the opening is recorded
    f"{_TL} 第46条": f"{M87} 第47条、第48条",  # the committee and its draw
    f"{_TL} 第48条": f"{M87} 第49条",  # an incomplete committee waits; who is replaced has said nothing
    f"{_TL} 第51条": f"{M87} 第63条",  # invalid bids
    f"{_TL} 第52条": f"{M87} 第51条",  # clarification
    f"{_TL} 第53条": f"{M87} 第61条",  # the report, dissent and who is deemed to agree
    "发改法规规〔2022〕1117号 (十三)": f"{M87} 第65条",  # a flawed tender file
    f"{_C12} 第9条": f"{M87} 第45条",  # the leader
    f"{_C12} 第21条": f"{M87} 第60条",  # abnormally low
    f"{_C12} 第27条": f"{ZC} 第36条",
}
