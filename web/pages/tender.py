"""The tender file as a form: the rule check and the scoring of sample bids answer while one types."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, jsonify, request
from sqlalchemy.orm import Session

from core import canon
from core.access import Role, denied
from core.clock import CST
from core.faults import Fault, Unusable
from core.rules import Refused
from methods import small
from trading.bidding.queries import reference_state
from trading.document import drafts, layout, trial
from trading.document.actions import breaches_of
from trading.document.bills import bill_of
from trading.method import queries as method
from trading.project.models import Case, Project
from trading.project.states import procedure_of, stands_as
from venues import queries as venues
from web import desk_words, words
from web.errors import breaches_json
from web.field_words import FIELDS
from web.front import permit, reading
from web.pages.award import method_name
from web.pages.bids import own_key
from web.pages.bonds import FORM_WORDS
from web.pages.cases import page
from web.words import N_, unusable

blueprint = Blueprint("tender", __name__)
AUTHORS = frozenset({Role.TENDERER, Role.AGENCY})

TERMS = (
    ("mean", N_("mean of the bids")),
    ("lowest", N_("lowest bid")),
    ("second_lowest", N_("second lowest bid")),
    ("ceiling", N_("ceiling price")),
    ("reference", N_("reference price")),
    ("fixed", N_("fixed value")),
)
CURVES = (
    ("slope", N_("points off for each percent above or below")),
    ("ratio", N_("benchmark divided by price")),
    ("table", N_("table of deviations")),
    ("evaluated", N_("lowest evaluated price")),
)
MODES = (
    ("MAIN_SUB", N_("main and sub venues")),
    ("DISPERSED_SEAT", N_("dispersed seats")),
    ("FUSED_MAIN_DISPERSED", N_("main venue and dispersed seats")),
)
WORDS = (
    N_("No rule objects."),
    N_("Blocks the issue"),
    N_("Warning, needs a reason"),
    N_("This cannot be scored yet: %(why)s"),
    N_("Benchmark %(value)s"),
    N_("Sample bid"),
    N_("Price"),
    N_("Price points"),
    N_("Total"),
    N_("Rank"),
    N_("Steps of the calculation"),
    N_("Saved at %(time)s"),
    N_("There are changes that are not saved."),
    N_("Price points by price, in percent of the ceiling"),
    N_("Remove"),
    N_("Seal the reference price"),
    N_("The price must be a number."),
    N_("No signing certificate: make one on the page “My certificates”."),
)


class Loose(dict[str, Any]):
    """A part of the file in which what was not written reads as empty."""

    def __missing__(self, key: str) -> str:
        return ""


def loose(value: Any) -> Any:
    if isinstance(value, dict):
        return Loose({key: loose(one) for key, one in value.items()})
    return [loose(one) for one in value] if isinstance(value, list) else value


def authored(session: Session, case: str) -> Case:
    """The case for its tenderer or agency; Refused for others, 404 when there is none."""
    row = session.get(Case, case)
    if row is None:
        abort(404)
    if not stands_as(row, g.actor) & AUTHORS:
        raise Refused(denied("ACCESS", "tenderer or agency of this case", g.actor.org_name or "-"))
    return row


def written(row: Case) -> dict[str, Any]:
    """The file as the form shows it, with defaults where nothing was written yet."""

    def local(key: str) -> str:
        moment = getattr(row, key)
        return moment.astimezone(CST).strftime("%Y-%m-%dT%H:%M") if moment else ""

    kind = procedure_of(row)
    legal = {one["id"] for one in kind.fields.REJECT_GROUNDS}
    evaluation = row.evaluation or kind.fields.START
    return {
        "evaluation": evaluation,
        "price": evaluation["price"],
        "benchmark": evaluation["price"].get("benchmark") or {"terms": []},
        "curve": evaluation["price"]["curve"],
        "deductions": [{"flag": k, "rate": v} for k, v in (evaluation["price"].get("deductions") or {}).items()],
        "qualification": (row.evaluation or {}).get("qualification") or list(kind.fields.QUALIFICATION),
        "preliminary": evaluation.get("preliminary") or list(kind.fields.PRELIMINARY),
        "own_grounds": [one for one in evaluation.get("reject_grounds") or [] if one["id"] not in legal],
        "legal_grounds": kind.fields.REJECT_GROUNDS, "has_brands": kind.fields.BRANDS,
        "usual_layout": layout.USUAL, "fonts": list(layout.FAMILIES),
        "claims": [("small_firm", "small firm"), ("domestic", "domestic product")]
                  + ([(small.FLAG, "share of small firms")] if kind.fields.REGIME == "R2" else []),
        "award": row.award or {"separate": False, "candidates": 3, "ranked": True},
        "methods": [(code, text if words.chinese() else method_name(code)) for code, text in
                    kind.fields.AWARD_METHODS.items()],
        "remote": row.remote,
        "sites": [{"region": k, "count": v} for k, v in (row.remote.get("members_by_site") or {}).items()],
        "settings": drafts.settings({}, row.settings),
        "blind_parts": [(one["id"], one["name"]) for one in row.settings.get("components", kind.fields.COMPONENTS)
                        if one["format"] == "pdf"],
        "components": row.settings.get("components", list(kind.fields.COMPONENTS)),
        "sections": [(key, heading if words.chinese() else FIELDS.get(key, heading), row.sections.get(key, text))
                     for key, (heading, text) in kind.fields.SECTIONS.items()],
        "file_from": local("file_from"), "file_until": local("file_until"), "deadline": local("deadline"),
    }  # fmt: skip


@blueprint.get("/cases/<case>/file")
@permit(Role.TENDERER, Role.AGENCY)
def edit(case: str) -> str:
    session = reading()
    row = authored(session, case)
    return page(
        "trading/file.html",
        (*WORDS, *desk_words.WORDS),
        row=row,
        project=session.get_one(Project, row.project_id),
        bill=bill_of(session, row),
        file=loose(written(row)),
        blank=Loose(),
        editable=row.state == "DRAFTING",
        templates=method.templates(session, g.actor, procedure=row.procedure),
        terms=TERMS,
        curves=CURVES,
        modes=MODES,
        bond_words=FORM_WORDS,
        centres=[(one["region"], one["name"]) for one in venues.centres(session)],
    )


@blueprint.post("/cases/<case>/file/check")
@permit(Role.TENDERER, Role.AGENCY)
def check(case: str) -> Response:
    """What file.save would answer, and sample bids scored; nothing is written. {breaches, error, preview}."""
    session = reading()
    row = authored(session, case)
    session.expunge(row)
    typed = canon.loads(request.get_data(cache=False))
    if not isinstance(typed, dict):
        raise Unusable("body: an object is expected")
    try:
        drafts.save(row, procedure_of(row), typed)
    except Unusable as error:
        return jsonify({"error": unusable(str(error)), "breaches": [], "preview": None})
    found = breaches_of(session, row, g.now)
    return jsonify({"error": "", "breaches": breaches_json(Refused(found)), "preview": sample(row)})


def sample(row: Case) -> dict[str, Any]:
    """Five sample bids scored as the committee's will be, or {error}."""
    if not row.evaluation:
        return {"error": "-"}
    base = row.ceiling or row.estimate
    try:
        scored = trial.preview(row.evaluation, base, ceiling=bool(row.ceiling))
    except (Fault, Unusable) as error:
        return {"error": unusable(str(error))}
    plain: dict[str, Any] = canon.loads(canon.dumps(scored | {"percents": list(trial.PERCENTS)}))
    return plain


@blueprint.get("/cases/<case>/reference")
@permit(Role.TENDERER)
def reference(case: str) -> str:
    """The 标底, sealed in the tenderer's browser like a bid; opened in the hall with the prices."""
    session = reading()
    row = authored(session, case)
    changeable = row.state == "DRAFTING" or (row.state == "ANNOUNCED" and row.deadline and g.now < row.deadline)
    held = own_key(session, "custodian-encrypt")
    return page(
        "trading/reference.html",
        WORDS,
        row=row,
        project=session.get_one(Project, row.project_id),
        sealed=reference_state(session, case, g.actor),
        open=changeable,
        held=held,
        settings={"case": case, "key": held},
    )
