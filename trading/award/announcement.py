"""中标公告 with the winner's notice and every other bidder's own letter, in one act (87号令 art. 69).

The tender file becomes public with it. Whoever did not win is told the own score and place, or the reason why the bid
came to no score; nobody is told another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from core.access import Actor, Role
from core.acts import Tx
from core.doors import Payload, asking
from core.machine import Row
from core.paper import Paper
from trading.award import papers
from trading.award.models import ResultLetter
from trading.document.judging import BRAND_ARTICLE
from trading.opening.queries import opened_bids
from trading.project.models import Case, CaseDocument, Project
from trading.project.papers import case_facts, day, file_document, hour, media, named, terms
from trading.project.queries import names
from trading.project.states import book_of, case_row, go, procedure_of
from trading.qualification.queries import unqualified


def with_the_result(row: Case) -> bool:
    """Whether the notices go out with the result: the procedure has no act of its own for them."""
    return "award.notify" not in {one.act for one in procedure_of(row).machine.rows}


def fate(session: Session, row: Case, bid: str) -> dict[str, Any]:
    """What a bidder is told of the own bid: {total, place, of} of a scored one, or {reason}."""
    out = unqualified(session, row)
    if bid in out:
        return {"reason": f"未通过资格审查：{out[bid]['reason']}"}
    rejected = row.result.get("rejected") or {}
    if bid in rejected:
        grounds = (*procedure_of(row).fields.REJECT_GROUNDS, *(row.evaluation.get("reject_grounds") or ()))
        texts = dict(procedure_of(row).fields.BY_RULE) | {str(one["id"]): str(one["text"]) for one in grounds}
        return {"reason": f"投标无效：{texts.get(rejected[bid], rejected[bid])}"}
    if bid in (row.result.get("same_brand") or {}):
        total = (row.result.get("totals") or {}).get(bid, "")
        return {"reason": f"评审得分 {total}；与其他投标人提供相同品牌产品，由得分最高的一家获得中标人推荐资格，"
                          f"你方不作为中标候选人（{BRAND_ARTICLE}）"}  # fmt: skip
    totals, places = row.result.get("totals") or {}, row.result.get("places") or {}
    ranked = len(totals) - len(row.result.get("same_brand") or {})
    return {"total": totals.get(bid, ""), "place": places.get(bid), "of": ranked}


def publish(tx: Tx, row: Case, step: Row, until: date, warnings: list[dict[str, str]]) -> Payload:
    """Result, winner's notice, letters; the case has its winner told."""
    project = tx.session.get_one(Project, row.project_id)
    bids, known = opened_bids(tx.session, row.id), names(tx.session, row)
    row.winner_bid = row.result["settled"]
    won = next(one for one in bids if one["id"] == row.winner_bid)
    body = _announcement(project, row, known, won, _experts(tx.session, row), until, tx.now, demo=tx.config.demo)
    title = f"{project.name} {terms(row)['result']}"
    notice = file_document(tx, row.id, "result_notice", title, body, "public")
    _open_file(tx, row)
    days, url = book_of(row, tx.now)["R1-25"].number, tx.config.public_url
    paper, digest = papers.award_notice(project, row, known, won, tx.now, url, days=days, demo=tx.config.demo)
    award = file_document(tx, row.id, "award_notice", f"{project.name} 中标通知书", paper, "public")
    letters = {one["id"]: _letter(tx, project, row, known, won, one) for one in bids if one["id"] != row.winner_bid}
    said = named(notice) | {"winner": row.winner_bid, "until": until, "warnings": warnings}
    go(tx, row, step, "result.published", said)
    told = named(award) | {"winner": row.winner_bid, "record_sha256": digest, "letters": letters}
    tx.record(f"case:{row.id}", "award.notified", told, case=row.id)
    for one in bids:
        tx.publish(f"org:{one['org']}", "award.notified", {"case": row.id, "won": one["id"] == row.winner_bid})
    return {"document": notice.id, "award_notice": award.id, "winner": row.winner_bid, "warnings": warnings}


def _experts(session: Session, row: Case) -> list[str]:
    """The committee's names are public from now on (87号令 art. 69)."""
    people = [session.get(Person, one) for one in row.result.get("members") or ()]
    return [one.name for one in people if one is not None]


def _open_file(tx: Tx, row: Case) -> None:
    query = select(CaseDocument).where(
        CaseDocument.case_id == row.id, CaseDocument.round == row.round, CaseDocument.kind == "tender_file"
    )
    for one in tx.session.scalars(query):
        one.audience = "public"


def _announcement(
    project: Project, row: Case, known: Mapping[str, str], won: Mapping[str, Any], experts: list[str], until: date,
    now: datetime, *, demo: bool,
) -> bytes:  # fmt: skip
    said = terms(row)
    paper = Paper(said["result"], subtitle=project.name, issuer=known.get("tenderer", ""), number=row.lot_code,
                  demo=demo)  # fmt: skip
    paper.section("中标结果").facts(papers.won_facts(project, row, dict(known), dict(won)))
    paper.section("评审专家名单").text("、".join(experts))
    paper.section("公告期限").text(f"自本公告发布之日起至 {day(until)}。招标文件随本公告同时公告。")
    paper.section("联系方式").text(str(row.settings.get("contact") or known.get("agency") or known.get("tenderer", "")))
    paper.note(f"发布时间: {hour(now)}    发布媒介: {media(row)}")
    return paper.build().bytes


def _letter(
    tx: Tx, project: Project, row: Case, known: Mapping[str, str], won: Mapping[str, Any], bid: Mapping[str, Any]
) -> str:
    """One bidder's own letter, which nobody else may open; its digest."""
    told = fate(tx.session, row, bid["id"])
    paper = Paper("中标结果通知书", subtitle=project.name, issuer=known.get("tenderer", ""), number=row.lot_code,
                  demo=tx.config.demo)  # fmt: skip
    paper.text(f"{bid['org_name']}:", indent=False)
    paper.text(f"{project.name} {row.lot_name} 的中标人已经确定，现将结果通知如下。感谢你方的参与。")
    paper.section("中标结果").facts([*case_facts(project, row, dict(known)), ("中标人", str(won["org_name"])),
                                     ("中标金额", f"{won['price']} {row.unit}")])  # fmt: skip
    if "reason" in told:
        paper.section("你方投标").text(f"{told['reason']}。")
    else:
        facts = [("评审得分", told["total"]), ("排序", f"第 {told['place']} 名（共 {told['of']} 名）")]
        paper.section("你方投标").facts(facts)
    paper.note(f"通知时间: {hour(tx.now)}")
    blob = tx.blobs.put(paper.build().bytes)
    tx.session.add(
        ResultLetter(bid_id=bid["id"], case_id=row.id, org_id=bid["org"], sha256=blob.sha256, at=tx.now, told=told)
    )
    return blob.sha256


def letter_of(session: Session, row: Case, actor: Actor) -> ResultLetter | None:
    """The letter to the actor's own organisation in this round."""
    mine = [one["id"] for one in opened_bids(session, row.id) if actor.org and one["org"] == actor.org]
    return session.get(ResultLetter, mine[0]) if mine else None


@asking("result.mine", Role.BIDDER)
def mine(session: Session, now: datetime, actor: Actor, case: str, p: Payload) -> Payload:
    """{told, at}: what the asker's own organisation was told of the result; None before, and for the winner."""
    letter = letter_of(session, case_row(session, case), actor)
    return {"told": letter.told if letter else None, "at": letter.at if letter else None}
