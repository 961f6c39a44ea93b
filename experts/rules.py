"""Who may be admitted to the pool, and who of it may be drawn for a tender. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.money import D
from core.rules import Breach, RuleBook, RuleRow
from experts.facts import Avoid, Employment, ExpertFacts

ZTB, ZCTL, SINCE = "招标投标法", "政府采购法实施条例", date(2015, 3, 1)
RULES = RuleBook(
    [
        RuleRow("R1-18", D(8), "年", f"{ZTB} 第37条", "B", "从事相关领域工作年限"),
        RuleRow("R1-18-LEVEL", None, "-", f"{ZTB} 第37条", "B", "高级职称或者同等专业水平"),
        RuleRow("AVOID-FORMER", D(3), "年", f"{ZCTL} 第9条", "B", "与供应商劳动关系的回避年限", effective_from=SINCE),
    ]
)

# rule → article: why someone of the pool is left out of a draw; the order is the order of asking
EXCLUSIONS = {
    "POOL-STATE": "评标专家和评标专家库管理办法",
    "AVOID-PERSON": "招标投标法 第37条",
    "AVOID-BIDDER": "招标投标法 第37条",
    "AVOID-TENDERER": "政府采购货物和服务招标投标管理办法 第47条",
    "AVOID-AGENCY": "招标投标法 第37条",
    "AVOID-REGULATOR": "招标投标法实施条例 第46条",
    "AVOID-FORMER": "政府采购法实施条例 第9条",
}


def admission(years: int, level: str, day: date, region: str = "") -> list[Breach]:
    """R1-18: eight full years in the field, and 高级职称 or an equal level."""
    book = RULES.at(day, region)
    least, title = book["R1-18"], book["R1-18-LEVEL"]
    found = [] if years >= least.number else [least.breach(years, field="years")]
    return found if level in ("senior", "equal") else [*found, title.breach(level, required="senior", field="level")]


def years_later(day: date, years: int) -> date:
    """The same day `years` later; 29 February ends on 28 February (民法典 art. 202: the month's last day)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def still_counts(job: Employment, day: date, years: int) -> bool:
    """The day of leaving is not counted; the same date `years` later is the last day of the term (民法典 201, 202)."""
    return job.until is None or day <= years_later(job.until, years)


def exclusion(expert: ExpertFacts, avoid: Avoid, day: date) -> str | None:
    """The first rule that keeps this expert out of a draw on `day`, or None."""
    years = RULES.at(day)["AVOID-FORMER"].number
    now, anyone = expert.employer_uscc, avoid.bidders | avoid.tenderers | avoid.agencies | avoid.regulators
    former = {job.uscc for job in expert.employments if still_counts(job, day, years)}
    asked = {
        "POOL-STATE": expert.state != "active",
        "AVOID-PERSON": bool({expert.id, expert.id_hash} & avoid.persons),
        "AVOID-BIDDER": now in avoid.bidders,
        "AVOID-TENDERER": now in avoid.tenderers,
        "AVOID-AGENCY": now in avoid.agencies,
        "AVOID-REGULATOR": now in avoid.regulators,
        "AVOID-FORMER": bool(former & anyone),
    }
    return next((rule for rule, holds in asked.items() if holds), None)


def matches(own: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The wanted speciality codes that `own` fall under: A080104 is of A0801 (发改法规〔2018〕316号 is a tree)."""
    return [code for code in wanted if any(one.startswith(code) for one in own)]
