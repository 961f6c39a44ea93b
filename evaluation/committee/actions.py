"""Forming the committee: request, frozen list, three-party draw, invitations, spares, replacement draws."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from accounts.models import Org, Person
from certs import drawdesk, draws
from core import canon, fields, jobs
from core.access import Actor, Role, denied
from core.acts import Tx
from core.db import new_id
from core.doors import acting
from core.live import LiveEvent
from core.rules import Breach, Refused, refuse_if, shown
from evaluation import cases
from evaluation.cases import CaseFacts
from evaluation.committee import rules
from evaluation.committee.models import OPEN, OUT, Committee, Member
from evaluation.committee.queries import by_person, committee_of, members
from evaluation.failures.rules import MODES
from evaluation.vault import vault
from experts import queries as pool
from trading.project.facts import in_wan
from trading.project.papers import file_document
from venues import queries as venues
from venues.models import Booking, Centre

P = dict[str, Any]
ARTICLE = "招标投标法实施条例 第46条"


def required(tx: Tx, case: str) -> Committee:
    """The case's committee, locked; Refused before one was asked for."""
    row = committee_of(tx.session, case)
    if row is None:
        raise Refused(Breach("COMMITTEE", ARTICLE, "B", "draw.request", "-"))
    return row


def nameless(actor: Actor, member: Member) -> Actor:
    """The actor as the ledger knows it: which place acted, not who (招标投标法 art. 37).

    After sign-in the person's id stands there; the name never does before the result.
    """
    return Actor(
        person=member.person_id or f"member:{member.id}", roles=actor.roles,
        address=actor.address if member.person_id else "",
        certificate=actor.certificate if member.person_id else "",
    )  # fmt: skip


def unnamed(tx: Tx, member: Member, act: Any) -> None:
    """Run `act` with a nameless actor."""
    actor, tx.actor = tx.actor, nameless(tx.actor, member)
    try:
        act()
    finally:
        tx.actor = actor


def _counts(p: P, key: str) -> dict[str, int]:
    found = fields.mapping(p, key)
    return {str(site): fields.integer(found, site, least=0, most=99) for site in found}


@acting("draw.request", Role.TENDERER, Role.AGENCY)
def request(tx: Tx, case: str, p: P) -> P:
    """{experts, members_by_site, specialities, spares_by_site, at, until?, representatives?: [person], mode?}."""
    fields.only(p, "experts", "members_by_site", "specialities", "spares_by_site", "at", "until", "representatives",
                "mode")  # fmt: skip
    found = cases.own(tx, case)
    cases.in_state(found, *found.drawn_in)
    if committee_of(tx.session, case) is not None:
        raise Refused(Breach("COMMITTEE-TWICE", ARTICLE, "B", "one committee", "2"))
    at = fields.moment(p, "at")
    until = fields.moment(p, "until") if p.get("until") else at + timedelta(hours=8)
    if not tx.now < at < until:
        raise Refused(Breach("COMMITTEE-TIME", ARTICLE, "B", f"> {tx.now.isoformat()}", at.isoformat(), "at"))
    representatives = [str(one) for one in fields.items({"l": p.get("representatives") or []}, "l", most=20)]
    _check_representatives(tx, found, representatives)
    need: P = {
        "experts": fields.integer(p, "experts", least=1, most=99),
        "members_by_site": _counts(p, "members_by_site"),
        "specialities": [str(one) for one in fields.items(p, "specialities", most=50)],
        "spares_by_site": _counts(p, "spares_by_site"),
        "representatives": [vault().seal(case, {"person": one}) for one in representatives],
    }
    if p.get("mode"):  # else the tender file's
        need["mode"] = fields.choice(p, "mode", list(MODES))
    book = cases.book(found)
    booked = {centre.region: row.part for row, centre in venues.booked(tx.session, case, found.parties)}
    size = rules.size(need["experts"], len(representatives), book, in_wan(found.estimate, found.unit))
    refuse_if([*size, *rules.quotas(need, booked, book)])
    row = Committee(
        id=new_id(), case_id=case, round=found.round, need=need, at=at, until=until, requested_by=tx.actor.person,
        requested_at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    body = {"committee": row.id, "experts": need["experts"], "representatives": len(representatives), "at": at,
            "members_by_site": need["members_by_site"], "specialities": need["specialities"],
            "spares_by_site": need["spares_by_site"]}  # fmt: skip
    tx.record(f"case:{case}", "draw.requested", body, case=case)
    return {"committee": row.id}


def _check_representatives(tx: Tx, found: CaseFacts, people: list[str]) -> None:
    """Only the tenderer's own people; an agency's staff are no members (财政部令87号 art. 47, practice for R1)."""
    for one in people:
        person = tx.session.get(Person, one)
        if person is None or person.org_id != found.tenderer or people.count(one) > 1:
            raise Refused(denied("REPRESENTATIVE", "a person of the tenderer, once", one))


def bodies(tx: Tx, found: CaseFacts, p: P) -> dict[str, drawdesk.Party]:
    """The three parties of a draw: {parties: {tenderer, centre, supervisor: person}}, each of the right body."""
    named = fields.mapping(p, "parties")
    main = [centre for row, centre in venues.booked(tx.session, found.id, found.parties) if row.part == "main"]
    orgs = {"tenderer": found.tenderer, "centre": main[0].org_id if main else "", "supervisor": found.regulator}
    roles = {"tenderer": Role.TENDERER, "centre": Role.CENTRE, "supervisor": Role.REGULATOR}
    for party, org in orgs.items():
        person = tx.session.get(Person, str(named.get(party, "")))
        if person is None or roles[party] not in person.roles or person.org_id is None:
            raise Refused(denied("DRAW-PARTY", f"{party}: {roles[party]}", str(named.get(party, ""))))
        if org and person.org_id != org:
            raise Refused(denied("DRAW-PARTY", f"{party}: {_name(tx, org)}", _name(tx, person.org_id)))
    return drawdesk.parties(tx.session, named, tx.now)


def _name(tx: Tx, org: str) -> str:
    row = tx.session.get(Org, org)
    return row.name if row else org


def renew(tx: Tx, draw_id: str) -> None:
    """A list nobody could complete is given up; a draw that is done stays, and another of its kind may follow."""
    draw = tx.session.get(drawdesk.Draw, draw_id) if draw_id else None
    if draw is not None and draw.state != "DONE":
        drawdesk.give_up(tx, draw_id, ARTICLE)


@acting("draw.freeze", Role.TENDERER, Role.AGENCY, Role.CENTRE)
def freeze(tx: Tx, case: str, p: P) -> P:
    """{parties: {tenderer, centre, supervisor: person}} → {draw}: the first list, or the replacement that is owed."""
    fields.only(p, "parties")
    found = cases.facts(tx.session, case)
    if not tx.actor.has(Role.CENTRE):
        cases.own(tx, case)
    committee = required(tx, case)
    first = tx.session.get(drawdesk.Draw, committee.first_draw_id) if committee.first_draw_id else None
    settled = first is not None and first.state == "DONE"
    if settled and not committee.wanted:
        raise Refused(Breach("DRAW-TWICE", ARTICLE, "B", "places to fill", "0"))
    allowed = (found.drawn_in[-1], "COMMITTEE_SET", "EVALUATING") if settled else found.drawn_in
    cases.in_state(found, *allowed)
    renew(tx, committee.draw_id)
    parties = bodies(tx, found, p)
    if settled and first is not None:
        draw = _freeze_replacement(tx, committee, first, parties)
    else:
        draw = _freeze_first(tx, found, committee, parties)
        committee.first_draw_id = draw.id
    committee.draw_id = draw.id
    tx.session.flush()
    return {"draw": draw.id}


def _freeze_first(tx: Tx, found: CaseFacts, committee: Committee, parties: dict[str, drawdesk.Party]) -> drawdesk.Draw:
    need, case = committee.need, found.id
    sites = list(need["members_by_site"])
    avoid = cases.avoid(tx.session, found)
    listed, out = pool.candidates(tx.session, sites, need["specialities"], avoid, tx.now.date())
    gone = {one["id"] for one in out}
    named = {vault().open(case, one)["person"] for one in need["representatives"]}
    out += [{"id": one["id"], "rule": "REPRESENTATIVE"} for one in listed if one["id"] in named - gone]
    left = Counter(one["site"] for one in listed if one["id"] not in gone | named)
    warnings = refuse_if(rules.pool(need, left, cases.book(found)))
    salts = {one["id"]: secrets.token_bytes(16) for one in listed}
    salted = {one: draws.salted_id(salt, one) for one, salt in salts.items()}
    names = {salted[one]: vault().seal(case, {"person": one, "salt": salts[one].hex()}) for one in salts}
    employer_salt = secrets.token_bytes(16)

    def employer(uscc: str | None) -> str | None:
        return hashlib.sha256(employer_salt + uscc.encode()).hexdigest() if uscc else None

    spares = need["spares_by_site"]
    constraints = {
        "sites": [{"site": s, "take": n, "spares": spares.get(s, 0)} for s, n in need["members_by_site"].items()],
        "site_of": {salted[one["id"]]: one["site"] for one in listed},
        "specialities_of": {salted[one["id"]]: one["specialities"] for one in listed},
        "specialities": need["specialities"],
        "employer_of": {salted[one["id"]]: employer(one["employer"]) for one in listed},
        "kept": [],
    }
    excluded = [{"id": salted[one["id"]], "rule": one["rule"]} for one in out]
    if warnings:
        tx.record(f"case:{case}", "draw.pool_small", {"warnings": shown(warnings)}, case=case)
    return drawdesk.open_draw(tx, case, "experts", names, excluded, constraints, parties)


def _freeze_replacement(
    tx: Tx, committee: Committee, first: drawdesk.Draw, parties: dict[str, drawdesk.Party]
) -> drawdesk.Draw:
    """Only the free places are drawn, from the same frozen list without anyone it has already given."""
    everyone = [row for row in members(tx.session, committee, "spare", *OPEN, *OUT) if row.salted]
    excluded = {one["id"] for one in first.frozen["excluded"]}
    free = Counter(committee.wanted)
    constraints = first.frozen["constraints"] | {
        "sites": [{"site": site, "take": count, "spares": 0} for site, count in sorted(free.items())],
        "kept": sorted(row.salted for row in everyone if row.state in ("spare", *OPEN)),
    }
    used = sorted({row.salted for row in everyone} - excluded)
    return drawdesk.open_draw(
        tx, committee.case_id, "experts", first.names, [], constraints, parties, original=first, used=used
    )


@drawdesk.when_done("experts")
def drawn(tx: Tx, draw: drawdesk.Draw) -> None:
    """Places for the drawn, sealed and numbered site by site in the order of booking; the record is filed for the
    regulator until the result."""
    committee = tx.session.scalars(select(Committee).where(Committee.draw_id == draw.id)).one()
    if committee.void_at is not None:  # the deadline was moved while the draw ran
        return
    case, record = committee.case_id, draw.record or {}
    last = tx.session.scalar(select(func.max(Member.number)).where(Member.committee_id == committee.id)) or 0
    order = {centre.region: place for place, (_, centre) in enumerate(_booked(tx, case))}
    here = sorted(record["result"]["members"], key=lambda one: order.get(one["site"], len(order)))
    rows = [("invited", one) for one in here]
    rows += [("spare", one) for one in record["result"]["spares"]]
    for number, (state, one) in enumerate(rows, last + 1):
        sealed = draw.names[one["id"]]
        mark = vault().mark(vault().open(case, sealed)["person"])
        member = Member(
            id=new_id(), committee_id=committee.id, draw_id=draw.id, number=number, site=one["site"], salted=one["id"],
            sealed=sealed, mark=mark, state="spare",
        )  # fmt: skip
        tx.session.add(member)
        if state == "invited":
            _invite(tx, case, member)
    if draw.id == committee.first_draw_id:
        _seat_representatives(tx, committee, last + len(rows))
    committee.wanted = []
    data = canon.dumps(record)
    file_document(tx, case, "draw_record", f"专家抽取记录 {draw.id}", data, "regulator", media="application/json")
    tx.record(f"case:{case}", "committee.drawn", {"draw": draw.id, "members": len(record["result"]["members"]),
              "spares": len(record["result"]["spares"])}, case=case)  # fmt: skip
    tx.session.flush()
    set_committee(tx, case)


def _booked(tx: Tx, case: str) -> list[tuple[Booking, Centre]]:
    return venues.booked(tx.session, case, cases.facts(tx.session, case).parties)


def set_committee(tx: Tx, case: str) -> None:
    """→ COMMITTEE_SET as soon as both the bids are open (and examined) and the committee is drawn."""
    committee = committee_of(tx.session, case)
    drawn_already = committee is not None and bool(members(tx.session, committee))
    found = cases.facts(tx.session, case)
    if drawn_already and found.state == found.drawn_in[-1]:
        cases.move(tx, case, "committee.set")


def _seat_representatives(tx: Tx, committee: Committee, last: int) -> None:
    main = next(centre.region for row, centre in _booked(tx, committee.case_id) if row.part == "main")
    for number, sealed in enumerate(committee.need["representatives"], last + 1):
        mark = vault().mark(vault().open(committee.case_id, sealed)["person"])
        tx.session.add(
            Member(committee_id=committee.id, number=number, kind="representative", site=main, sealed=sealed, mark=mark,
                   state="accepted")
        )  # fmt: skip


def _invite(tx: Tx, case: str, member: Member) -> None:
    term = cases.book(cases.facts(tx.session, case))["INVITATION-LATE"].number
    member.state, member.answer_until = "invited", tx.now + timedelta(minutes=term)
    jobs.plan(tx.session, member.answer_until, "invitation.expire", case, {"member": member.id})
    person = vault().open(case, member.sealed)["person"]
    # Told to the person's socket and nowhere kept: a stored event would name who was drawn.
    event = LiveEvent(f"me:{person}", 0, tx.now, "invitation", {})
    tx.after(lambda: tx.hub.tell(event))


@acting("invitation.answer", Role.EXPERT, keep=False)
def answer(tx: Tx, case: str, p: P) -> P:
    """{answer: accept|decline, reason?}: by the drawn expert, in time; a reason is asked for with a refusal.

    Not kept for a second sending: the row would name who was drawn.
    """
    fields.only(p, "answer", "reason")
    committee = required(tx, case)
    member = by_person(tx.session, committee, tx.actor.person)
    if member is None or member.state == "spare":
        raise Refused(denied("INVITED", "an invited expert", "-"))
    if member.state != "invited":
        raise Refused(Breach("INVITATION", ARTICLE, "B", "invited", member.state))
    if member.answer_until is None or tx.now > member.answer_until:
        until = member.answer_until.isoformat() if member.answer_until else "-"
        row = cases.book(cases.facts(tx.session, case))["INVITATION-LATE"]
        raise Refused(row.breach(tx.now.isoformat(), required=f"≤ {until}"))
    if fields.choice(p, "answer", ["accept", "decline"]) == "accept":
        member.state = "accepted"
        body = {"member": member.id, "site": member.site}
        unnamed(tx, member, lambda: tx.record(f"case:{case}", "invitation.accepted", body, case=case))
    else:
        leave(tx, committee, member, "declined", fields.text(p, "reason"))
    return {"state": member.state}


@acting("invitation.expire")
def expire(tx: Tx, case: str, p: P) -> P:
    """Timer: no answer in time counts as none, and the next in order is asked."""
    member = tx.session.get(Member, fields.text(p, "member"))
    if member is None or member.state != "invited" or member.answer_until is None or tx.now < member.answer_until:
        return {}
    committee = tx.session.get(Committee, member.committee_id)
    if committee is None or committee.void_at is not None:
        return {}
    leave(tx, committee, member, "no_answer", "")
    return {"state": member.state}


def leave(tx: Tx, committee: Committee, member: Member, state: str, reason: str) -> None:
    """The member is out; a spare of the same site follows in drawn order, else a replacement draw is owed.

    A tenderer's representative is replaced by nobody drawn: the tenderer names another.
    """
    case = committee.case_id
    member.state, member.reason = state, reason
    body = {"member": member.id, "site": member.site, "how": state}
    unnamed(tx, member, lambda: tx.record(f"case:{case}", "member.left", body, case=case))
    if member.kind == "representative":
        return
    query = select(Member).where(
        Member.committee_id == committee.id, Member.state == "spare", Member.site == member.site
    )
    spare = tx.session.scalars(query.order_by(Member.number).limit(1)).first()
    if spare is None:
        committee.wanted = sorted([*committee.wanted, member.site])
        cases.note(tx, case, "draw.replacement_owed", {"site": member.site})
        return
    member.replaced_by = spare.id
    _invite(tx, case, spare)
    cases.note(tx, case, "spare.called", {"member": spare.id, "for": member.id, "site": spare.site})


@acting("representative.name", Role.TENDERER)
def name_representative(tx: Tx, case: str, p: P) -> P:
    """{person}: in place of a representative who left."""
    fields.only(p, "person")
    found = cases.own(tx, case)
    cases.in_state(found, found.drawn_in[-1], "COMMITTEE_SET", "EVALUATING")
    committee = required(tx, case)
    person = fields.text(p, "person", limit=16)
    _check_representatives(tx, found, [person])
    rows = [one for one in members(tx.session, committee, *OPEN, *OUT) if one.kind == "representative"]
    gone = next((one for one in rows if one.state in OUT and not one.replaced_by), None)
    if gone is None or by_person(tx.session, committee, person) is not None:
        raise Refused(Breach("REPRESENTATIVE", ARTICLE, "B", "a free place, a new person", person, "person"))
    last = tx.session.scalar(select(func.max(Member.number)).where(Member.committee_id == committee.id)) or 0
    row = Member(
        id=new_id(), committee_id=committee.id, number=last + 1, kind="representative", site=gone.site,
        sealed=vault().seal(case, {"person": person}), mark=vault().mark(person), state="accepted",
    )  # fmt: skip
    tx.session.add(row)
    gone.replaced_by = row.id
    tx.record(f"case:{case}", "representative.named", {"member": row.id, "for": gone.id}, case=case)
    return {"member": row.id}
