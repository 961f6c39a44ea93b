"""From the first line of a plan to the unified codes, and the two exits: a new round, or the end."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from accounts.models import Org
from core import codes, fields
from core.access import Role
from core.acts import Tx
from core.clock import CST
from core.data import regions
from core.doors import Payload, acting
from core.faults import Unusable
from core.money import plain
from core.rules import shown
from trading import procedures
from trading.project import papers, rules
from trading.project.facts import Need, in_wan
from trading.project.models import Case, Project
from trading.project.queries import names
from trading.project.states import go, guard, trading_org

CATEGORY = re.compile(r"[A-E][0-9]{2}( .{1,30})?")
UNITS = ("元", "万元")


def _lot(p: Payload) -> dict[str, Any]:
    number = fields.text(p, "no", limit=3)
    if not re.fullmatch(r"[0-9]{3}", number) or number == "000":
        raise Unusable("no: three digits from 001 are expected")
    return {
        "lot_no": number,
        "lot_name": fields.text(p, "name", limit=100),
        "duration_days": fields.integer(p, "duration_days", least=1, most=3650),
    }


def office(tx: Tx, kind: str, region: str) -> str:
    """The verified centre or regulator of the place itself, else of its city or province."""
    wanted = [row.code for row in reversed(regions().path(region))]
    rows = tx.session.scalars(select(Org).where(Org.region.in_(wanted), Org.state == "verified").order_by(Org.name))
    found = [org for org in rows if kind in org.kinds and not org.suspended]
    return min(found, key=lambda org: wanted.index(org.region)).id if found else ""


def _parties(tx: Tx, p: Payload) -> tuple[str, str]:
    """(tenderer, agency): an agency names its tenderer, a tenderer may name an agency."""
    if tx.actor.has(Role.AGENCY) and not tx.actor.has(Role.TENDERER):
        tenderer, agency = fields.text(p, "tenderer_org", limit=16), tx.actor.org
    else:
        tenderer, agency = tx.actor.org, fields.text(p, "agency_org", limit=16, default="")
    found = trading_org(tx.session, tenderer)
    if not {"tenderer", "owner"} & set(found.kinds):
        raise Unusable("tenderer_org: not a tenderer")
    if agency and "agency" not in trading_org(tx.session, agency).kinds:
        raise Unusable("agency_org: not an agency")
    return tenderer, agency


def _project_fields(p: Payload) -> dict[str, Any]:
    category = fields.text(p, "category", limit=40)
    if not CATEGORY.fullmatch(category):
        raise Unusable("category: a code such as A08 and its name are expected")
    region = regions().check(fields.text(p, "region", limit=6)).code
    return {
        "name": fields.text(p, "name", limit=200),
        "region": region,
        "category": category,
        "funds": fields.choice(p, "funds", ("state", "other")),
    }


def _money(p: Payload, key: str) -> str:
    return plain(fields.decimal(p, key, least=Decimal("0.000001")))


def _need(p: Payload, kind: str, unit: str, estimate: str, funds: str) -> Need:
    def optional(key: str) -> Decimal | None:
        return in_wan(_money(p, key), unit) if p.get(key) else None

    return Need(kind, in_wan(estimate, unit), True, funds, optional("budget"), optional("investment"))


@acting("project.create", Role.TENDERER, Role.AGENCY)
def create(tx: Tx, case: str, p: Payload) -> Payload:
    """{name, region, category, regime?, procedure?, funds, estimate, unit, lot, planned_notice_date, agency_org? |
    tenderer_org?, budget?, investment?} → {project, case, warnings}"""
    fields.only(
        p, "name", "region", "category", "regime", "procedure", "funds", "estimate", "unit", "lot", "agency_org",
        "tenderer_org", "planned_notice_date", "budget", "investment",
    )  # fmt: skip
    facts = _project_fields(p)
    kind = procedures.of(fields.text(p, "procedure")) if "procedure" in p else procedures.by_category(facts["category"])
    regime = fields.choice({"regime": kind.fields.REGIME} | p, "regime", (kind.fields.REGIME,))
    tenderer, agency = _parties(tx, p)
    if facts["category"][0] not in {one[0] for one in kind.fields.CATEGORIES}:
        raise Unusable("category: one of this procedure is expected")
    unit = fields.choice(p, "unit", UNITS)
    estimate = _money(p, "estimate")
    book = kind.rules.at(tx.now.date(), facts["region"])
    need = _need(p, kind.fields.kind(facts["category"]), unit, estimate, facts["funds"])
    warnings = [*rules.must_tender(need, book), *rules.state_funds(need, book)]
    centre = office(tx, "centre", facts["region"])
    if not centre:
        raise Unusable("region: no trading centre is registered for this place")
    project = Project(
        **facts, regime=regime, procedure=kind.name, tenderer_org=tenderer, agency_org=agency, centre_org=centre,
        regulator_org=office(tx, "regulator", facts["region"]), created_at=tx.now,
    )  # fmt: skip
    tx.session.add(project)
    tx.session.flush()
    row = _new_case(tx, project, _lot(fields.mapping(p, "lot")), unit, estimate)
    row.planned_notice = fields.day(p, "planned_notice_date").isoformat() if p.get("planned_notice_date") else ""
    body = {"project": project.id, "name": project.name, "lot": row.lot_no, "estimate": estimate, "unit": unit}
    tx.record(f"case:{row.id}", "project.created", body | {"warnings": shown(warnings)}, case=row.id)
    return {"project": project.id, "case": row.id, "warnings": shown(warnings)}


def _new_case(tx: Tx, project: Project, lot: dict[str, Any], unit: str, estimate: str) -> Case:
    row = Case(
        **lot, project_id=project.id, procedure=project.procedure, regime=project.regime, region=project.region,
        tenderer_org=project.tenderer_org, agency_org=project.agency_org, centre_org=project.centre_org,
        regulator_org=project.regulator_org, unit=unit, estimate=estimate,
        state=procedures.of(project.procedure).machine.first,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    return row


@acting("lot.add", Role.TENDERER, Role.AGENCY)
def add_lot(tx: Tx, case: str, p: Payload) -> Payload:
    """{lot, estimate} → {case}: one more lot beside `case`, while the project is planned."""
    fields.only(p, "lot", "estimate")
    beside, _ = guard(tx, case, "lot.add")
    project = tx.session.get_one(Project, beside.project_id)
    lot = _lot(fields.mapping(p, "lot"))
    same = select(Case.id).where(Case.project_id == project.id, Case.lot_no == lot["lot_no"])
    if tx.session.scalar(same):
        raise Unusable(f"no: the project already has a lot {lot['lot_no']}")
    row = _new_case(tx, project, lot, beside.unit, _money(p, "estimate"))
    row.planned_notice = beside.planned_notice
    body = {"project": project.id, "name": project.name, "lot": row.lot_no, "estimate": row.estimate, "unit": row.unit}
    tx.record(f"case:{row.id}", "project.created", body, case=row.id)
    return {"case": row.id}


@acting("project.edit", Role.TENDERER, Role.AGENCY)
def edit(tx: Tx, case: str, p: Payload) -> Payload:
    """{name?, category?, funds?, estimate?, lot_name?, duration_days?, planned_notice_date?} while planned."""
    fields.only(p, "name", "category", "funds", "estimate", "lot_name", "duration_days", "planned_notice_date")
    row, step = guard(tx, case, "project.edit")
    project = tx.session.get_one(Project, row.project_id)
    kept = {"name": project.name, "category": project.category, "funds": project.funds, "region": project.region}
    for key, value in _project_fields(kept | {key: p[key] for key in kept if key in p}).items():
        setattr(project, key, value)
    if "estimate" in p:
        row.estimate = _money(p, "estimate")
    row.lot_name = fields.text(p, "lot_name", limit=100, default=row.lot_name)
    row.duration_days = fields.integer(p, "duration_days", least=1, most=3650, default=row.duration_days)
    if p.get("planned_notice_date"):
        row.planned_notice = fields.day(p, "planned_notice_date").isoformat()
    go(tx, row, step, "project.edited", {"name": project.name, "estimate": row.estimate})
    return {}


@acting("plan.publish", Role.TENDERER, signed=True)
def publish_plan(tx: Tx, case: str, p: Payload) -> Payload:
    """{} → {document}: the tender plan is public from here."""
    fields.only(p)
    row, step = guard(tx, case, "plan.publish")
    project = tx.session.get_one(Project, row.project_id)
    project.plan_published_at = project.plan_published_at or tx.now
    body = papers.plan_paper(project, row, names(tx.session, row), tx.now, demo=tx.config.demo)
    document = papers.file_document(tx, case, "plan", f"{project.name} {papers.terms(row)['plan']}", body, "public")
    go(tx, row, step, "plan.published", papers.named(document))
    return {"document": document.id}


@acting("project.register", Role.TENDERER, Role.AGENCY)
def register(tx: Tx, case: str, p: Payload) -> Payload:
    """{approval_no, approved_by?, agency_contract?} → {project_code, tender_code, lot_code, deal_code, document}"""
    fields.only(p, "approval_no", "approved_by", "agency_contract")
    row, step = guard(tx, case, "project.register")
    project = tx.session.get_one(Project, row.project_id)
    project.approval_no = fields.text(p, "approval_no", limit=80)
    extra = [("立项审批部门", fields.text(p, "approved_by", limit=100, default="—"))]
    if row.agency_org:
        extra.append(("委托合同", fields.text(p, "agency_contract", limit=100, default="—")))
    _give_codes(tx, project, row)
    paper = papers.registration_paper(project, row, names(tx.session, row), extra, tx.now, demo=tx.config.demo)
    title = f"{project.name} {papers.terms(row)['registration']}"
    document = papers.file_document(tx, case, "registration", title, paper, "parties")
    given = {"lot_code": row.lot_code, "deal_code": row.deal_code}
    go(tx, row, step, "project.registered", papers.named(document) | given)
    return given | {
        "project_code": project.project_code, "tender_code": project.tender_code, "document": document.id,
    }  # fmt: skip


def _give_codes(tx: Tx, project: Project, row: Case) -> None:
    if not project.serial:
        project.serial = (tx.session.scalar(select(func.max(Project.serial))) or 0) + 1
        project.project_code = codes.make_project_code(tx.config.platform_code, project.serial)
        project.tender_code = codes.make_part_code(project.project_code, 1)
    row.lot_code = codes.make_part_code(project.tender_code, int(row.lot_no))
    deals = tx.session.scalar(select(func.count()).select_from(Case).where(Case.deal_code != "")) or 0
    centre = tx.session.get_one(Org, row.centre_org)
    head = f"{project.category[:3]}-{centre.uscc}-{tx.now.astimezone(CST):%Y%m%d}-{deals + 1:06d}"
    # Codes of existing bodies may break their own check digit (domain.md §8): only the deal code's is demanded.
    row.deal_code = str(codes.check_deal_code(f"{head}-{codes.mod37_2(head.replace('-', ''))}"))


@acting("project.retender", Role.TENDERER, Role.AGENCY)
def retender(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason?}: a failed tender begins a new round of the same project; the failed round stays as it was."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "project.retender")
    row.round += 1
    row.announced_at = row.file_from = row.file_until = row.deadline = row.attend_from = row.opened_at = None
    row.failed_reason, row.result, row.winner_bid = "", {}, ""
    reason = fields.text(p, "reason", limit=300, default="-")
    go(tx, row, step, "project.retendered", {"round": row.round, "reason": reason})
    return {"round": row.round}


@acting("project.terminate", Role.TENDERER, signed=True)
def terminate(tx: Tx, case: str, p: Payload) -> Payload:
    """{reason} → {document}: the end, with a public notice (实施条例 art. 31)."""
    fields.only(p, "reason")
    row, step = guard(tx, case, "project.terminate")
    reason = fields.text(p, "reason", limit=1000)
    project = tx.session.get_one(Project, row.project_id)
    paper = papers.termination_paper(project, row, names(tx.session, row), reason, tx.now, demo=tx.config.demo)
    title = f"{project.name} {papers.terms(row)['termination']}"
    document = papers.file_document(tx, case, "termination", title, paper, "public")
    go(tx, row, step, "project.terminated", papers.named(document) | {"reason": reason})
    return {"document": document.id}
