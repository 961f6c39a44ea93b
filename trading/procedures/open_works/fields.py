"""What a works tender under open tendering must state, and what stands in its file when nobody changes it."""

from __future__ import annotations

from trading.award.methods import METHODS

CATEGORIES = ("A01 房建", "A02 市政", "A08 施工", "A09 其他工程")
KIND = "works"

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

AWARD_METHODS = METHODS

# The straight road of a case, for the line of stations; the award meeting only where evaluation and award are separate.
ROAD = (
    "PLANNED", "PLAN_PUBLIC", "REGISTERED", "DRAFTING", "ANNOUNCED", "SEALED", "OPENING", "OPENED", "COMMITTEE_SET",
    "EVALUATING", "EVALUATED", "AWARD_MEETING", "AWARDED_DRAFT", "CANDIDATE_PUBLIC", "WINNER_SET", "NOTIFIED",
    "CONTRACTED", "REPORTED", "ARCHIVED",
)  # fmt: skip
