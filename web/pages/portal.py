"""The portal: all public notices with filters, the halls open now; nothing here knows a bid before the opening."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, g, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import data
from core.access import Role
from core.faults import Unusable
from trading.auction import queries as auctions
from trading.buying.quotes.models import QuoteRequest
from trading.framework.models import Framework
from trading.project.models import Case, Project
from trading.project.queries import NOTICES, portal
from web.front import Permit, permit, reading
from web.nav import Link
from web.words import N_

blueprint = Blueprint("portal", __name__)
LINKS = (Link(N_("Notices"), "/", "ti-speakerphone", Permit((Role.PUBLIC,)), 10),)

STAGES = (
    "PLAN_PUBLIC", "ANNOUNCED", "SEALED", "OPENING", "OPENED", "QUALIFIED", "EVALUATING", "EVALUATED",
    "CANDIDATE_PUBLIC", "WINNER_SET", "NOTIFIED", "CONTRACTED", "FAILED", "TERMINATED",
)  # fmt: skip
LIVE = ("SEALED", "OPENING")


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Unusable(f"{name}: a date YYYY-MM-DD is expected") from None


def _regions(chosen: str) -> list[tuple[str, str]]:
    """Provinces, and below the chosen one its cities and counties, indented."""
    table = data.regions()
    rows: list[tuple[str, str]] = []
    for province in table.under(None):
        rows.append((province.code, province.name))
        if chosen[:2] == province.code[:2]:
            for city in table.under(province.code):
                if not city.virtual:
                    rows.append((city.code, f"\u3000{city.name}"))
                if city.virtual or chosen[:4] == city.code[:4]:
                    rows += [(county.code, f"\u3000\u3000{county.name}") for county in table.under(city.code)]
    return rows


def _categories(session: Session) -> list[str]:
    """Categories of public cases, for the filter."""
    query = select(Project.category).join(Case, Case.project_id == Project.id).where(Case.state != "PLANNED")
    return sorted(session.scalars(query.distinct()))


def halls(session: Session) -> list[tuple[Case, Project]]:
    """Openings under way or about to begin, the next deadline first."""
    query = select(Case, Project).join(Project, Project.id == Case.project_id).where(Case.state.in_(LIVE))
    return [(case, project) for case, project in session.execute(query.order_by(Case.deadline).limit(6))]


def market(session: Session) -> list[tuple[str, int, str]]:
    """(what, how many now, where) of the mall that is open to everybody at this moment."""
    held = auctions.counts(session)
    asked = select(func.count()).select_from(QuoteRequest).where(QuoteRequest.state == "QUOTING")
    calls = select(func.count()).select_from(Framework).where(Framework.state.in_(("SOLICITED", "OPEN_CALL")))
    return [
        (N_("Auctions running"), held["live"], "/mall/auctions?tab=live"),
        (N_("Auctions to come"), held["coming"], "/mall/auctions?tab=coming"),
        (N_("Requests for quotes open"), session.scalar(asked) or 0, "/mall/quotes?state=QUOTING"),
        (N_("Framework agreements open to suppliers"), session.scalar(calls) or 0, "/frameworks"),
    ]


@blueprint.get("/")
@permit(Role.PUBLIC)
def index() -> str:
    """?q= ?region= ?category= ?stage= ?since= ?until= ?tab= ?after="""
    session = reading()
    args = {name: request.args.get(name, "").strip() for name in ("q", "region", "category", "stage", "tab", "after")}
    since, until = _day("since"), _day("until")
    found = portal(
        session,
        tab=args["tab"],
        region=args["region"],
        category=args["category"],
        stage=args["stage"],
        since=since,
        until=until,
        text=args["q"],
        after=args["after"],
    )
    table = data.regions()
    for item in found["items"]:
        item["place"] = table.full_name(item["region"]) if item["region"] else ""
    kept = {key: value for key, value in request.args.items() if key not in ("after", "tab") and value}
    return render_template(
        "portal/index.html",
        found=found,
        tabs=["", *NOTICES],
        args=args,
        kept=kept,
        since=since,
        until=until,
        regions=_regions(args["region"]),
        categories=_categories(session),
        stages=STAGES,
        halls=halls(session),
        market=[] if kept or any(args.values()) else market(session),
        today=g.now.date(),
    )
