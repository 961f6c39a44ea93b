"""The life of a works tender under open tendering (domain.md §2.1) as rows."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row
from trading.project.facts import Period

T, A, B, C, R = Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.CENTRE, Role.REGULATOR
ZTB, TL, E20 = "招标投标法", "招标投标法实施条例", "电子招标投标办法"

LIVE = (
    "PLANNED", "PLAN_PUBLIC", "REGISTERED", "DRAFTING", "ANNOUNCED", "SEALED", "OPENING", "OPENED", "COMMITTEE_SET",
    "EVALUATING", "EVALUATED", "AWARD_MEETING", "AWARDED_DRAFT", "CANDIDATE_PUBLIC", "WINNER_SET",
)  # fmt: skip


def objections(state: str, article: str) -> tuple[Row, ...]:
    """Raised, taken back, prepared and answered where objections stand; none of it moves the case."""
    acts = (("raise", (B,)), ("withdraw", (B,)), ("prepare", (T, A)), ("answer", (T,)))
    return tuple(Row(state, f"objection.{act}", state, who, f"{TL} {article}", forward=False) for act, who in acts)


# What may still be done while an objection waits for its answer is marked forward=False.
MACHINE = Machine(
    "PLANNED",
    [
        Row("PLANNED", "project.edit", "PLANNED", (T, A), forward=False),
        Row("PLANNED", "lot.add", "PLANNED", (T, A)),
        Row("PLANNED", "plan.publish", "PLAN_PUBLIC", (T,), "国办发〔2024〕21号", "plan"),
        Row("PLAN_PUBLIC", "project.register", "REGISTERED", (T, A), f"{ZTB} 第9条", "registration"),
        Row("REGISTERED", "file.compile", "DRAFTING", (T, A), f"{ZTB} 第19条"),
        Row("DRAFTING", "file.save", "DRAFTING", (T, A), f"{ZTB} 第19条", forward=False),
        Row("DRAFTING", "file.bill", "DRAFTING", (T, A), f"{ZTB} 第19条", forward=False),
        Row("DRAFTING", "reference.seal", "DRAFTING", (T,), f"{TL} 第27条"),
        Row("DRAFTING", "tender.issue", "ANNOUNCED", (T,), f"{ZTB} 第16条、第24条", "notice"),
        Row("ANNOUNCED", "reference.seal", "ANNOUNCED", (T,), f"{TL} 第27条"),
        Row("ANNOUNCED", "file.fetch", "ANNOUNCED", (B,), f"{E20} 第20条", forward=False),
        Row("ANNOUNCED", "question.ask", "ANNOUNCED", (B,), f"{E20} 第33条", forward=False),
        *objections("ANNOUNCED", "第22条"),
        Row("ANNOUNCED", "tender.clarify", "ANNOUNCED", (T, A), f"{TL} 第21条", "clarification", forward=False),
        Row("ANNOUNCED", "bid.submit", "ANNOUNCED", (B,), f"{E20} 第25条至第27条", "receipt", forward=False),
        Row("ANNOUNCED", "bond.lodge", "ANNOUNCED", (B,), f"{TL} 第26条", forward=False),
        Row("ANNOUNCED", "bid.withdraw", "ANNOUNCED", (B,), f"{E20} 第27条", forward=False),
        Row("ANNOUNCED", "opening.signin", "ANNOUNCED", (B,), f"{E20} 第29条", forward=False),
        Row("ANNOUNCED", "deadline.decide", "ANNOUNCED", (T,), f"{E20} 第12条、第29条", "postponement", forward=False),
        Row("ANNOUNCED", "tender.deadline", "SEALED", (), f"{ZTB} 第28条"),
        Row("ANNOUNCED", "tender.deadline", "FAILED", (), f"{ZTB} 第28条"),
        Row("SEALED", "opening.signin", "SEALED", (B,), f"{E20} 第29条", forward=False),
        Row("SEALED", "tender.deadline", "FAILED", (), f"{ZTB} 第28条"),
        Row("SEALED", "opening.attendance", "FAILED", (), f"{TL} 第44条"),
        Row("SEALED", "deadline.decide", "SEALED", (T,), f"{E20} 第12条、第29条", forward=False),
        Row("SEALED", "deadline.decide", "ANNOUNCED", (T,), f"{E20} 第12条、第29条", "postponement", forward=False),
        Row("SEALED", "deadline.decide", "FAILED", (T,), f"{ZTB} 第28条"),
        Row("SEALED", "opening.begin", "OPENING", (C, A), f"{ZTB} 第34条"),
        Row("OPENING", "opening.signin", "OPENING", (B,), f"{E20} 第29条", forward=False),
        Row("OPENING", "opening.unlock", "OPENING", (B,), f"{E20} 第30条", forward=False),
        Row("OPENING", "reference.unlock", "OPENING", (T,), f"{TL} 第50条", forward=False),
        Row("OPENING", "opening.extend", "OPENING", (C, A), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.suspend", "OPENING", (C, A, R), f"{E20} 第7条、第48条、第52条", forward=False),
        Row("OPENING", "opening.resume", "OPENING", (C, A, R), f"{E20} 第7条、第48条、第52条", forward=False),
        Row("OPENING", "opening.report_failure", "OPENING", (B,), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.check", "OPENING", (C, A), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.compare", "OPENING", (), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.decide", "OPENING", (C, A), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.release", "OPENING", (T, C, R), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.object", "OPENING", (B,), f"{TL} 第44条", forward=False),
        Row("OPENING", "opening.answer", "OPENING", (T, A), f"{TL} 第44条", forward=False),
        Row("OPENING", "opening.close", "OPENING", (C, A), f"{E20} 第30条"),
        Row("OPENING", "opening.settle", "OPENED", (), f"{E20} 第32条", "opening_record"),
        Row("OPENING", "opening.close", "FAILED", (C, A), f"{TL} 第44条"),
        Row("OPENING", "opening.settle", "FAILED", (), f"{TL} 第44条"),
        Row("OPENED", "opening.object", "OPENED", (B,), f"{TL} 第44条", forward=False),
        Row("OPENED", "opening.answer", "OPENED", (T, A), f"{TL} 第44条", forward=False),
        *(
            Row(state, "opening.withhold", state, (R,), f"{E20} 第32条", forward=False)
            for state in ("OPENED", "COMMITTEE_SET", "EVALUATING", "EVALUATED")  # until it is published
        ),
        Row("OPENED", "coefficient.freeze", "OPENED", (T, A, C), f"{ZTB} 第40条"),
        Row("OPENED", "committee.set", "COMMITTEE_SET", (), f"{ZTB} 第37条", "draw_record"),
        Row("COMMITTEE_SET", "coefficient.freeze", "COMMITTEE_SET", (T, A, C), f"{ZTB} 第40条"),
        Row("COMMITTEE_SET", "evaluation.begin", "EVALUATING", (), f"{ZTB} 第38条"),
        Row("COMMITTEE_SET", "committee.void", "OPENED", (), f"{TL} 第48条"),
        Row("EVALUATING", "report.accept", "EVALUATED", (), f"{ZTB} 第40条", "evaluation_report"),
        Row("EVALUATING", "report.accept", "FAILED", (), f"{ZTB} 第42条", "evaluation_report"),
        Row("EVALUATING", "flaw.answer", "EVALUATING", (T, A), "发改法规规〔2022〕1117号 (十三)"),
        Row("EVALUATING", "flaw.answer", "FAILED", (T, A), "发改法规规〔2022〕1117号 (十三)", "failure_notice"),
        Row("EVALUATING", "committee.void", "OPENED", (), f"{TL} 第48条"),
        Row("EVALUATED", "award.open", "AWARD_MEETING", (T,), "国办发〔2024〕21号"),
        Row("AWARD_MEETING", "award.conclude", "AWARDED_DRAFT", (), "国办发〔2024〕21号", "award_report"),
        Row("AWARDED_DRAFT", "candidates.publish", "CANDIDATE_PUBLIC", (T, A), f"{TL} 第54条", "candidate_notice"),
        Row("EVALUATED", "candidates.publish", "CANDIDATE_PUBLIC", (T, A), f"{TL} 第54条", "candidate_notice"),
        *objections("CANDIDATE_PUBLIC", "第54条"),
        Row("CANDIDATE_PUBLIC", "award.redo", "AWARD_MEETING", (T,), f"{TL} 第54条、第55条"),
        Row("CANDIDATE_PUBLIC", "candidates.withdraw", "EVALUATED", (T,), f"{TL} 第54条、第55条"),
        Row("CANDIDATE_PUBLIC", "candidates.fail", "FAILED", (T,), f"{TL} 第55条"),
        Row("CANDIDATE_PUBLIC", "result.publish", "WINNER_SET", (T, A), f"{TL} 第54条、第55条", "result_notice"),
        Row("WINNER_SET", "contract.report", "WINNER_SET", (T, A), f"{ZTB} 第47条", forward=False),
        Row("WINNER_SET", "award.notify", "NOTIFIED", (T,), f"{ZTB} 第45条", "award_notice"),
        Row("NOTIFIED", "contract.report", "NOTIFIED", (T, A), f"{ZTB} 第47条", forward=False),
        Row("NOTIFIED", "contract.sign", "CONTRACTED", (T,), f"{ZTB} 第46条"),
        Row("NOTIFIED", "contract.sign", "REPORTED", (T,), f"{ZTB} 第46条"),
        Row("CONTRACTED", "contract.report", "REPORTED", (T, A), f"{ZTB} 第47条"),
        Row("REPORTED", "case.archive", "ARCHIVED", (C,), f"{E20} 第40条"),
        Row("FAILED", "project.retender", "REGISTERED", (T, A), f"{ZTB} 第28条、第42条"),
        *(Row(state, "project.terminate", "TERMINATED", (T,), f"{TL} 第31条", "termination") for state in LIVE),
        Row("FAILED", "project.terminate", "TERMINATED", (T,), f"{TL} 第31条", "termination"),
    ],
    {"ARCHIVED", "TERMINATED"},
)

# Late acts go through and are recorded; the timer that notices is trading/project/periods.py. With a filed basis for
# separation the candidates are published after the award draft (domain.md §5), so R1-23 counts from there. The report
# of article 47 has its own fifteen days and does not wait for the contract of article 46, which has thirty.
PERIODS = (
    Period("AW-05", "EVALUATED", "award.open", ("EVALUATED",), separate=True),
    Period("R1-23/start", "EVALUATED", "candidates.publish", ("EVALUATED",), separate=False),
    Period("R1-23/start", "AWARDED_DRAFT", "candidates.publish", ("AWARDED_DRAFT",)),
    Period(
        "R1-26", "WINNER_SET", "contract.report", ("WINNER_SET", "NOTIFIED", "CONTRACTED"), done="contract.reported"
    ),
    Period("R1-25", "NOTIFIED", "contract.sign", ("NOTIFIED",)),
)
# While bids must still be valid (R1-31), and the act that ends it.
BINDING = ("SEALED", "OPENING", "OPENED", "COMMITTEE_SET", "EVALUATING", "EVALUATED", "AWARD_MEETING", "AWARDED_DRAFT",
           "CANDIDATE_PUBLIC")  # fmt: skip
# Where the committee is asked for; from the last of them it is set.
DRAWN_IN = ("SEALED", "OPENING", "OPENED")
