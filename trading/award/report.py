"""The award report: built when the winner is written down, signed by electors and supervisors, sealed by the centre."""

from __future__ import annotations

from typing import Any

from certs import desk, drawdesk
from core import canon, fields
from core.access import SYSTEM, Role
from core.acts import Acts, Tx
from core.doors import TABLE, acting
from core.ledger import Entry
from core.paper import Paper, PaperResult, SignatureBox
from core.rules import refuse_if
from methods import vote
from trading.award import papers, rules
from trading.award.actions import meeting_of, of_tenderer, seats
from trading.award.methods import METHODS
from trading.award.models import AwardMeeting, Elector, Speech
from trading.award.publicity import candidate_rows
from trading.project.models import Case, Project
from trading.project.papers import case_facts, file_document, named
from trading.project.queries import names
from trading.project.states import case_row, go, guard

KIND = "award_report"
Payload = dict[str, Any]


def record_of(tx: Tx, row: Case, meeting: AwardMeeting, sitting: list[Elector]) -> Payload:
    """award-report/1: everything the report says, so that the vote counts again from it."""
    draw = tx.session.get_one(drawdesk.Draw, meeting.draw_id)
    spoken = tx.session.query(Speech).filter_by(case_id=row.id).order_by(Speech.at, Speech.id)
    return {
        "schema": "award-report/1",
        "case": row.id,
        "lot_code": row.lot_code,
        "evaluation_report_sha256": row.result["report_sha256"],
        "legal_basis": row.award["legal_basis"],
        "draw": {"id": draw.id, "record_sha256": canon.sha256_hex(canon.dumps(draw.record))},
        "candidates": candidate_rows(tx.session, row),
        "seats": [{"name": one.name, "kind": one.kind, "person": one.person_id} for one in sitting],
        "vote": {"input": meeting.vote, "result": vote.count(meeting.vote)},
        "winner": meeting.winner,
        "reason": meeting.reason,
        "minutes": [{"at": one.at.isoformat(), "name": one.name, "text": one.text} for one in spoken],
        "opened_at": meeting.opened_at.isoformat(),
        "decided_at": meeting.decided_at.isoformat() if meeting.decided_at else "",
    }


def paper_of(project: Project, row: Case, known: dict[str, str], record: Payload, *, demo: bool) -> PaperResult:
    paper = Paper("定标报告", subtitle=project.name, issuer=known.get("tenderer", ""), number=row.lot_code,
                         demo=demo)  # fmt: skip
    paper.section("项目信息").facts(case_facts(project, row, known))
    paper.text(f"本项目依据《{record['legal_basis']}》实行评定分离。定标委员会由招标人从定标成员库中随机抽取产生,"
               f"抽取记录编号 {record['draw']['id']}。")  # fmt: skip
    kinds = {"elector": "定标委员", "supervisor": "监督人员"}
    paper.section("定标委员会与监督小组").table(
        ["姓名", "身份"], [[s["name"], kinds[s["kind"]]] for s in record["seats"]]
    )
    rows = [[c["name"], c["price"], c["total"], c["duration"], c["manager"]] for c in record["candidates"]]
    head = ["定标候选人", f"投标报价({row.unit})", "评审得分", "工期(日历天)", "项目负责人"]
    paper.section("定标候选人(按投标编号列示)").table(head, rows)
    by_bid = {one["bid"]: one["name"] for one in record["candidates"]}
    paper.section("票决情况").facts([("定标方法", METHODS[record["vote"]["input"]["method"]])])
    papers.rounds_table(paper, record["vote"]["input"]["rounds"], by_bid)
    paper.section("定标结果").text(f"中标人: {by_bid[record['winner']]}。")
    if record["reason"]:
        reason = (
            "两轮得票相同, 按招标文件规定以投标报价较低者为中标人" if record["reason"] == "price" else record["reason"]
        )
        paper.text(f"说明: {reason}。")
    if record["minutes"]:
        paper.section("会议记录").table(["时间", "发言人", "内容"],
                                    [[m["at"][11:19], m["name"], m["text"]] for m in record["minutes"]],
                                    widths=[1, 1.4, 5])  # fmt: skip
    places = [SignatureBox(_field(n), f"{kinds[s['kind']]} {s['name']}") for n, s in enumerate(record["seats"], 1)]
    paper.section("签署").signatures([*places, SignatureBox(desk.SEAL, "交易中心", seal=True)])
    return paper.build()


def _field(number: int) -> str:
    return f"seat-{number}"


@acting("award.report", Role.TENDERER)
def make(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {document}: on the signing desk, for everyone with a seat and the centre's seal."""
    fields.only(p)
    of_tenderer(tx, case)
    meeting = meeting_of(tx, case, "DECIDED")
    row = case_row(tx.session, case)
    project, sitting = tx.session.get_one(Project, row.project_id), seats(tx, case)
    record = record_of(tx, row, meeting, sitting)
    built = paper_of(project, row, names(tx.session, row), record, demo=tx.config.demo)
    signers = [
        desk.signer(tx.session, one.person_id, _field(place), one.kind, tx.now)
        for place, one in enumerate(sitting, start=1)
    ]
    sealer = desk.sealer(tx.session, row.centre_org, tx.now)
    first = desk.first_revision(built.bytes, built.boxes, record, signers, sealer)
    title = f"{project.name} 定标报告"
    meeting.report_id = desk.open_document(tx, first, case=case, kind=KIND, title=title, audience="parties")
    tx.publish(f"award:{case}", "award.reported", {"document": meeting.report_id})
    return {"document": meeting.report_id}


@acting("award.conclude")
def conclude(tx: Tx, case: str, p: Payload) -> Payload:
    """System: the sealed report is filed, the meeting is over. Doing it twice does nothing."""
    meeting = meeting_of(tx, case)
    if meeting.state != "DECIDED" or meeting.report_id != p.get("document"):
        return {}
    state = desk.state(tx.session, meeting.report_id)
    if state["state"] != "sealed":
        return {}
    row, step = guard(tx, case, "award.conclude")
    document = file_document(tx, case, KIND, state["title"], tx.blobs.get(state["head"]), "parties",
                             signing_doc=meeting.report_id)  # fmt: skip
    meeting.state = "REPORTED"
    go(tx, row, step, "award.concluded", named(document) | {"winner": meeting.winner})
    return {"document": document.id}


@acting("award.redo", Role.TENDERER, signed=True)
def redo(tx: Tx, case: str, p: Payload) -> Payload:
    """{excluded, reason}: an objection was upheld; the same committee votes again among the remaining candidates."""
    fields.only(p, "excluded", "reason")
    row, step = guard(tx, case, "award.redo")
    meeting = meeting_of(tx, case, "REPORTED")
    gone = fields.choice(p, "excluded", meeting.vote["candidates"])
    left = [bid for bid in meeting.vote["candidates"] if bid != gone]
    refuse_if(rules.enough_to_redo(left))
    row.result = row.result | {"candidates": left}
    prices = {bid: meeting.vote["prices"][bid] for bid in left}
    meeting.vote = meeting.vote | {"candidates": left, "prices": prices, "rounds": []}
    meeting.state, meeting.winner, meeting.reason, meeting.decided_at = "GATHERING", "", "", None
    for seat in seats(tx, case):
        seat.signed_in_at = seat.pledged_at = None
    go(tx, row, step, "award.redone", {"excluded": gone, "reason": fields.text(p, "reason", limit=1000)})
    return {"candidates": left}


def on_sealed(acts: Acts, entry: Entry) -> None:
    """After the desk sealed an award report; what a lost listener misses the act does when performed again."""
    if entry.body.get("kind") == KIND:
        acts.act(TABLE["award.conclude"].fn, SYSTEM, entry.case, {"document": entry.body["document"]})


LISTENERS = {"paper.sealed": on_sealed}
