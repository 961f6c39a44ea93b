"""What a works tender under open tendering must state, and what stands in its file when nobody changes it."""

from __future__ import annotations

from collections.abc import Mapping

from trading.award.methods import METHODS

REGIME = "R1"
CATEGORIES = ("A01 房建", "A02 市政", "A08 施工", "A09 其他工程")
BRANDS = False  # whether bids of one brand count as one bidder
BUDGET_LIMITS = False  # whether a price above the estimate can be refused where there is no ceiling
LOSERS_BACK = "CONTRACTED"  # the state from which the bonds of those who did not win are owed back


def kind(category: str) -> str:
    return "works"


# How papers of this procedure call people and things; `ROLES` are the words of its pages where they differ.
TERMS: Mapping[str, str] = {
    "tenderer": "招标人", "agency": "招标代理机构", "self": "自行招标", "plan": "招标计划", "planned": "招标计划",
    "registration": "招标项目登记表", "notice": "招标公告", "file": "招标文件", "result": "中标结果公告",
    "failure": "流标公告", "failed": "流标原因", "termination": "终止招标公告", "method": "招标方式", "lot": "标段",
    "estimate": "合同估算价", "approval": "立项批文号", "duration": "工期", "grounds": "否决条款",
    "evaluation": "综合评估法", "owner_money": "国有资金",
    "conditions": "本招标项目 {name} 已由 {approval} 批准建设，招标人为 {owner}，资金来源为{money}，"
                  "现采用公开招标方式，资格后审。",
    "objections": "潜在投标人对招标文件有异议的，应在投标截止时间10日前通过交易平台提出。",
    "examined": "", "bond": "转账、支票、现金应从投标人基本账户转出，于投标截止时间前到账",
    "rejection": "除下列情形外，评标委员会不得否决投标。",
    "winner": "评标委员会推荐不超过 {most} 名有排序的中标候选人，招标人确定排名第一的中标候选人为中标人。",
    "media": "中国招标投标公共服务平台、湖北省公共资源交易平台",
}  # fmt: skip
ROLES: Mapping[str, str] = {}

# Text sections of the tender file: key → (heading, words when the editor leaves it as it is).
SECTIONS: dict[str, tuple[str, str]] = {
    "scope": ("招标范围", "本标段施工图纸、工程量清单范围内的全部工作内容。"),
    "qualification": (
        "投标人资格要求",
        "具有独立承担民事责任的能力和本工程所需的施工资质、有效的安全生产许可证；拟派项目负责人具有相应专业注册建造师"
        "执业资格和安全生产考核合格证书；不存在法律法规禁止投标的情形。",
    ),
    "quality": ("质量要求", "符合国家现行工程施工质量验收规范，达到合格标准。"),
    "components": (
        "投标文件组成",
        "投标函及附录、授权委托书、资格审查资料、已标价工程量清单、施工组织设计、开标一览表。",
    ),
    "remedy": (
        "解密失败的补救方案",
        "因投标人原因未能解密的，视为撤销其投标文件；因投标人之外的原因未能解密的，视为撤回其投标文件。"
        "其他投标人的开标继续进行。",
    ),
    "contract": ("合同主要条款", "采用国家发布的标准施工招标文件中的通用合同条款，专用条款见附件。"),
}
# Parts of a bid where the tenderer writes none: what a new file's editor begins with.
COMPONENTS: tuple[dict[str, object], ...] = (
    {"id": "letter", "name": "投标函及附录", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "authority", "name": "授权委托书", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "qualification", "name": "资格审查资料", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "priced_bill", "name": "已标价工程量清单", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "plan", "name": "施工组织设计", "required": True, "format": "pdf", "most_mb": 0},
    {"id": "consortium", "name": "联合体协议书", "required": False, "format": "pdf", "most_mb": 0},
)
REQUIRED_SECTIONS = ("scope", "qualification", "quality", "components", "contract")

# domain.md §3.1; the committee judges each pass or fail with a page. A clerical item warns before it rejects.
PRELIMINARY: tuple[dict[str, str | bool], ...] = (
    {"id": "F1", "part": "形式评审", "name": "投标人名称与营业执照、资质证书一致"},
    {"id": "F2", "part": "形式评审", "name": "投标函签字盖章"},
    {"id": "F3", "part": "形式评审", "name": "投标文件格式", "clerical": True},
    {"id": "F4", "part": "形式评审", "name": "报价唯一，无未允许的备选方案"},
    {"id": "Q1", "part": "资格评审", "name": "营业执照与资质等级"},
    {"id": "Q2", "part": "资格评审", "name": "安全生产许可证"},
    {"id": "Q3", "part": "资格评审", "name": "财务状况、类似业绩与信誉"},
    {"id": "Q4", "part": "资格评审", "name": "项目负责人资格"},
    {"id": "Q5", "part": "资格评审", "name": "不存在禁止投标的情形"},
    {"id": "R1", "part": "响应性评审", "name": "投标内容、工期、质量"},
    {"id": "R2", "part": "响应性评审", "name": "投标有效期与投标保证金"},
    {"id": "R3", "part": "响应性评审", "name": "权利义务与技术标准"},
    {"id": "R4", "part": "响应性评审", "name": "已标价清单，报价不超过最高投标限价"},
)

# 实施条例 art. 51: the seven causes, always printed; a file may add its own under 否决条款. `clarify`: the bidder is
# asked first (1117号 art. 13); a price above the ceiling alone needs no question.
REJECT_GROUNDS: tuple[dict[str, str | bool], ...] = (
    {"id": "TL51-1", "text": "投标文件未经投标单位盖章和单位负责人签字"},
    {"id": "TL51-2", "text": "投标联合体没有提交共同投标协议"},
    {"id": "TL51-3", "text": "投标人不符合国家或者招标文件规定的资格条件"},
    {"id": "TL51-4", "text": "同一投标人提交两个以上不同的投标文件或者投标报价，但招标文件要求提交备选投标的除外"},
    {"id": "TL51-5", "text": "投标报价低于成本或者高于招标文件设定的最高投标限价", "clarify": True},
    {"id": "TL51-6", "text": "投标文件没有对招标文件的实质性要求和条件作出响应"},
    {"id": "TL51-7", "text": "投标人有串通投标、弄虚作假、行贿等违法行为"},
)

BY_RULE: Mapping[str, str] = {}  # what makes a bid invalid by itself, without a vote
UNREADABLE = "TL51-6"  # a bid whose price could not be read goes to a vote by itself

# Examined by the tenderer before the evaluation: nothing, the committee reviews it (资格后审).
QUALIFICATION: tuple[dict[str, str], ...] = ()

# Where an author begins: a slope measured from the mean, two criteria.
START: Mapping[str, object] = {
    "method": "综合评估法",
    "price": {
        "full": "100", "weight": "0.5", "benchmark": {"terms": [{"of": "mean", "weight": "1"}]},
        "curve": {"kind": "slope", "above_per_pct": "2", "below_per_pct": "1", "below_adds": False, "step": "none"},
        "score_round": 2, "floor": "0", "cap": "100",
    },
    "criteria": [
        {"id": "plan", "name": "施工组织设计", "max": "100", "weight": "0.3"},
        {"id": "credit", "name": "业绩与信誉", "max": "100", "weight": "0.2"},
    ],
    "total_round": 2,
    "ties": ["price"],
}  # fmt: skip
AWARD_METHODS = METHODS

# The straight road of a case, for the line of stations; the award meeting only where evaluation and award are separate.
ROAD = (
    "PLANNED", "PLAN_PUBLIC", "REGISTERED", "DRAFTING", "ANNOUNCED", "SEALED", "OPENING", "OPENED", "COMMITTEE_SET",
    "EVALUATING", "EVALUATED", "AWARD_MEETING", "AWARDED_DRAFT", "CANDIDATE_PUBLIC", "WINNER_SET", "NOTIFIED",
    "CONTRACTED", "REPORTED", "ARCHIVED",
)  # fmt: skip
