"""Framework agreements in the Open Contracting Data Standard 1.1, a release an agreement: its first stage.

As the standard's guidance on framework agreements has it: `tender.techniques.hasFrameworkAgreement` marks the first
stage, no buyer is named since any buyer of the place may buy, each supplier's award stands by itself (its prices are
its own), and every order is a process of its own (oversight.ocds) that names the agreement's ocid. Beside the guidance
an agreement that was signed is told as a contract, with its day and period. Only what was published by now is told:
nothing before the solicitation, no responder before the shortlist, no applicant before it is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.clock import CST
from core.faults import Unusable
from oversight.ocds import Page, Release, money, party, reference
from trading.framework import machine
from trading.framework.models import Framework, FrameworkItem, FrameworkMember, FrameworkNotice, FrameworkPrice
from trading.framework.queries import shown_to_all

PAGE = 10  # each may have hundreds of suppliers
STATUS = {"FAILED": "unsuccessful", "TERMINATED": "cancelled"}
STILL_OPEN = ("SOLICITED", "RESPONSES", "OPENED", "REVIEWED", "OPEN_CALL")
KINDS = {"closed": "封闭式框架协议征集", "open": "开放式框架协议征集"}
CRITERIA = {"price": ("priceOnly", "价格优先法"), "quality": ("qualityOnly", "质量优先法")}
# notice → documentType; the standard's list is open and has no word for a closing summary
DOCUMENTS = {
    "solicitation": ("tenderNotice", "征集公告"), "call": ("tenderNotice", "补充征集公告"),
    "shortlist": ("awardNotice", "入围结果公告"), "failure": ("cancellationDetails", "征集失败公告"),
    "summary": ("closingSummary", "协议期满总结"),
}  # fmt: skip
MONTHS_OF_YEAR, DAYS_OF_YEAR = 12, 365
Joined = list[tuple[FrameworkMember, Org]]
Prices = Mapping[str, Mapping[str, FrameworkPrice]]  # member → item → price in force


@dataclass
class Told:
    """What is known of one agreement. `members`: everybody, whoever may be told; `parent`: of a supplementary call."""

    row: Framework
    owner: Org
    items: list[FrameworkItem] = field(default_factory=list)
    members: Joined = field(default_factory=list)
    notices: list[FrameworkNotice] = field(default_factory=list)
    parent: str = ""


def frameworks(session: Session, prefix: str, site: str, *, after: str = "") -> Page:
    """The next ten agreements by number. Six statements, whatever their number of suppliers. `site`: where notices
    are read."""
    if after and not (len(after) <= 20 and after.isalnum()):
        raise Unusable("after: the number of an agreement is expected")
    query = select(Framework, Org).join(Org, Org.id == Framework.org_id)
    query = query.where(Framework.solicited_at.is_not(None), Framework.number > after)
    rows = list(session.execute(query.order_by(Framework.number).limit(PAGE + 1)))
    found = {row.id: Told(row, owner) for row, owner in rows[:PAGE]}
    _fill(session, found)
    prices = _prices(session, list(found))
    releases = [release(one, prices, prefix, site) for one in found.values()]
    return Page(releases, rows[PAGE - 1][0].number if len(rows) > PAGE else "")


def _fill(session: Session, found: dict[str, Told]) -> None:
    items = select(FrameworkItem).where(FrameworkItem.framework_id.in_(found))
    for item in session.scalars(items.order_by(FrameworkItem.position)):
        found[item.framework_id].items.append(item)
    members = select(FrameworkMember, Org).join(Org, Org.id == FrameworkMember.org_id)
    members = members.where(FrameworkMember.framework_id.in_(found)).order_by(FrameworkMember.number)
    for member, org in session.execute(members):
        found[member.framework_id].members.append((member, org))
    notices = select(FrameworkNotice).where(FrameworkNotice.framework_id.in_(found))
    notices = notices.where(FrameworkNotice.kind.in_(DOCUMENTS)).order_by(FrameworkNotice.published_at)
    for notice in session.scalars(notices):
        found[notice.framework_id].notices.append(notice)
    parents = select(Framework.id, Framework.number).where(Framework.id.in_({one.row.parent for one in found.values()}))
    numbers = {row.id: row.number for row in session.execute(parents)}
    for told in found.values():
        told.parent = numbers.get(told.row.parent, "")


def _prices(session: Session, ids: Sequence[str]) -> Prices:
    query = select(FrameworkPrice).join(FrameworkMember, FrameworkMember.id == FrameworkPrice.member_id)
    query = query.where(FrameworkMember.framework_id.in_(ids), FrameworkPrice.ended_at.is_(None))
    found: dict[str, dict[str, FrameworkPrice]] = defaultdict(dict)
    for one in session.scalars(query):
        found[one.member_id][one.item_id] = one
    return found


def release(told: Told, prices: Prices, prefix: str, site: str) -> Release:
    """One agreement as it stands for everybody."""
    row = told.row
    inside = [(one, org) for one, org in told.members if shown_to_all(row, one)]
    awards = [_award(told, one, org, prices.get(one.id, {})) for one, org in inside]
    contracts = [_contract(row, one) for one, _ in inside if one.joined_at is not None]
    changed = _changed(told, [one for one, _ in inside])
    tags = ["tender", *(["award"] if awards else []), *(["contract"] if contracts else [])]
    found: Release = {
        "ocid": f"{prefix}-{row.number}",
        "id": f"{row.number}-{changed:%Y%m%d%H%M%S}",
        "date": changed.isoformat(timespec="seconds"),
        "tag": ["tenderCancellation"] if row.state == "TERMINATED" else tags,
        "initiationType": "tender",
        "language": "zh",
        "parties": _parties(told, {one.id for one, _ in inside}),
        "tender": _tender(told, site),
    }
    found |= {"awards": awards} if awards else {}
    found |= {"contracts": contracts} if contracts else {}
    if told.parent:
        found["relatedProcesses"] = [{"id": "1", "relationship": ["parent"], "scheme": "ocid",
                                      "identifier": f"{prefix}-{told.parent}"}]  # fmt: skip
    return found


def _changed(told: Told, inside: Sequence[FrameworkMember]) -> datetime:
    """The last moment at which something told here became known."""
    row = told.row
    moments = [row.solicited_at, row.published_at, row.signed_at, row.summary_at]
    moments += [moment for one in inside for moment in (one.joined_at, one.ended_at)]
    moments += [one.published_at for one in told.notices]
    return max(moment for moment in moments if moment is not None)


def _parties(told: Told, inside: set[str]) -> list[dict[str, Any]]:
    """An organisation stands here once, also one that came back after it had left."""
    roles: dict[str, list[str]] = {told.owner.id: ["procuringEntity"]}
    orgs = {told.owner.id: told.owner} | {org.id: org for _, org in told.members}
    for one, org in told.members:
        held = ["tenderer"] if one.id in inside or _responders_known(told.row) else []
        held += ["supplier"] if one.id in inside else []
        if held:
            known = roles.setdefault(org.id, [])
            known += [role for role in held if role not in known]
    return [party(orgs[org], held) for org, held in roles.items()]


def _responders_known(row: Framework) -> bool:
    """The shortlist names those who did not enter as well; an open call says nothing of who was refused."""
    return row.kind == "closed" and row.published_at is not None


def _tender(told: Told, site: str) -> dict[str, Any]:
    row, said = told.row, told.row.settings
    found: dict[str, Any] = {
        "id": row.number, "title": row.name,
        "status": STATUS.get(row.state, "active" if row.state in STILL_OPEN else "complete"),
        "procuringEntity": reference(told.owner), "procurementMethod": "selective",
        "procurementMethodDetails": KINDS[row.kind],
        "mainProcurementCategory": "goods" if said.get("goods") == "goods" else "services",
        "items": [_wanted(one) for one in told.items], "tenderPeriod": _tender_period(row),
        "contractPeriod": _period(row.starts_on, row.ends_on) or _length(said.get("months")),
        "techniques": {"hasFrameworkAgreement": True, "frameworkAgreement": _agreement(said),
                       "hasElectronicAuction": False},
        "documents": [_document(one, row, site) for one in told.notices],
    }  # fmt: skip
    if row.kind == "closed" and said.get("basis") in CRITERIA:
        found["awardCriteria"], found["awardCriteriaDetails"] = CRITERIA[said["basis"]]
    if said.get("qualification"):
        found["eligibilityCriteria"] = said["qualification"]
    for shortlist in (one.body for one in told.notices if one.kind == "shortlist"):
        found["numberOfTenderers"] = len(shortlist["inside"]) + len(shortlist["outside"])
    return {key: value for key, value in found.items() if value not in ([], {}, None)}


def _agreement(said: Mapping[str, Any]) -> dict[str, Any]:
    """How orders are placed under it: by direct pick and rota without, by mini-competition with new competition."""
    ways = set(said.get("ways", ()))
    mini, plain = "mini" in ways, bool(ways - {"mini"})
    method = "withAndWithoutReopeningCompetition" if mini and plain else (
        "withReopeningCompetition" if mini else "withoutReopeningCompetition")  # fmt: skip
    return {"method": method} | ({"maximumParticipants": said["cap"]} if said.get("cap") else {})


def _wanted(item: FrameworkItem) -> dict[str, Any]:
    """The unit's value is the highest price that is allowed."""
    return {
        "id": str(item.position), "description": "；".join(filter(None, (item.name, item.specs))),
        "classification": {"scheme": "CN-GPC", "id": item.category},
        "unit": {"name": item.unit, "value": money(item.ceiling)},
    }  # fmt: skip


def _award(told: Told, member: FrameworkMember, org: Org, prices: Mapping[str, FrameworkPrice]) -> dict[str, Any]:
    row = told.row
    status = {"SHORTLISTED": "pending", "LAPSED": "cancelled"}.get(member.state, "active")
    decided = row.published_at if row.kind == "closed" else None
    at = decided or member.joined_at
    found: dict[str, Any] = {
        "id": _award_id(row, member), "title": row.name, "status": status, "suppliers": [reference(org)],
        "items": [_priced(one, prices[one.id]) for one in told.items if one.id in prices],
        "contractPeriod": _period(row.starts_on, row.ends_on),
    }  # fmt: skip
    found |= {"date": at.isoformat(timespec="seconds")} if at else {}
    return {key: value for key, value in found.items() if value not in ([], {})}


def _award_id(row: Framework, member: FrameworkMember) -> str:
    return f"{row.number}-{member.number}"


def _priced(item: FrameworkItem, price: FrameworkPrice) -> dict[str, Any]:
    words = " ".join(filter(None, (price.brand, item.name, price.model)))
    return _wanted(item) | {"description": words, "unit": {"name": item.unit, "value": money(price.price)}}


def _contract(row: Framework, member: FrameworkMember) -> dict[str, Any]:
    """From the day this supplier entered to the agreement's last one, or to the day it left."""
    assert member.joined_at is not None
    last = member.ended_at.astimezone(CST).date() if member.ended_at is not None else row.ends_on
    begins = max(filter(None, (row.starts_on, member.joined_at.astimezone(CST).date())))
    status = "active" if member.state in machine.PRESENT else "terminated"
    if row.state not in machine.RUNNING:
        status = "terminated" if row.starts_on is not None else "pending"
    one = _award_id(row, member)
    found = {"id": one, "awardID": one, "title": row.name, "status": status,
             "dateSigned": member.joined_at.isoformat(timespec="seconds"), "period": _period(begins, last)}  # fmt: skip
    return {key: value for key, value in found.items() if value}


def _period(first: date | None, last: date | None) -> dict[str, str]:
    """Whole days by China's clock; {} where one end is not known yet."""
    if first is None or last is None:
        return {}
    begins, ends = datetime.combine(first, time(0), CST), datetime.combine(max(first, last), time(23, 59, 59), CST)
    return {"startDate": begins.isoformat(), "endDate": ends.isoformat()}


def _length(months: int | None) -> dict[str, int]:
    """In days, as the standard counts: months of a year of 365 days, rounded to the nearest day."""
    return {"durationInDays": (2 * months * DAYS_OF_YEAR + MONTHS_OF_YEAR) // (2 * MONTHS_OF_YEAR)} if months else {}


def _tender_period(row: Framework) -> dict[str, str]:
    """An open agreement may be entered until its last day."""
    assert row.solicited_at is not None
    last = row.deadline or (datetime.combine(row.ends_on, time(23, 59, 59), CST) if row.ends_on else None)
    found = {"startDate": row.solicited_at.isoformat(timespec="seconds")}
    return found | ({"endDate": last.isoformat(timespec="seconds")} if last else {})


def _document(notice: FrameworkNotice, row: Framework, site: str) -> dict[str, Any]:
    """A notice where it is read. The closing summary says its figures here: they are of the orders under it."""
    kind, title = DOCUMENTS[notice.kind]
    found = {"id": notice.id, "documentType": kind, "title": title, "language": "zh", "format": "text/html",
             "url": f"{site}/frameworks/{row.id}/notices/{notice.id}",
             "datePublished": notice.published_at.isoformat(timespec="seconds")}  # fmt: skip
    if notice.kind == "summary":
        found["description"] = f"订单 {notice.body['orders']} 笔，合计 {notice.body['total']} 元"
    return found
