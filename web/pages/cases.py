"""The case page: a tender's life on one page, each reader's own part of it, with the acts open to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any

from flask import Blueprint, abort, current_app, g, redirect, render_template
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from accounts import queries as accounts
from core import data
from core.access import Role
from core.clock import CST
from core.doors import TABLE
from evaluation.committee.queries import committee_of
from evaluation.flaws.queries import waits as flaw_waits
from trading import procedures
from trading.award import contracts
from trading.award.publicity import publicity_of, until_of
from trading.bidding import queries as bidding
from trading.document import explain
from trading.project import periods
from trading.project.models import Case
from trading.project.periods import Running
from trading.project.queries import case_page
from trading.project.states import book_of, case_row, procedure_of
from trading.qualification.queries import SEEN_BY, items_of
from web import deadlines, objections, words
from web.front import Permit, permit, reading
from web.nav import Link
from web.words import N_, for_scripts

blueprint = Blueprint("cases", __name__)
LINKS = (
    Link(N_("New project"), "/projects/new", "ti-folder-plus", Permit((Role.TENDERER, Role.AGENCY)), 30),
)  # fmt: skip
PARTIES = frozenset({Role.TENDERER, Role.AGENCY, Role.CENTRE, Role.REGULATOR, Role.AUDITOR})
HIDDEN = frozenset({"PLANNED"})  # public from the plan on (国办发〔2024〕21号)

# What an act is called on a button; acts that are not here have no button on the case page.
ACTS: dict[str, str] = {
    "project.edit": N_("Change the plan"),
    "lot.add": N_("Add a lot"),
    "plan.publish": N_("Publish the plan"),
    "project.register": N_("Register the tender project"),
    "file.compile": N_("Begin the tender file"),
    "file.save": N_("Edit the tender file"),
    "reference.seal": N_("Seal the reference price"),
    "tender.issue": N_("Issue the tender"),
    "tender.clarify": N_("Clarify or change the tender file"),
    "file.fetch": N_("Take the tender file"),
    "question.ask": N_("Ask a question"),
    "bid.submit": N_("Submit a bid"),
    "opening.begin": N_("Begin the opening"),
    "opening.unlock": N_("Unlock the bid"),
    "opening.close": N_("Close the opening"),
    "qualification.conclude": N_("Examine who is qualified"),
    "draw.request": N_("Ask for the committee"),
    "flaw.answer": N_("Answer the committee on the tender file"),
    "winner.settle": N_("Settle the winner"),
    "award.open": N_("Convene the award meeting"),
    "candidates.publish": N_("Publish the candidates"),
    "candidates.withdraw": N_("Take a candidate back"),
    "candidates.fail": N_("Tender again instead"),
    "result.publish": N_("Publish the result"),
    "award.notify": N_("Send the award notices"),
    "contract.sign": N_("Record the contract"),
    "contract.publish": N_("Publish the contract"),
    "contract.report": N_("Report to the regulator"),
    "case.archive": N_("Archive"),
    "project.retender": N_("Tender again"),
    "project.terminate": N_("End the tender"),
}
# Acts with a page of their own.
PLACES = {
    "file.save": "/cases/{case}/file",
    "reference.seal": "/cases/{case}/reference",
    "file.fetch": "/cases/{case}/bid",
    "question.ask": "/cases/{case}/bid",
    "bid.submit": "/cases/{case}/bid",
    "opening.begin": "/cases/{case}/hall",
    "opening.unlock": "/cases/{case}/hall",
    "opening.close": "/cases/{case}/hall",
    "qualification.conclude": "/cases/{case}/qualification",
    "draw.request": "/draws/{case}",
    "flaw.answer": "/room/{case}",
    "winner.settle": "/cases/{case}/result",
    "award.open": "/award/{case}",
    "award.redo": "/cases/{case}/result",
    "candidates.publish": "/cases/{case}/result",
    "candidates.withdraw": "/cases/{case}/result",
    "candidates.fail": "/cases/{case}/result",
    "result.publish": "/cases/{case}/result",
    "award.notify": "/cases/{case}/result",
}
ASIDE = frozenset(
    {"project.edit", "lot.add", "project.terminate", "question.ask", "file.fetch", "reference.seal", "candidates.fail",
     "candidates.withdraw", "tender.clarify"}
)  # fmt: skip
# Steps nobody takes by a button of this page: what it says instead, and whose work brings them about.
BY_ITSELF: dict[str, tuple[str, tuple[Role, ...]]] = {
    "tender.deadline": (N_("Bids are sealed off at the deadline"), ()),
    "opening.settle": (N_("All prices are published at once"), ()),
    "committee.set": (N_("Draw the committee"), (Role.TENDERER, Role.CENTRE, Role.REGULATOR)),
    "evaluation.begin": (N_("Sign in and begin the evaluation"), (Role.EXPERT,)),
    "report.accept": (N_("Evaluate and sign the report"), (Role.EXPERT,)),
    "award.conclude": (N_("Vote and sign the award report"), (Role.ELECTOR,)),
}
PROCEDURES = {
    "open-works": N_("Works, open tender"),
    "open-goods": N_("Goods and services, open tender (government procurement)"),
}
SINCE_OPENING = frozenset(
    {"SEALED", "OPENING", "OPENED", "QUALIFIED", "COMMITTEE_SET", "EVALUATING", "EVALUATED", "AWARD_MEETING",
     "AWARDED_DRAFT", "CANDIDATE_PUBLIC", "WINNER_SET", "NOTIFIED", "CONTRACTED", "REPORTED", "ARCHIVED"}
)  # fmt: skip
SINCE_REPORT = frozenset(
    {"EVALUATED", "AWARD_MEETING", "AWARDED_DRAFT", "CANDIDATE_PUBLIC", "WINNER_SET", "NOTIFIED", "CONTRACTED",
     "REPORTED", "ARCHIVED"}
)  # fmt: skip


def page(template: str, words: Sequence[str] = (), **values: Any) -> str:
    """A page whose scripts also say `words`."""

    def script_words() -> dict[str, str]:
        return for_scripts() | {word: gettext(word) for word in words}

    return render_template(template, script_words=script_words, **values)


def opened_case(session: Session, case: str) -> tuple[Case, dict[str, Any]]:
    """The case and its page data, 404 when there is none or nothing of it is public yet."""
    row = session.get(Case, case)
    if row is None:
        abort(404)
    shown = case_page(session, case, g.actor, g.now)
    if row.state in HIDDEN and not PARTIES & set(shown["roles"]):
        abort(404)
    return row, shown


def exists(path: str) -> bool:
    """Whether this house has such a page, so that no link leads nowhere."""
    try:
        current_app.url_map.bind("localhost").match(path, method="GET")
    except HTTPException:
        return False
    return True


def rooms_of(row: Case, roles: set[Role]) -> list[dict[str, str]]:
    """Doors from the case page to the rooms where its work is done, by role."""
    case, watching = row.id, roles & {Role.REGULATOR, Role.AUDITOR}
    doors = [
        (Role.BIDDER in roles and row.announced_at, f"/cases/{case}/bid", "ti-lock", N_("Bid desk")),
        (
            Role.BIDDER in roles and row.state in SINCE_OPENING, f"/cases/{case}/questions", "ti-message-question",
            N_("Questions of the committee"),
        ),
        (row.state in SINCE_OPENING, f"/cases/{case}/hall", "ti-broadcast", N_("Opening hall")),
        (
            roles & PARTIES and row.announced_at and row.bid_bond not in ("", "0"), f"/cases/{case}/bonds", "ti-coins",
            N_("Bid bonds"),
        ),
        (
            roles & SEEN_BY and row.opened_at and items_of(row), f"/cases/{case}/qualification", "ti-user-check",
            N_("Qualification"),
        ),
        (roles & PARTIES and row.state in SINCE_OPENING, f"/room/{case}", "ti-users-group", N_("Evaluation room")),
        (roles & PARTIES and row.state in SINCE_OPENING, f"/venues/{case}", "ti-building", N_("Venues")),
        (
            roles & PARTIES and row.state in SINCE_OPENING, f"/draws/{case}", "ti-dice", N_("Draws"),
        ),
        (
            row.award.get("separate") and row.state in SINCE_REPORT and (Role.TENDERER in roles or watching),
            f"/award/{case}", "ti-gavel", N_("Award room"),
        ),
        (row.state in SINCE_REPORT, f"/cases/{case}/result", "ti-award", N_("Candidates and result")),
        (watching, f"/audit/{case}", "ti-eye-check", N_("Audit")),
    ]  # fmt: skip
    return [{"href": href, "icon": icon, "text": text} for opens, href, icon, text in doors if opens and exists(href)]


def due_of(session: Session, row: Case, act: str, running: Sequence[Running]) -> tuple[str, datetime | None]:
    """(word, moment) by or from which an act is due."""
    if act in ("tender.deadline", "bid.submit"):
        return N_("until"), row.deadline
    if act == "opening.begin":
        return N_("from"), row.deadline
    shown = publicity_of(session, row.id) if act == "result.publish" else None
    if shown:
        return N_("after"), until_of(row, shown)[0]
    ends = [one.due.date for one in running if one.act == act]
    return (N_("until"), datetime.combine(min(ends), time.max, CST)) if ends else ("", None)


def turns(
    session: Session, row: Case, running: Sequence[Running], answer_due: datetime | None = None, *,
    doubtful: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Who must act next and by when: {act, text, roles, word, due}; a deadline in doubt and the answer to an objection
    before all else."""
    found: dict[str, dict[str, Any]] = {}
    if doubtful:
        found["deadline.decide"] = {
            "act": "deadline.decide", "text": N_("Decide whether the deadline stands"), "roles": (Role.TENDERER,),
            "word": "", "due": None,
        }  # fmt: skip
    if answer_due is not None:
        found["objection.answer"] = {
            "act": "objection.answer", "text": N_("Answer the objection"), "roles": (Role.TENDERER,),
            "word": N_("until"), "due": answer_due,
        }  # fmt: skip
    for step in procedure_of(row).machine.open_acts(row.state):
        act, roles = step.act, step.roles
        if act == "committee.set" and committee_of(session, row.id) is None:
            act, roles = "draw.request", (Role.TENDERER, Role.AGENCY)
        text = ACTS.get(act, "")
        if not text and act in BY_ITSELF:
            text, roles = BY_ITSELF[act]
        forward = step.target != row.state or act in ("file.save", "bid.submit", "opening.unlock", "contract.publish")
        if not text or act in ASIDE or not forward or act in found:
            continue
        if act == _other_way(row) or _over(session, row, act):
            continue
        word, due = due_of(session, row, act, running)
        found[act] = {"act": act, "text": text, "roles": roles, "word": word, "due": due}
    return list(found.values())


def _other_way(row: Case) -> str:
    """After the report one of two roads is closed: the award meeting, or candidates straight from the report."""
    if row.state != "EVALUATED":
        return ""
    return "candidates.publish" if row.award.get("separate") else "award.open"


def _over(session: Session, row: Case, act: str) -> bool:
    """What is done once and moves no state, or waits for a question: nobody is called to it again, or before."""
    if act == "flaw.answer":
        return not flaw_waits(session, row.id)
    return act == contracts.PUBLISH and contracts.is_public(session, row)


def acts_of(session: Session, row: Case, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Open acts with their words, their place and whether they are signed; the asides last."""
    found = []
    for one in shown["acts"]:
        name = one["act"]
        if name not in ACTS or name not in TABLE or name == _other_way(row) or _over(session, row, name):
            continue
        place = PLACES.get(name, "").format(case=row.id)
        found.append(
            one | {
                "label": ACTS[name], "place": place, "signed": TABLE[name].signed, "aside": name in ASIDE,
                "blocks": [b for b in one["breaches"] if b.blocks],
                "warnings": [b for b in one["breaches"] if not b.blocks],
            }
        )  # fmt: skip
    before = row.state in procedure_of(row).drawn_in and committee_of(session, row.id) is None
    if before and {Role.TENDERER, Role.AGENCY} & set(shown["roles"]):
        found.append(_draw_request(row))
    seen = {one["place"]: one for one in reversed(found) if one["place"]}
    kept = [one for one in found if not one["place"] or seen[one["place"]] is one]
    return sorted(kept, key=lambda one: one["aside"])


def _draw_request(row: Case) -> dict[str, Any]:
    """Evaluation's act on the case page: not a row of trading's table, for it changes no state."""
    return {
        "act": "draw.request", "label": ACTS["draw.request"], "place": f"/draws/{row.id}", "signed": False,
        "aside": False,
        "breaches": [], "blocks": [], "warnings": [], "late": [], "target": row.state,
        "article": book_of(row, row.announced_at)["R1-17"].article,
    }  # fmt: skip


def steps_of(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Every step taken: {state, at, act, by, documents}, the act in words and the documents that came with it."""
    found, source = [], "PLANNED"
    for one in shown["stations"]:
        if not one["done"]:
            break
        papers = [d for d in shown["documents"] if (d["stage"], d["round"]) == (source, one["round"])]
        said = ACTS.get(one["act"]) or BY_ITSELF.get(one["act"], ("",))[0]
        found.append({"state": one["state"], "at": one["at"], "act": said, "by": one["by"], "documents": papers})
        source = one["state"]
    return found


def party_of(row: Case) -> Callable[[str], str]:
    """What the case's procedure calls a role."""
    named = procedure_of(row).fields.ROLES
    return lambda code: words.party(code, named)


def failed_words(row: Case) -> str:
    """Why the tender failed: the sentence of the rule, or what its owner wrote."""
    said = words.sentence(row.failed_reason.partition(":")[0])
    return gettext(said or row.failed_reason) if row.failed_reason else ""


def explained(row: Case) -> dict[str, list[str]]:
    """The evaluation method in the words of the tender file, once it is public or for its authors."""
    if not row.evaluation:
        return {}
    price = row.evaluation["price"]
    return {"price": [*explain.benchmark(price), *explain.curve(price)], "total": explain.total(row.evaluation)}


@blueprint.get("/cases/<case>")
@permit(Role.PUBLIC)
def show(case: str) -> str:
    session = reading()
    row, shown = opened_case(session, case)
    roles = {Role(role) for role in shown["roles"]}
    table = data.regions()
    objected = objections.section(session, row, g.actor, roles, g.now)
    doubt = deadlines.section(session, row, roles, g.now)
    public_method = row.announced_at is not None or roles & {Role.TENDERER, Role.AGENCY}
    return page(
        "trading/case.html",
        row=row,
        book=book_of(row, g.now),
        shown=shown,
        roles=roles,
        place=table.full_name(row.region),
        rooms=rooms_of(row, roles),
        turns=turns(
            session, row, periods.running(session, [row], g.now)[case], objected["due"], doubtful=doubt["waits"]
        ),
        doubt=doubt,
        objections=objected,
        steps=steps_of(shown),
        failed=failed_words(row),
        party=party_of(row),
        acts=acts_of(session, row, shown),
        method=explained(row) if public_method else {},
        questions=bidding.questions(session, case, g.actor) if roles & {Role.TENDERER, Role.AGENCY} else [],
        downloads=bidding.downloads(session, case, g.actor),
    )


@blueprint.get("/projects/new")
@permit(Role.TENDERER, Role.AGENCY)
def new() -> str:
    """The first line of a plan; an agency names its tenderer, a tenderer may name an agency."""
    session = reading()
    other = "tenderer" if Role.TENDERER not in g.actor.roles else "agency"
    table = data.regions()
    places = [(c.code, table.full_name(c.code)) for p in table.under(None) for c in (table.under(p.code) or [p])]
    own = accounts.org(session, g.actor.org) or {}
    here = own.get("region", "")
    if here and here not in dict(places):
        places.insert(0, (here, table.full_name(here)))
    kinds = sorted(procedures.TYPES.values(), key=lambda kind: str(kind.fields.CATEGORIES[0]))
    return page(
        "trading/new.html",
        other=other,
        orgs=[(o["id"], o["name"]) for o in accounts.orgs(session, kind=other, limit=500)],
        places=places,
        here=here,
        categories=[(gettext(PROCEDURES.get(kind.name, kind.name)), kind.fields.CATEGORIES) for kind in kinds],
    )


@blueprint.get("/hall/<case>")
@permit(Role.PUBLIC)
def hall(case: str) -> Answer:
    """The short address that the portal and printed notices use."""
    case_row(reading(), case)
    return redirect(f"/cases/{case}/hall")
