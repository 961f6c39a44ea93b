"""What an open tender of government procurement must state, and what stands in its file when nobody changes it."""

from __future__ import annotations

from collections.abc import Mapping

from trading.award.methods import METHODS

REGIME = "R2"
CATEGORIES = ("D01 货物", "D02 服务")
BRANDS = True  # whether bids of one brand count as one bidder (87号令 art. 31)
BUDGET_LIMITS = True  # whether a price above the estimate can be refused where there is no ceiling
LOSERS_BACK = "NOTIFIED"  # the state from which the bonds of those who did not win are owed back


def kind(category: str) -> str:
    """Goods or services: the least weight of the price differs (R2-14)."""
    return "services" if category.startswith("D02") else "goods"


# How papers and pages of this procedure call people and things; the words of pages are message ids.
TERMS: Mapping[str, str] = {
    "tenderer": "采购人", "agency": "采购代理机构", "self": "自行采购", "plan": "采购意向", "planned": "采购意向公开",
    "registration": "采购项目登记表", "notice": "公开招标公告", "file": "招标文件", "result": "中标公告",
    "failure": "废标公告", "failed": "废标原因", "termination": "终止采购公告", "method": "采购方式", "lot": "采购包",
    "estimate": "预算金额", "approval": "采购计划备案号", "duration": "交货（服务）期", "grounds": "投标无效条款",
    "evaluation": "综合评分法", "owner_money": "财政性资金",
    "conditions": "{name} 的采购计划已经备案（{approval}），采购人为 {owner}，资金来源为{money}，"
                  "预算金额 {estimate}，"
                  "现采用公开招标方式，投标人资格由采购人或者采购代理机构在开标后审查。",
    "objections": "供应商认为招标文件使自己的权益受到损害的，可以在知道或者应当知道之日起7个工作日内，"
                  "以书面形式向采购人、采购代理机构提出质疑。",
    "examined": "开标后由采购人或者采购代理机构审查，不由评标委员会审查；合格投标人不足3家的，不得评标。",
    "bond": "以非现金形式提交，于投标截止时间前到账",
    "rejection": "有下列情形之一的，投标无效。资格不合格的，由采购人或者采购代理机构在评标前认定。",
    "winner": "评标委员会推荐不超过 {most} 名有排序的中标候选人，"
              "采购人自收到评标报告之日起5个工作日内按顺序确定中标人。",
    "media": "中国政府采购网、湖北省政府采购网",
}  # fmt: skip
ROLES: Mapping[str, str] = {"tenderer": "purchaser", "agency": "procurement agency", "regulator": "finance department"}

# Text sections of the tender file: key → (heading, words when the editor leaves it as it is).
SECTIONS: dict[str, tuple[str, str]] = {
    "scope": ("采购需求", "采购标的的名称、数量、技术规格、服务标准和验收标准见采购需求清单，所列各项均须响应。"),
    "qualification": (
        "投标人资格要求",
        "满足《中华人民共和国政府采购法》第二十二条规定；单位负责人为同一人或者存在直接控股、管理关系的不同供应商，"
        "不得参加同一合同项下的政府采购活动；未被列入失信被执行人、重大税收违法失信主体、政府采购严重违法失信行为记录名单。",
    ),
    "policy": (
        "落实政府采购政策",
        "小微企业、本国产品的价格扣除按本文件评标办法执行；扣除后的价格只用于评审，合同价格以投标报价为准。",
    ),
    "quality": ("质量与验收", "符合国家有关标准和采购需求，由采购人按合同约定组织履约验收。"),
    "components": ("投标文件组成", "投标函、授权委托书、资格证明文件、开标一览表及分项报价表、技术和商务响应文件。"),
    "remedy": (
        "解密失败的补救方案",
        "因投标人原因未能解密的，视为撤销其投标文件；因投标人之外的原因未能解密的，视为撤回其投标文件。"
        "其他投标人的开标继续进行。",
    ),
    "contract": ("合同主要条款", "采购人与中标人按招标文件和投标文件订立合同，所签合同不得作实质性修改。"),
}
COMPONENTS: tuple[dict[str, object], ...] = (
    {"id": "letter", "name": "投标函", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "authority", "name": "授权委托书", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "qualification", "name": "资格证明文件", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "prices", "name": "开标一览表及分项报价表", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "response", "name": "技术和商务响应文件", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "small_firm", "name": "中小企业声明函", "required": False, "format": "pdf", "most_mb": 0},
    {"id": "consortium", "name": "联合体协议书", "required": False, "format": "pdf", "most_mb": 0},
)
REQUIRED_SECTIONS = ("scope", "qualification", "policy", "quality", "components", "contract")

# Examined by the purchaser or its agency after the opening, never by the committee (87号令 art. 44).
QUALIFICATION: tuple[dict[str, str], ...] = (
    {"id": "Q1", "name": "具有独立承担民事责任的能力"},
    {"id": "Q2", "name": "具有良好的商业信誉和健全的财务会计制度"},
    {"id": "Q3", "name": "具有履行合同所必需的设备和专业技术能力"},
    {"id": "Q4", "name": "有依法缴纳税收和社会保障资金的良好记录"},
    {"id": "Q5", "name": "参加政府采购活动前三年内，在经营活动中没有重大违法记录"},
    {"id": "Q6", "name": "法律、行政法规和招标文件规定的其他条件"},
)
# Conformity (符合性审查): the committee judges each pass or fail with a page; nothing of the bidder's qualification.
PRELIMINARY: tuple[dict[str, str | bool], ...] = (
    {"id": "C1", "part": "符合性审查", "name": "投标文件按招标文件要求签署、盖章"},
    {"id": "C2", "part": "符合性审查", "name": "按招标文件规定提交投标保证金"},
    {"id": "C3", "part": "符合性审查", "name": "报价未超过预算金额或者最高限价"},
    {"id": "C4", "part": "符合性审查", "name": "满足招标文件的全部实质性要求"},
    {"id": "C5", "part": "符合性审查", "name": "没有采购人不能接受的附加条件"},
)

# 87号令 art. 63, without its third (qualification is not the committee's), and art. 37.
REJECT_GROUNDS: tuple[dict[str, str | bool], ...] = (
    {"id": "M87-63-1", "text": "未按照招标文件的规定提交投标保证金"},
    {"id": "M87-63-2", "text": "投标文件未按招标文件要求签署、盖章"},
    {"id": "M87-63-4", "text": "报价超过招标文件中规定的预算金额或者最高限价"},
    {"id": "M87-63-5", "text": "投标文件含有采购人不能接受的附加条件"},
    {"id": "M87-63-6", "text": "法律、法规和招标文件规定的其他无效情形"},
    {"id": "M87-37", "text": "有视为投标人串通投标的情形"},
)
# What makes a bid invalid by itself, without a vote: art. 31 and 59.
BY_RULE: Mapping[str, str] = {
    "M87-31": "提供相同品牌产品的投标人中，未被确定参加评标",
    "M87-59": "报价修正后，投标人未在规定时间内确认",
}  # fmt: skip
UNREADABLE = "M87-63-6"  # a bid whose price could not be read goes to a vote by itself

# Where an author begins: the lowest price first, the offer scored beside it.
START: Mapping[str, object] = {
    "method": "综合评分法",
    "price": {
        "full": "30", "weight": "1", "benchmark": {"terms": [{"of": "lowest", "weight": "1"}]},
        "curve": {"kind": "ratio"}, "deductions": {"small_firm": "0.10"}, "score_round": 2,
    },
    "criteria": [
        {"id": "technical", "name": "技术响应", "max": "50", "weight": "1"},
        {"id": "service", "name": "售后服务方案", "max": "20", "weight": "1"},
    ],
    "total_round": 2,
    "ties": ["price"],
}  # fmt: skip
AWARD_METHODS = METHODS

# The straight road of a case, for the line of stations.
ROAD = (
    "PLANNED", "PLAN_PUBLIC", "REGISTERED", "DRAFTING", "ANNOUNCED", "SEALED", "OPENING", "OPENED", "QUALIFIED",
    "COMMITTEE_SET", "EVALUATING", "EVALUATED", "AWARDED_DRAFT", "NOTIFIED", "CONTRACTED", "REPORTED", "ARCHIVED",
)  # fmt: skip
