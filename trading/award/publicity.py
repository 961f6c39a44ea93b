"""From the candidates' publicity to the archive: what the tenderer publishes and notifies, and when it may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import fields
from core.access import Actor, Role
from core.acts import Tx
from core.clock import CST
from core.data import calendar
from core.doors import acting
from core.ledger import EntryRow
from core.rules import Breach, RuleRow, refuse_if, shown
from trading.award import announcement, papers, rules
from trading.award.contracts import before_report
from trading.award.models import AwardMeeting, Publicity
from trading.document.rules import provisional
from trading.objection.queries import unfollowed
from trading.opening.queries import opened_bids
from trading.project import periods
from trading.project.models import Case, Project
from trading.project.papers import file_document, named
from trading.project.queries import blocked_by, names
from trading.project.rules import due
from trading.project.states import book_of, go, guard

Payload = dict[str, Any]
Book = Mapping[str, RuleRow]


def publicity_of(session: Session, case: str) -> Publicity | None:
    return session.scalars(
        select(Publicity).where(Publicity.case_id == case).order_by(Publicity.published_at.desc()).limit(1)
    ).first()


def candidate_rows(session: Session, row: Case) -> list[dict[str, Any]]:
    """What R1-34 wants of each candidate; `rank` only where the tender file ranks."""
    bids = {bid["id"]: bid for bid in opened_bids(session, row.id)}
    ranked = bool(row.result.get("ranked"))
    found = []
    for place, bid in enumerate(row.result["candidates"], start=1):
        one = bids[bid]
        manager = one.get("manager") or {}
        found.append(
            {
                "bid": bid,
                "rank": str(place) if ranked else "",
                "name": one["org_name"],
                "price": one["price"],
                "quality": one["quality"],
                "duration": str(one["duration_days"] or ""),
                "manager": manager.get("name", ""),
                "certificate": manager.get("certificate", ""),
                "qualification": "满足招标文件要求",
                "total": row.result["totals"].get(bid, ""),
            }
        )
    return found


def _empty_fields(rows: list[dict[str, Any]], channel: str, ranked: bool, book: Book) -> list[Breach]:
    needed = ("name", "price", "quality", "duration", "manager", "certificate", "qualification")
    found = rules.publicity_fields({"channel": channel}, book)
    for one in rows:
        facts = {f"{one['name']}.{key}": one[key] for key in needed}
        if ranked:
            facts[f"{one['name']}.rank"] = one["rank"]
        found += rules.publicity_fields(facts, book)
    return found


def until_of(row: Case, record: Publicity) -> tuple[datetime, bool]:
    """(last second, provisional) of the publicity; a 暂定 end may move on once the holidays are known, never back."""
    if not record.provisional:
        return record.until, False
    start, book = record.published_at.astimezone(CST).date(), book_of(row, record.published_at)
    last = rules.publicity_again(start, record.until, book, calendar())
    return rules.last_second(last.date), last.provisional


@blocked_by("candidates.publish")
def _not_awarded(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    """Where the award is separate, its sealed report comes first (domain.md §5)."""
    meeting = session.get(AwardMeeting, row.id)
    if not row.award.get("separate") or (meeting is not None and meeting.state == "REPORTED"):
        return []
    return [Breach("AW-STATE", rules.BASIS, "B", "REPORTED", meeting.state if meeting else "-")]


@acting("candidates.publish", Role.TENDERER, Role.AGENCY, signed=True)
def publish_candidates(tx: Tx, case: str, p: Payload) -> Payload:
    """{channel}: where and how to object → {document, until}. At least three days, the last no holiday (R1-23)."""
    fields.only(p, "channel")
    row, step = guard(tx, case, "candidates.publish")
    refuse_if(_not_awarded(tx.session, row, tx.actor, tx.now))
    meeting = tx.session.get(AwardMeeting, case)
    channel = fields.text(p, "channel", limit=300)
    rows = candidate_rows(tx.session, row)
    book, today = book_of(row, tx.now), tx.now.astimezone(CST).date()
    refuse_if(_empty_fields(rows, channel, bool(row.result.get("ranked")), book))
    last = due(book, "R1-23", today, calendar())
    until, late = rules.last_second(last.date), periods.late(tx.session, row, "candidates.publish", tx.now)
    warnings = shown([*late, *provisional(last, book, "until")])
    body: dict[str, Any] = {"channel": channel, "candidates": rows}
    if meeting is not None:
        body |= {"winner": meeting.winner, "method": meeting.vote["method"], "rounds": meeting.vote["rounds"]}
    record = Publicity(case_id=case, published_at=tx.now, until=until, provisional=last.provisional, body=body)
    tx.session.add(record)
    tx.session.flush()
    project = tx.session.get_one(Project, row.project_id)
    paper = papers.candidate_paper(project, row, names(tx.session, row), record, demo=tx.config.demo)
    document = file_document(tx, case, "candidate_notice", f"{project.name} 中标候选人公示", paper, "public")
    said = named(document) | {"until": until, "provisional": last.provisional, "warnings": warnings}
    go(tx, row, step, "candidates.published", said)
    return {"document": document.id, "until": until.isoformat(), "warnings": warnings}


@blocked_by("result.publish")
def _too_early(session: Session, row: Case, actor: Actor, now: datetime) -> list[Breach]:
    """The publicity is over, and an upheld objection to it has led to something (R1-23, domain.md §5)."""
    found = publicity_of(session, row.id)
    if found is None:
        return []
    over = rules.publicity_over(until_of(row, found)[0], now, book_of(row, now))
    return [*over, *unfollowed(session, row, found.published_at, now)]


def _winner(tx: Tx, row: Case, p: Payload) -> str:
    """The award meeting's winner; else the first-ranked; with other funds the tenderer may choose (R1-24)."""
    meeting = tx.session.get(AwardMeeting, row.id)
    if meeting is not None:
        return meeting.winner
    ranking = row.result["candidates"]
    winner = fields.choice(p, "winner", ranking) if p.get("winner") else ranking[0]
    project = tx.session.get_one(Project, row.project_id)
    refuse_if(rules.first_ranked(project.funds == "state", ranking, str(winner), book_of(row, tx.now)))
    return str(winner)


def _notice_until(tx: Tx, row: Case, p: Payload) -> date:
    """R2-17: the last day of the notice."""
    book, today = book_of(row, tx.now), tx.now.astimezone(CST).date()
    until = fields.day(p, "until") if p.get("until") else due(book, "R2-17", today, calendar()).date
    refuse_if(rules.notice_long_enough(today, until, book, calendar()))
    return until


@acting("result.publish", Role.TENDERER, Role.AGENCY, signed=True)
def publish_result(tx: Tx, case: str, p: Payload) -> Payload:
    """{winner?, until?} → {document, winner, warnings}: after the publicity, with no objection open.

    Government procurement has settled its winner before; its notices go out with the result, which stands until
    `until`, a day no earlier than the law's (R2-17).
    """
    fields.only(p, "winner", "until")
    row, step = guard(tx, case, "result.publish")
    refuse_if(_too_early(tx.session, row, tx.actor, tx.now))
    warnings = shown(periods.late(tx.session, row, "result.publish", tx.now))
    if announcement.with_the_result(row):
        return announcement.publish(tx, row, step, _notice_until(tx, row, p), warnings)
    row.winner_bid = _winner(tx, row, p)
    project = tx.session.get_one(Project, row.project_id)
    won = next(bid for bid in opened_bids(tx.session, case) if bid["id"] == row.winner_bid)
    paper = papers.result_paper(project, row, names(tx.session, row), won, tx.now, demo=tx.config.demo)
    document = file_document(tx, case, "result_notice", f"{project.name} 中标结果公告", paper, "public")
    go(tx, row, step, "result.published", named(document) | {"winner": row.winner_bid, "warnings": warnings})
    return {"document": document.id, "winner": row.winner_bid, "warnings": warnings}


@acting("award.notify", Role.TENDERER, signed=True)
def notify(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {award_notice, result_notice}: 中标通知书 with a QR to the verify page, and one notice to all others."""
    fields.only(p)
    row, step = guard(tx, case, "award.notify")
    project = tx.session.get_one(Project, row.project_id)
    bids = opened_bids(tx.session, case)
    won = next(bid for bid in bids if bid["id"] == row.winner_bid)
    known = names(tx.session, row)
    days, url = book_of(row, tx.now)["R1-25"].number, tx.config.public_url
    paper, digest = papers.award_notice(project, row, known, won, tx.now, url, days=days, demo=tx.config.demo)
    notice = file_document(tx, case, "award_notice", f"{project.name} 中标通知书", paper, "public")
    others = papers.others_notice(project, row, known, won, tx.now, demo=tx.config.demo)
    loser = file_document(tx, case, "result_letter", f"{project.name} 中标结果通知书", others, "bidders")
    body = named(notice) | {"winner": row.winner_bid, "record_sha256": digest, "letter": loser.sha256}
    go(tx, row, step, "award.notified", body)
    for bid in bids:
        tx.publish(f"org:{bid['org']}", "award.notified", {"case": case, "won": bid["id"] == row.winner_bid})
    return {"award_notice": notice.id, "result_notice": loser.id}


@acting("candidates.withdraw", Role.TENDERER, signed=True)
def withdraw(tx: Tx, case: str, p: Payload) -> Payload:
    """{bid, reason}: one of the four causes of 条例 art. 55 or an upheld objection; the next in order stands first."""
    fields.only(p, "bid", "reason")
    row, step = guard(tx, case, "candidates.withdraw")
    bid = fields.choice(p, "bid", row.result["candidates"])
    left = [one for one in row.result["candidates"] if one != bid]
    refuse_if(rules.somebody_left(left, book_of(row, tx.now)))
    row.result = row.result | {"candidates": left}
    go(tx, row, step, "candidates.withdrawn", {"bid": bid, "reason": fields.text(p, "reason", limit=1000)})
    return {"candidates": left}


@acting("candidates.fail", Role.TENDERER, signed=True)
def fail(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason}: the tenderer tenders again instead of taking the next candidate (条例 art. 55)."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "candidates.fail")
    row.failed_reason = fields.text(p, "reason", limit=300)
    go(tx, row, step, "candidates.failed", {"reason": row.failed_reason})
    return {}


def _reported(session: Session, case: str) -> bool:
    """The written report of article 47 may come before the contract."""
    query = select(EntryRow.index).where(EntryRow.case == case, EntryRow.kind == "contract.reported")
    return session.scalars(query.limit(1)).first() is not None


@acting("contract.sign", Role.TENDERER, signed=True)
def sign_contract(tx: Tx, case: str, p: Payload) -> Payload:
    """{amount, bond, form?} → {warnings}: the contract in time (R1-25), a bond within its limit (R1-27), and not in
    cash where the procedure forbids it (R2-19)."""
    fields.only(p, "amount", "bond", "form")
    row, step = guard(tx, case, "contract.sign")
    amount, bond = fields.decimal(p, "amount", least=papers.CENT), fields.decimal(p, "bond", least=papers.NOTHING)
    book, form = book_of(row, tx.now), fields.text(p, "form", limit=20, default="")
    found = [*rules.performance_bond(bond, amount, book), *rules.bond_form(form, bond, book)]
    warnings = shown(refuse_if([*found, *periods.late(tx.session, row, "contract.sign", tx.now)]))
    target = "REPORTED" if _reported(tx.session, case) else "CONTRACTED"
    go(tx, row, step, "contract.signed", {"amount": amount, "bond": bond, "warnings": warnings}, target=target)
    return {"warnings": warnings}


@acting("contract.report", Role.TENDERER, Role.AGENCY)
def report(tx: Tx, case: str, p: Payload) -> Payload:
    """{text} → {warnings}: the written report to the regulator, counted from the winner (招标投标法 art. 47, R1-26)."""
    fields.only(p, "text")
    row, step = guard(tx, case, "contract.report")
    before_report(tx, row)
    warnings = shown(periods.late(tx.session, row, "contract.report", tx.now))
    go(tx, row, step, "contract.reported", {"text": fields.text(p, "text", limit=4000), "warnings": warnings})
    return {"warnings": warnings}


@acting("case.archive", Role.CENTRE)
def archive(tx: Tx, case: str, p: Payload) -> Payload:
    row, step = guard(tx, case, "case.archive")
    go(tx, row, step, "case.archived", {})
    return {}
