"""Numbers of the law for works under open tendering: domain.md §1.1, §1.2 and the parameters of §5, dated.

Looked up by the announcement date and region. `sure` is the mark of domain.md: V read in the official text, V2 in a
second one, K from knowledge, P a parameter of ours. A row ending in /… is a second number of the same rule.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.rules import Action, RuleBook, RuleRow

ZTB, TL, E20 = "招标投标法", "招标投标法实施条例", "电子招标投标办法"
ON = {
    ZTB: date(2000, 1, 1),
    TL: date(2012, 2, 1),
    E20: date(2013, 5, 1),
    "必须招标的工程项目规定": date(2018, 6, 1),
    "发改法规规〔2022〕1117号": date(2022, 9, 1),
    "国办发〔2024〕21号": date(2024, 5, 8),
    "工程建设项目施工招标投标办法": date(2003, 5, 1),
    "评标委员会和评标方法暂行规定": date(2001, 7, 5),
    "工程建设项目招标投标活动投诉处理办法": date(2004, 8, 1),
    "招标公告和公示信息发布管理办法": date(2018, 1, 1),
    "民法典": date(2021, 1, 1),
}


def _row(id: str, number: str | None, unit: str, law: str, place: str, action: Action, text: str, sure: str) -> RuleRow:
    value = None if number is None else Decimal(number)
    return RuleRow(id, value, unit, f"{law} {place}".strip(), action, text, sure, effective_from=ON[law])


MUST, D1117, G21 = "必须招标的工程项目规定", "发改法规规〔2022〕1117号", "国办发〔2024〕21号"
WORKS, C12, C11 = "工程建设项目施工招标投标办法", "评标委员会和评标方法暂行规定", "工程建设项目招标投标活动投诉处理办法"
N10 = "招标公告和公示信息发布管理办法"

RULES = RuleBook(
    [
        _row("R1-01", "400", "万元", MUST, "第5条", "W", "必须招标：施工单项合同估算价", "V2"),
        _row("R1-01/goods", "200", "万元", MUST, "第5条", "W", "必须招标：重要设备材料单项合同估算价", "V2"),
        _row("R1-01/services", "100", "万元", MUST, "第5条", "W", "必须招标：勘察设计监理单项合同估算价", "V2"),
        _row("R1-02", "200", "万元", MUST, "第2条", "W", "预算资金额", "V2"),
        _row("R1-02/share", "10", "%", MUST, "第2条", "W", "预算资金占投资额", "V2"),
        _row("R1-03", "30", "日", G21, "", "W", "招标计划先于招标公告发布", "K"),
        _row("R1-04", "5", "日", TL, "第16条", "B", "招标文件发售期", "V"),
        _row("R1-05", "5", "日", TL, "第17条", "B", "资格预审文件停止发售至申请截止", "V"),
        _row("R1-06", "20", "日", ZTB, "第24条", "B", "招标文件发出至投标截止", "V"),
        _row("R1-07", "15", "日", TL, "第21条", "X", "影响投标编制的澄清修改距投标截止", "V"),
        _row("R1-07/prequal", "3", "日", TL, "第21条", "X", "影响申请编制的澄清修改距申请截止", "V"),
        _row("R1-08", "10", "日", TL, "第22条", "R", "对招标文件的异议距投标截止", "V"),
        _row("R1-08/prequal", "2", "日", TL, "第22条", "R", "对资格预审文件的异议距申请截止", "V"),
        _row("R1-09", "3", "日", TL, "第22条、第54条", "B", "答复异议；答复前暂停", "V"),
        _row("R1-10", "3", "家", TL, "第44条", "B", "投标人不足的不得开标，重新招标", "V"),
        _row("R1-10/valid", "3", "家", C12, "第27条", "W", "有效投标不足的，评标委员会认定是否明显缺乏竞争", "K"),
        _row("CLARIFY-FIRST", None, "-", D1117, "(十三)", "B", "含义不明确或者可能低于成本的，先请投标人澄清", "V"),
        _row("FLAW", None, "-", D1117, "(十三)", "B", "招标文件有重大缺陷或者违反强制性规定的，停止评标", "V"),
        _row("CLERICAL", None, "-", D1117, "(十三)", "W", "仅有书写、格式等细微偏差的，不宜否决", "V"),
        _row("LOWPRICE-TIME", "30", "分钟", C12, "第21条", "B", "对报价作书面说明的时间不少于", "P"),
        _row("R1-11", "3", "家", TL, "第19条", "B", "通过资格预审的申请人", "V"),
        _row("R1-12", "3", "家", ZTB, "第17条", "B", "邀请招标的邀请对象", "V"),
        _row("R1-13", "2", "%", TL, "第26条", "B", "投标保证金占估算价", "V"),
        _row("R1-13/works", "80", "万元", WORKS, "第37条", "B", "施工投标保证金上限", "K"),
        _row("R1-14", "5", "日", TL, "第35条、第57条", "T", "退还投标保证金及利息", "V"),
        _row("R1-15", None, "-", TL, "第26条", "W", "现金或支票保证金应从基本账户转出", "V"),
        _row("R1-16", None, "-", TL, "第27条", "B", "不得规定最低投标限价；须明确最高投标限价或其计算方法", "V"),
        _row("R1-16/reference", None, "-", TL, "第50条", "W", "标底只作参考；以标底计价须记录依据", "V"),
        _row("R1-17", "5", "人", ZTB, "第37条", "B", "评标委员会人数，单数", "V"),
        _row("R1-17/experts", "2", "/3", ZTB, "第37条", "B", "技术经济专家占比", "V"),
        _row("R1-19", None, "-", TL, "第46条", "B", "专家从库中随机抽取；特殊项目直接确定须有理由", "V"),
        _row("POOL-SMALL", "3", "倍", TL, "第46条", "W", "每一名额可抽取的专家数", "P"),
        _row("INVITATION-LATE", "15", "分钟", TL, "第46条", "B", "专家答复抽取邀请的时限", "P"),
        _row("R1-20", None, "-", ZTB, "第37条", "B", "评委名单在中标结果确定前保密", "V"),
        _row("R1-21", "1", "/3", TL, "第48条", "X", "超过三分之一评委认为时间不够应延长", "V"),
        _row("R1-21/longer", "2", "小时", TL, "第48条", "X", "评标时间一次延长", "P"),
        _row("R1-22", "3", "家", TL, "第53条", "B", "中标候选人不超过，标明排序", "V"),
        _row("R1-23", "3", "日", TL, "第54条", "B", "中标候选人公示期", "V"),
        _row("R1-23/start", "3", "日", TL, "第54条", "T", "收到评标报告后公示", "V"),
        _row("R1-24", None, "-", TL, "第55条", "B", "国有资金项目排名第一的候选人中标", "V"),
        _row("R1-25", "30", "日", ZTB, "第46条", "W", "中标通知书发出至订立合同", "V"),
        _row("R1-26", "15", "日", ZTB, "第47条", "T", "确定中标人至书面报告", "V"),
        _row("R1-27", "10", "%", TL, "第58条", "B", "履约保证金占合同金额", "V"),
        _row("R1-28", "10", "日", TL, "第60条", "R", "投诉期限，答复时间不计", "V"),
        _row("R1-29", "3", "工作日", TL, "第61条", "T", "受理投诉", "V"),
        _row("R1-29/decide", "30", "工作日", TL, "第61条", "T", "处理投诉", "V"),
        _row("R1-30", None, "-", TL, "第44条", "B", "对开标的异议当场提出，当场答复并记录", "V"),
        _row("R1-30/spot", "10", "分钟", TL, "第44条", "B", "唱标后仍视为开标现场的时间", "P"),
        _row("R1-31", "7", "日", C12, "第40条", "T", "投标有效期内评标定标，提前提醒", "K"),
        _row("R1-32", None, "-", D1117, "(二)", "B", "不得以抽签摇号抓阄确定投标人、候选人或中标人", "V"),
        _row("R1-33", None, "-", E20, "第20条", "B", "下载招标文件前不得设报名等前置条件", "V"),
        _row("R1-34", None, "-", N10, "第6条", "B", "候选人公示内容", "K"),
        _row("R1-35", None, "-", C11, "第12条", "R", "投诉不予受理的情形", "K"),
        _row("R1-36", None, "-", TL, "第34条", "W", "关联单位同标段投标，与招标人有利害关系", "V"),
        _row("R1-37", None, "-", TL, "第5条", "B", "交易平台不行使审批监管权，不从事代理", "V"),
        _row("E-01", None, "-", E20, "第26条", "R", "未加密的投标文件拒收并提示", "V"),
        _row("E-02", None, "-", E20, "第27条", "R", "截止时间前未完成传输视为撤回，截止后拒收", "V"),
        _row("E-03", None, "-", E20, "第27条", "B", "即时回执；截止前不得解密提取", "V"),
        _row("E-04", None, "-", E20, "第31条", "W", "解密失败：投标人原因视为撤销，其他原因视为撤回", "V"),
        _row("E-05", None, "-", E20, "第32条", "T", "开标记录公布", "V"),
        _row("E-05/sign", "60", "分钟", E20, "第32条", "T", "开标记录签字确认的时间，到期未签的投标人视为认可", "P"),
        _row("E-06", None, "-", E20, "第33条", "B", "评标在有效监控和保密的环境中在线进行", "V"),
        _row("SITTING-TIME", "2", "小时", E20, "第33条", "B", "评委可在评标开始前登录的时间", "P"),
        _row("AV-CAMERA", "5", "分钟", E20, "第33条", "W", "评标过程中评委摄像头关闭不超过", "P"),
        _row("AV-RECORD", None, "-", E20, "第33条", "W", "建议评标全程录音录像", "P"),
        _row("AV-RECORD/gap", "2", "分钟", E20, "第33条", "W", "席位最近一段录像距今超过即视为未在录制", "P"),
        # How long a seat, a venue, a start or an interruption may be out (domain.md §4): every number is a parameter.
        _row("ENTRY-DOOR", "5", "分钟", E20, "第33条", "B", "评标开始后入场通道关闭，迟到须经场地确认", "P"),
        _row("SEAT-CODE", "10", "分钟", E20, "第33条", "B", "工位激活码有效时间；限定本工位终端", "P"),
        _row("LINE-LOST", "30", "秒", E20, "第33条", "T", "评委终端心跳中断超过即为离线", "P"),
        _row("SEAT-AWAY", "10", "分钟", E20, "第33条", "W", "单个工位离线或离席超过即报警", "P"),
        _row("SITE-OUT", "30", "分钟", E20, "第33条", "T", "整个场地掉线超过即暂停评标", "P"),
        _row("START-WAIT", "2", "小时", E20, "第33条", "B", "评标开始的等待时间", "P"),
        _row("HALT-LONG", "4", "小时", E20, "第33条", "B", "评标中断的等待时间", "P"),
        _row("NIGHT-LONG", "72", "小时", E20, "第33条", "B", "隔夜封存的最长时间", "P"),
        _row("E-07", None, "-", E20, "第33条、第39条", "B", "澄清、异议和答复通过平台", "V"),
        _row("E-08", None, "-", E20, "第40条", "T", "电子签名并存档", "V"),
        _row("E-09", None, "-", E20, "第49条", "T", "记录操作时间、网络地址、人员", "V"),
        _row("E-10", None, "-", E20, "第7条、第48条、第52条", "T", "监督通道", "V"),
        _row("E-11", None, "-", E20, "第62条", "W", "纸质与数据电文不一致以数据电文为准", "V"),
        _row("E-12", None, "-", E20, "第21条、第56条", "B", "不得泄露下载者的名称和数量", "V"),
        _row("E-13", None, "-", E20, "第23条", "B", "平台运营机构及其控股管理关系单位不得投标", "V"),
        # The platform's own duties around a deadline: every number is a parameter.
        _row("CLOCK-OFFSET", "1", "秒", E20, "第13条、第27条", "W", "平台时间与国家标准时间之差不超过", "P"),
        _row("OUTAGE", "30", "分钟", E20, "第12条、第29条", "B", "投标截止前和签到期间平台中断的，招标人先作决定", "P"),
        _row("OUTAGE/gap", "90", "秒", E20, "第12条、第29条", "B", "平台心跳间隔超过即为中断", "P"),
        _row("POSTPONE", "2", "小时", E20, "第22条、第29条", "B", "新的投标截止时间距决定之时", "P"),
        _row("CAL-01", None, "-", "民法典", "第203条", "W", "期限进入未公布放假安排的年份，为暂定", "V"),
        # 评定分离 stands on policy and local rules: every number is a parameter (domain.md §5).
        _row("AW-01", None, "-", G21, "", "B", "评定分离须有依据文件和定标方案", "P"),
        _row("AW-02", "5", "人", G21, "", "B", "定标委员会人数，单数", "P"),
        _row("AW-03", "1.5", "倍", G21, "", "B", "定标委员备选库对委员会人数", "P"),
        _row("AW-04", "2", "人", G21, "", "B", "定标监督小组人数", "P"),
        _row("AW-05", "10", "日", G21, "", "T", "评标报告至定标", "P"),
        _row("REMOTE-SHARE", "1", "/3", G21, "", "B", "远程异地评标副场专家占比", "P"),
        _row("FILE-01", None, "-", ZTB, "第19条", "B", "招标文件应当载明的内容", "V"),
        _row("FILE-02", None, "-", ZTB, "第19条", "W", "评标办法对试算报价应能得出分数", "P"),
    ]
)

# Rules of §1.1 whose step this procedure has not: their rows are kept, nothing asks them; printed in docs/rules.md.
NOT_ASKED = {
    "R1-05": "prequalification",
    "R1-07/prequal": "prequalification",
    "R1-08/prequal": "prequalification",
    "R1-11": "prequalification",
    "R1-12": "invited tendering",
    "R1-28": "complaints go to the regulator itself",
    "R1-29": "complaints go to the regulator itself",
    "R1-29/decide": "complaints go to the regulator itself",
    "R1-35": "complaints go to the regulator itself",
}
COUNTERPARTS: dict[str, str] = {}  # its law is the one the rooms cite
