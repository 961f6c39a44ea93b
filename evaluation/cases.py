"""What evaluation asks of trading, as frozen facts, in one place. Trading itself never calls evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Org
from core.access import SYSTEM, denied
from core.acts import Tx
from core.machine import SUSPENDED
from core.rules import Breach, Refused, RuleRow, refuse_if
from evaluation.committee.models import Committee
from evaluation.figures.models import PriceCorrection
from experts.facts import Avoid
from trading import procedures
from trading.bond.queries import of_bids, shared_payers
from trading.document.facts import with_factor
from trading.opening import coefficient
from trading.opening.ending import announce_failure
from trading.opening.models import Opening
from trading.opening.queries import avoid_list, factor, opened_bids
from trading.project.models import Case, CaseDocument, Project
from trading.project.states import accept_report, case_row, set_state, step
from trading.qualification.queries import unqualified
from venues import queries as venues

T = TypeVar("T")
AMENDING = ("clarification", "postponement")  # documents that are part of the tender file from then on


@dataclass(frozen=True)
class CaseFacts:
    """`rules_day` is the day of announcement: every number of the law is looked up by it."""

    id: str
    title: str
    lot_code: str
    region: str
    regime: str
    procedure: str
    state: str
    suspended: bool
    unit: str
    ceiling: str | None
    round: int
    tenderer: str
    agency: str
    centre: str
    regulator: str
    evaluation: Mapping[str, Any]
    award: Mapping[str, Any]
    remote: Mapping[str, Any]
    settings: Mapping[str, Any]
    announced_at: datetime | None
    opened_at: datetime | None
    estimate: str = "0"  # the budget, in government procurement

    @property
    def rules_day(self) -> date:
        assert self.announced_at is not None
        return self.announced_at.date()

    @property
    def parties(self) -> tuple[str, ...]:
        return tuple(org for org in (self.tenderer, self.agency) if org)

    @property
    def items(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.evaluation.get("preliminary") or procedures.of(self.procedure).fields.PRELIMINARY)

    @property
    def ground_rows(self) -> dict[str, dict[str, Any]]:
        """{id: {text, clarify, clerical}}: the law's causes, then the file's own."""
        found: dict[str, dict[str, Any]] = {}
        own = self.evaluation.get("reject_grounds") or ()
        for one in (*procedures.of(self.procedure).fields.REJECT_GROUNDS, *own):
            found[one["id"]] = found.get(one["id"], {}) | one
        return found

    @property
    def grounds(self) -> dict[str, str]:
        return {name: str(one["text"]) for name, one in self.ground_rows.items()}

    @property
    def by_rule(self) -> Mapping[str, str]:
        """{ground: text} of what makes a bid invalid by itself, without a vote."""
        found: Mapping[str, str] = procedures.of(self.procedure).fields.BY_RULE
        return found

    @property
    def brands(self) -> Mapping[str, Any]:
        """{core: [{id, name}], same, tie}: the core products by whose brands bidders count as one; {} without any."""
        return self.evaluation.get("brands") or {}

    @property
    def unreadable(self) -> str:
        """The ground on which a bid whose price cannot be read goes to a vote."""
        ground: str = procedures.of(self.procedure).fields.UNREADABLE
        return ground

    @property
    def most(self) -> str | None:
        """The highest price allowed: the ceiling; where there is none, the budget of a procurement."""
        budget = procedures.of(self.procedure).fields.BUDGET_LIMITS
        return self.ceiling or (self.estimate if budget else None)

    @property
    def drawn_in(self) -> tuple[str, ...]:
        """Where a committee is asked for; from the last of these states it is set."""
        return procedures.of(self.procedure).drawn_in

    @property
    def low_price(self) -> Mapping[str, Any]:
        """What the tender file prints on abnormally low prices: {lines: {mean, second_lowest, limit}, minutes}."""
        return self.evaluation.get("low_price") or {}

    @property
    def blind(self) -> Mapping[str, Any]:
        """{part: the component that is judged without a name, criteria: [id]}; empty where nothing is blind."""
        return self.evaluation.get("blind") or {}

    @property
    def criteria(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.evaluation.get("criteria") or ())

    @property
    def ranked(self) -> bool:
        """With 评定分离 the report prints no rank unless the file says otherwise (domain.md §5)."""
        return bool(self.award.get("ranked", not self.award.get("separate", False)))


def facts(session: Session, case: str) -> CaseFacts:
    """Unusable when there is no such case."""
    row = case_row(session, case)
    project = session.get(Project, row.project_id)
    assert project is not None
    return CaseFacts(
        id=row.id, title=f"{project.name} {row.lot_name}", lot_code=row.lot_code, region=row.region,
        regime=row.regime, procedure=row.procedure, state=row.state, suspended=row.suspended, round=row.round,
        unit=row.unit, ceiling=row.ceiling or None, tenderer=row.tenderer_org, agency=row.agency_org,
        centre=row.centre_org, regulator=row.regulator_org, evaluation=row.evaluation, award=row.award,
        remote=row.remote, settings=row.settings, announced_at=row.announced_at, opened_at=row.opened_at,
        estimate=row.estimate,
    )  # fmt: skip


def book(case: CaseFacts) -> Mapping[str, RuleRow]:
    """The procedure's rules at the day of announcement."""
    return procedures.of(case.procedure).rules.at(case.rules_day, case.region)


def own(tx: Tx, case: str) -> CaseFacts:
    """The case, for its tenderer or agency; Refused for anyone else."""
    found = facts(tx.session, case)
    if tx.actor.org not in found.parties:
        raise Refused(denied("CASE-PARTY", "tenderer or agency of this case", tx.actor.org_name or tx.actor.org))
    return found


def in_state(case: CaseFacts, *states: str) -> CaseFacts:
    """Refused in another state, or while the case is suspended (实施条例 art. 22, 54)."""
    if case.state not in states:
        raise Refused(Breach("STATE", "招标投标法 第37条至第42条", "B", " / ".join(states), case.state))
    if case.suspended:
        raise Refused(SUSPENDED)
    return case


def move(tx: Tx, case: str, act: str, body: dict[str, Any] | None = None) -> None:
    """One system step of the case's machine. Its station names no expert, whoever's act completed the step."""
    as_system(tx, lambda: set_state(tx, case, act, body=body or {}))


def hand_over(tx: Tx, case: str, result: dict[str, Any]) -> None:
    """The sealed report goes to trading: EVALUATED, or FAILED when nobody is left to win."""
    as_system(tx, lambda: accept_report(tx, case, result))
    row = case_row(tx.session, case)
    if result["outcome"] == "void":
        short = book(facts(tx.session, case))["R2-09/conforming"]
        why = f"通过符合性审查的投标人不足 {short.number} 家，予以废标。"
        found = short.breach("-", required=f"≥ {short.number}")
        as_system(tx, lambda: announce_failure(tx, row, found, why, opened=True))


def fail(tx: Tx, case: str, act: str, kind: str, found: Breach, why: str, body: dict[str, Any]) -> None:
    """The tender ends in FAILED by `act` of its own side during the evaluation: public notice, entry of `kind`."""
    row = case_row(tx.session, case)
    paper = announce_failure(tx, row, found, why, opened=True)
    body = body | {"notice": paper.sha256, "rule": found.rule, "article": found.article}
    step(tx, row, act, target="FAILED", kind=kind, body=body)


def note(tx: Tx, case: str, kind: str, body: dict[str, Any]) -> None:
    """An entry of what follows from a member's act: the system's, for a name stands nowhere before the result."""
    as_system(tx, lambda: tx.record(f"case:{case}", kind, body, case=case))


def as_system(tx: Tx, act: Callable[[], T]) -> T:
    """Run `act` as the system itself."""
    actor, tx.actor = tx.actor, SYSTEM
    try:
        return act()
    finally:
        tx.actor = actor


def bids(session: Session, case: str) -> list[dict[str, Any]]:
    """Opened bids in bid-number order: {id, number, org, org_name, price, duration_days, quality, flags, …}.

    Where the tenderer examined who is qualified, the committee sees those alone (87号令 art. 44). A corrected price
    that its bidder confirmed takes the place of the opened one (art. 59), which stays in `opened_price`.
    """
    row = case_row(session, case)
    out, binding = unqualified(session, row), _corrected(session, row)
    return [
        one | ({"price": binding[one["id"]], "opened_price": one["price"]} if one["id"] in binding else {})
        for one in opened(session, case) if one["id"] not in out
    ]  # fmt: skip


def _corrected(session: Session, row: Case) -> dict[str, str]:
    """{bid: price}; asked only where the law of the procedure knows such a correction."""
    if "M87-59" not in procedures.of(row.procedure).fields.BY_RULE:
        return {}
    query = select(PriceCorrection.bid_id, PriceCorrection.after)
    query = query.join(Committee, Committee.id == PriceCorrection.committee_id)
    query = query.where(
        Committee.case_id == row.id, Committee.round == row.round, Committee.void_at.is_(None),
        PriceCorrection.answer == "confirmed",
    )  # fmt: skip
    return {one.bid_id: one.after for one in session.execute(query)}


def opened(session: Session, case: str) -> list[dict[str, Any]]:
    """All opened bids in bid-number order, the unqualified too: for the record of the opening in the report."""
    return sorted(opened_bids(session, case), key=lambda one: int(one["number"]))


def turned_away(session: Session, case: str) -> list[dict[str, Any]]:
    """[{id, number, org_name, price, duration_days, quality, items, reason}] of those who were found unqualified."""
    out = unqualified(session, case_row(session, case))
    keys = ("id", "number", "org_name", "price", "duration_days", "quality")
    return [
        {key: one[key] for key in keys} | out[one["id"]] for one in opened(session, case) if one["id"] in out
    ]  # fmt: skip


def tender_papers(session: Session, case: str) -> list[dict[str, Any]]:
    """The tender file in force: its newest version of this round, then its clarifications and amendments in order
    (招标投标法 art. 23: they are part of it). [{id, kind, title, sha256, size, at}]"""
    row = case_row(session, case)
    query = select(CaseDocument).where(
        CaseDocument.case_id == case, CaseDocument.round == row.round,
        CaseDocument.kind.in_(("tender_file", *AMENDING)),
    )  # fmt: skip
    found = list(session.scalars(query.order_by(CaseDocument.created_at, CaseDocument.id)))
    files = [one for one in found if one.kind == "tender_file"][-1:]
    return [
        {"id": one.id, "kind": one.kind, "title": one.title, "sha256": one.sha256, "size": one.size,
         "at": one.created_at.isoformat()}
        for one in [*files, *(one for one in found if one.kind in AMENDING)]
    ]  # fmt: skip


def parts(session: Session, case: str) -> list[Mapping[str, Any]]:
    """The parts a bid is made of, as rows of the tender file."""
    return list(case_row(session, case).settings.get("components") or ())


def bonds(session: Session, case: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """({bid: {form, amount, at, breaches}}, signs): facts on the bid bonds for the committee, which judges them."""
    row = case_row(session, case)
    held = of_bids(session, row, row.opened_at) if row.opened_at else {}
    return held, shared_payers(session, row)


def venue_orgs(session: Session, case: CaseFacts) -> dict[str, str]:
    """{organisation: site} of the venues booked for the case."""
    return {centre.org_id: centre.region for _, centre in venues.booked(session, case.id, case.parties)}


def ready(session: Session, case: CaseFacts) -> CaseFacts:
    """Refused while the tender's coefficient is not drawn: nobody sits down to score by an open formula."""
    refuse_if(coefficient.missing(session, case.id))
    return case


def price(session: Session, case: CaseFacts) -> dict[str, Any]:
    """The price block of scoring/1, the drawn coefficient in the place of its set."""
    drawn = factor(session, case_row(session, case.id))
    return with_factor(case.evaluation["price"], drawn["value"] if drawn else "")


def reference(session: Session, case: CaseFacts) -> str | None:
    """The opened 标底, None where the tender has none."""
    row = session.get(Opening, (case.id, case.round))
    return (row.reference or None) if row else None


def avoid(session: Session, case: CaseFacts) -> Avoid:
    """Whom experts must not be near to: bidders, the tenderer, its agency, every regulator (实施条例 art. 46)."""
    listed = avoid_list(session, case.id)
    people = frozenset(listed["persons"])
    bidders = frozenset(listed["usccs"])
    side = {org: session.get(Org, org) for org in case.parties}
    uscc = {org: row.uscc for org, row in side.items() if row is not None}
    # An organisation of several kinds is listed by what it is to this case first, by 'regulator' last.
    regulators = frozenset(row.uscc for row in session.scalars(select(Org)) if "regulator" in row.kinds)
    tenderers = frozenset(code for org, code in uscc.items() if org == case.tenderer)
    agencies = frozenset(code for org, code in uscc.items() if org == case.agency)
    return Avoid(bidders, tenderers, agencies, regulators, people)
