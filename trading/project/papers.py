"""Papers of plan and registration, and how any finished document is filed with a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from certs import pdfsign
from core.acts import Tx
from core.clock import CST
from core.data import regions
from core.paper import Paper
from trading import procedures
from trading.project.models import Case, CaseDocument, Project


def terms(case: Case) -> Mapping[str, str]:
    """What the case's procedure calls people and things in its papers."""
    said: Mapping[str, str] = procedures.of(case.procedure).fields.TERMS
    return said


def media(case: Case) -> str:
    """Where notices of this procedure are published."""
    return terms(case)["media"]


def file_document(
    tx: Tx, case: str, kind: str, title: str, data: bytes, audience: str, *, signing_doc: str = "",
    media: str = "application/pdf",
) -> CaseDocument:  # fmt: skip
    """Store `data` and file it under the case; the caller's ledger entry names its sha256."""
    row = tx.session.get_one(Case, case)
    blob = tx.blobs.put(data)
    document = CaseDocument(
        case_id=case, kind=kind, title=title, sha256=blob.sha256, size=blob.size, media=media, audience=audience,
        stage=row.state, round=row.round, signing_doc=signing_doc, created_at=tx.now, by_person=tx.actor.person,
    )  # fmt: skip
    tx.session.add(document)
    tx.session.flush()
    return document


def named(document: CaseDocument) -> dict[str, Any]:
    """How a ledger entry names a document."""
    return {"document": document.id, "kind": document.kind, "sha256": document.sha256}


def with_record(body: bytes, record: dict[str, Any]) -> bytes:
    """The PDF with its machine record attached as record.json."""
    return pdfsign.first_revision(body, record | {"signers": []}, ())


def day(moment: datetime | date | None) -> str:
    if moment is None:
        return "—"
    if isinstance(moment, datetime):
        moment = moment.astimezone(CST).date()
    return f"{moment.year}年{moment.month}月{moment.day}日"


def hour(moment: datetime | None) -> str:
    """To the minute; seconds only where they say something."""
    if moment is None:
        return "—"
    at = moment.astimezone(CST)
    return f"{day(at)} {at:%H:%M:%S}" if at.second else f"{day(at)} {at:%H:%M}"


def money(amount: str, unit: str) -> str:
    return f"{amount} {unit}" if amount else "—"


def place(region: str) -> str:
    return regions().full_name(region)


def case_facts(project: Project, case: Case, names: dict[str, str]) -> list[tuple[str, str]]:
    """Rows that head every paper of a case."""
    said = terms(case)
    return [
        ("项目名称", project.name),
        (said["lot"], f"{case.lot_no} {case.lot_name}"),
        (f"{said['lot']}编号", case.lot_code or "登记后生成"),
        (said["tenderer"], names.get("tenderer", "—")),
        (said["agency"], names.get("agency") or said["self"]),
        ("项目所在地", place(project.region)),
    ]


def plan_paper(project: Project, case: Case, names: dict[str, str], now: datetime, *, demo: bool) -> bytes:
    said = terms(case)
    paper = Paper(said["plan"], subtitle=project.name, issuer=names.get("tenderer", ""), number=project.id, demo=demo)
    paper.section("项目概况").facts(
        [
            *case_facts(project, case, names),
            (said["method"], "公开招标"),
            ("类别", project.category),
            ("资金来源", said["owner_money"] if project.funds == "state" else f"非{said['owner_money']}"),
            (said["estimate"], money(case.estimate, case.unit)),
            (f"计划{said['duration']}", f"{case.duration_days} 日历天"),
        ]
    )
    paper.section("计划安排").text(f"预计{said['notice']}发布时间：{case.planned_notice or '待定'}。")
    paper.text(
        f"本{said['plan']}由{said['tenderer']}提前发布，供潜在投标人了解；具体以{said['notice']}和招标文件为准。"
    )
    paper.note(f"发布时间：{hour(now)}    发布媒介：{media(case)}")
    return paper.build().bytes


def registration_paper(
    project: Project, case: Case, names: dict[str, str], extra: Sequence[tuple[str, str]], now: datetime, *, demo: bool
) -> bytes:
    said = terms(case)
    paper = Paper(said["registration"], subtitle=project.name, number=project.tender_code, demo=demo)
    paper.section("编号").facts(
        [
            ("项目编号", project.project_code),
            ("招标项目编号", project.tender_code),
            (f"{said['lot']}编号", case.lot_code),
            ("统一交易标识码", case.deal_code),
        ]
    )
    heads = case_facts(project, case, names)
    paper.section("登记信息").facts([*heads, (said["approval"], project.approval_no), *extra])
    paper.note(f"登记时间：{hour(now)}")
    return paper.build().bytes


def termination_paper(
    project: Project, case: Case, names: dict[str, str], reason: str, now: datetime, *, demo: bool
) -> bytes:
    said = terms(case)
    paper = Paper(
        said["termination"], subtitle=project.name, issuer=names.get("tenderer", ""), number=case.lot_code, demo=demo
    )
    paper.section(said["lot"]).facts(case_facts(project, case, names))
    paper.section("终止原因").text(reason)
    paper.text("已收取的招标文件费用和投标保证金及银行同期存款利息依法及时退还。")
    paper.note(f"发布时间：{hour(now)}    发布媒介：{media(case)}")
    return paper.build().bytes
