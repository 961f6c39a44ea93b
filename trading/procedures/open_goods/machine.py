"""The life of an open tender of government procurement (domain.md §2.2) as rows."""

from __future__ import annotations

from core.access import Role
from core.machine import Machine, Row
from trading.project.facts import Period

T, A, B, C, R = Role.TENDERER, Role.AGENCY, Role.BIDDER, Role.CENTRE, Role.REGULATOR
ZC, ZCTL, M87, E20 = "政府采购法", "政府采购法实施条例", "政府采购货物和服务招标投标管理办法", "电子招标投标办法"

LIVE = (
    "PLANNED", "PLAN_PUBLIC", "REGISTERED", "DRAFTING", "ANNOUNCED", "SEALED", "OPENING", "OPENED", "QUALIFIED",
    "COMMITTEE_SET", "EVALUATING", "EVALUATED", "AWARDED_DRAFT",
)  # fmt: skip

# OPENED: the bids are open and the purchaser examines who is qualified. AWARDED_DRAFT: it has settled the winner. The
# winner's notice goes out with the result (art. 69), so there is no state between the two.
MACHINE = Machine(
    "PLANNED",
    [
        Row("PLANNED", "project.edit", "PLANNED", (T, A), forward=False),
        Row("PLANNED", "lot.add", "PLANNED", (T, A)),
        Row("PLANNED", "plan.publish", "PLAN_PUBLIC", (T,), "财库〔2020〕10号", "plan"),
        Row("PLAN_PUBLIC", "project.register", "REGISTERED", (T, A), f"{ZCTL} 第29条", "registration"),
        Row("REGISTERED", "file.compile", "DRAFTING", (T, A), f"{M87} 第20条"),
        Row("DRAFTING", "file.save", "DRAFTING", (T, A), f"{M87} 第20条", forward=False),
        Row("DRAFTING", "file.bill", "DRAFTING", (T, A), f"{M87} 第20条", forward=False),
        Row("DRAFTING", "tender.issue", "ANNOUNCED", (T,), f"{M87} 第13条、第18条", "notice"),
        Row("ANNOUNCED", "file.fetch", "ANNOUNCED", (B,), f"{M87} 第18条", forward=False),
        Row("ANNOUNCED", "question.ask", "ANNOUNCED", (B,), f"{ZCTL} 第52条", forward=False),
        Row("ANNOUNCED", "tender.clarify", "ANNOUNCED", (T, A), f"{M87} 第27条", "clarification", forward=False),
        Row("ANNOUNCED", "bid.submit", "ANNOUNCED", (B,), f"{M87} 第33条", "receipt", forward=False),
        Row("ANNOUNCED", "bond.lodge", "ANNOUNCED", (B,), f"{M87} 第38条", forward=False),
        Row("ANNOUNCED", "bid.withdraw", "ANNOUNCED", (B,), f"{M87} 第34条", forward=False),
        Row("ANNOUNCED", "opening.signin", "ANNOUNCED", (B,), f"{M87} 第42条", forward=False),
        Row("ANNOUNCED", "deadline.decide", "ANNOUNCED", (T,), f"{E20} 第12条、第29条", "postponement", forward=False),
        Row("ANNOUNCED", "tender.deadline", "SEALED", (), f"{M87} 第33条"),
        Row("ANNOUNCED", "tender.deadline", "FAILED", (), f"{M87} 第41条"),
        Row("SEALED", "opening.signin", "SEALED", (B,), f"{M87} 第42条", forward=False),
        Row("SEALED", "tender.deadline", "FAILED", (), f"{M87} 第41条"),
        Row("SEALED", "opening.attendance", "FAILED", (), f"{M87} 第41条"),
        Row("SEALED", "deadline.decide", "SEALED", (T,), f"{E20} 第12条、第29条", forward=False),
        Row("SEALED", "deadline.decide", "ANNOUNCED", (T,), f"{E20} 第12条、第29条", "postponement", forward=False),
        Row("SEALED", "deadline.decide", "FAILED", (T,), f"{M87} 第41条"),
        Row("SEALED", "opening.begin", "OPENING", (C, A), f"{M87} 第39条、第40条"),
        Row("OPENING", "opening.signin", "OPENING", (B,), f"{M87} 第42条", forward=False),
        Row("OPENING", "opening.unlock", "OPENING", (B,), f"{M87} 第41条", forward=False),
        Row("OPENING", "opening.extend", "OPENING", (C, A), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.suspend", "OPENING", (C, A, R), f"{E20} 第7条、第48条、第52条", forward=False),
        Row("OPENING", "opening.resume", "OPENING", (C, A, R), f"{E20} 第7条、第48条、第52条", forward=False),
        Row("OPENING", "opening.report_failure", "OPENING", (B,), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.check", "OPENING", (C, A), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.compare", "OPENING", (), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.decide", "OPENING", (C, A), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.release", "OPENING", (T, C, R), f"{E20} 第31条", forward=False),
        Row("OPENING", "opening.object", "OPENING", (B,), f"{M87} 第42条", forward=False),
        Row("OPENING", "opening.answer", "OPENING", (T, A), f"{M87} 第42条", forward=False),
        Row("OPENING", "opening.close", "OPENING", (C, A), f"{M87} 第41条"),
        Row("OPENING", "opening.settle", "OPENED", (), f"{M87} 第41条、第42条", "opening_record"),
        Row("OPENING", "opening.close", "FAILED", (C, A), f"{M87} 第41条"),
        Row("OPENING", "opening.settle", "FAILED", (), f"{M87} 第41条"),
        Row("OPENED", "opening.object", "OPENED", (B,), f"{M87} 第42条", forward=False),
        Row("OPENED", "opening.answer", "OPENED", (T, A), f"{M87} 第42条", forward=False),
        *(
            Row(state, "opening.withhold", state, (R,), f"{E20} 第32条", forward=False)
            for state in ("OPENED", "QUALIFIED", "COMMITTEE_SET", "EVALUATING", "EVALUATED")  # until it is published
        ),
        Row("OPENED", "qualification.mark", "OPENED", (T, A), f"{M87} 第44条"),
        Row("OPENED", "qualification.conclude", "QUALIFIED", (T, A), f"{M87} 第44条", "qualification_report"),
        Row("OPENED", "qualification.conclude", "FAILED", (T, A), f"{M87} 第44条", "qualification_report"),
        Row("QUALIFIED", "committee.set", "COMMITTEE_SET", (), f"{M87} 第47条、第48条", "draw_record"),
        Row("COMMITTEE_SET", "evaluation.begin", "EVALUATING", (), f"{M87} 第46条"),
        Row("COMMITTEE_SET", "committee.void", "QUALIFIED", (), f"{M87} 第49条"),
        Row("EVALUATING", "report.accept", "EVALUATED", (), f"{M87} 第58条", "evaluation_report"),
        Row("EVALUATING", "report.accept", "FAILED", (), f"{ZC} 第36条", "evaluation_report"),
        Row("EVALUATING", "flaw.answer", "EVALUATING", (T, A), f"{M87} 第65条"),
        Row("EVALUATING", "flaw.answer", "FAILED", (T, A), f"{M87} 第65条", "failure_notice"),
        Row("EVALUATING", "committee.void", "QUALIFIED", (), f"{M87} 第49条"),
        Row("EVALUATED", "winner.draw", "EVALUATED", (T, A), f"{M87} 第68条"),
        Row("EVALUATED", "winner.settle", "AWARDED_DRAFT", (T,), f"{M87} 第68条"),
        Row("EVALUATED", "winner.deem", "AWARDED_DRAFT", (), f"{M87} 第68条"),
        Row("AWARDED_DRAFT", "result.publish", "NOTIFIED", (T, A), f"{M87} 第69条", "result_notice"),
        Row("NOTIFIED", "contract.sign", "CONTRACTED", (T,), f"{ZC} 第46条"),
        Row("CONTRACTED", "contract.publish", "CONTRACTED", (T, A), f"{ZCTL} 第50条", "contract_notice", forward=False),
        Row("CONTRACTED", "contract.report", "REPORTED", (T, A), f"{ZC} 第47条"),
        Row("REPORTED", "case.archive", "ARCHIVED", (C,), f"{ZC} 第42条"),
        Row("FAILED", "project.retender", "REGISTERED", (T, A), f"{ZC} 第37条"),
        *(Row(state, "project.terminate", "TERMINATED", (T,), f"{M87} 第29条", "termination") for state in LIVE),
        Row("FAILED", "project.terminate", "TERMINATED", (T,), f"{M87} 第29条", "termination"),
    ],
    {"ARCHIVED", "TERMINATED"},
)

# Late acts go through and are recorded. The report is signed on the platform and lies with the purchaser from that
# moment: the two days of its delivery (art. 68) cannot be missed.
PERIODS = (
    Period("R2-16", "EVALUATED", "winner.settle", ("EVALUATED",)),
    Period("R2-16/publish", "AWARDED_DRAFT", "result.publish", ("AWARDED_DRAFT",)),
    Period("R2-18", "NOTIFIED", "contract.sign", ("NOTIFIED",)),
    Period("R2-18/publish", "CONTRACTED", "contract.publish", ("CONTRACTED",), done="contract.published"),
    Period("R2-18/file", "CONTRACTED", "contract.report", ("CONTRACTED",)),
)
# While bids must still be valid (art. 23), and the act that ends it.
BINDING = ("SEALED", "OPENING", "OPENED", "QUALIFIED", "COMMITTEE_SET", "EVALUATING", "EVALUATED", "AWARDED_DRAFT")
# Where the committee is asked for; from the last of them it is set. Not before it is known who is qualified.
DRAWN_IN = ("QUALIFIED",)
