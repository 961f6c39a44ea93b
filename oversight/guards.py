"""Who may watch a case, and what even a supervisor does not see yet.

Before the deadline nothing of the sealed stream, not even its length (20号令 art. 21, 27, 56). Until the result no name
of a committee member (招标投标法 art. 37), and during the evaluation no member's findings (domain.md §4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core import canon
from core.access import Actor, Role, denied
from core.ledger import Entry, EntryRow, Stream
from core.rules import Refused
from evaluation.committee.models import Committee, Member
from trading.project.models import Case
from trading.project.states import case_row, stands_as

SEALED = "sealed:"
RESULT = ("WINNER_SET", "NOTIFIED", "CONTRACTED", "REPORTED", "ARCHIVED")  # 中标结果确定 and after
Head = dict[str, Any]


def area(session: Session, actor: Actor) -> str:
    """The region prefix of the actor's organisation: 4201 for a city, 42 for a province; "-" when it has none."""
    org = session.get(Org, actor.org) if actor.org else None
    code = org.region if org else ""
    prefix = code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return prefix or "-"


def watches(session: Session, row: Case, actor: Actor) -> bool:
    """An auditor reads all; a regulator its own cases and those of its region."""
    if actor.has(Role.AUDITOR) or Role.REGULATOR in stands_as(row, actor):
        return True
    return actor.has(Role.REGULATOR) and row.region.startswith(area(session, actor))


def watched(session: Session, case: str, actor: Actor) -> Case:
    """The case, for those who supervise it; Refused for anyone else."""
    row = case_row(session, case)
    if not watches(session, row, actor):
        raise Refused(denied("OVERSIGHT", "regulator of this case or auditor", actor.org_name or "-"))
    return row


def sealed_heads(session: Session, cases: Iterable[str] | None = None) -> dict[str, Head]:
    """{sealed stream: {size, root}} as far as its head has entered the case stream; what came later stays hidden.

    The entry at the deadline quotes {stream, size, root} (verifier.ledger.quoted); with several rounds the longest.
    """
    query = select(EntryRow.stream, EntryRow.body).where(EntryRow.body.contains(f'"stream":"{SEALED}', autoescape=True))
    if cases is None:
        named = select(func.substr(Stream.name, len(SEALED) + 1)).where(Stream.name.startswith(SEALED))
        query = query.where(EntryRow.case.in_(named))
    else:
        query = query.where(EntryRow.case.in_(list(cases)))
    found: dict[str, Head] = {}
    for stream, text in session.execute(query):
        body = canon.loads(text)
        name = f"{SEALED}{stream.removeprefix('case:')}"
        if not {"stream", "size", "root"} <= set(body) or body["stream"] != name or not stream.startswith("case:"):
            continue
        if body["size"] > found.get(name, {"size": -1})["size"]:
            found[name] = {"size": body["size"], "root": body["root"]}
    return found


@dataclass(frozen=True)
class Veil:
    """What of a case's entries is still covered. `members`: person ids of its committees."""

    state: str
    members: frozenset[str]

    @property
    def result(self) -> bool:
        return self.state in RESULT

    def names_member(self, entry: Entry) -> bool:
        """Whether the actor is a committee member: a place (`member:…`), or a person without the name."""
        person = str(entry.actor["person"])
        return person.startswith("member:") or person in self.members

    def hides_actor(self, entry: Entry) -> bool:
        return not self.result and self.names_member(entry)

    def hides_body(self, entry: Entry) -> bool:
        return self.state == "EVALUATING" and self.names_member(entry)


def veil_of(session: Session, row: Case) -> Veil:
    query = select(Member.person_id).join(Committee, Committee.id == Member.committee_id)
    people = session.scalars(query.where(Committee.case_id == row.id, Member.person_id != ""))
    return Veil(row.state, frozenset(people))
