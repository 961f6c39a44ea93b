"""Who may watch a case, and what even a supervisor does not see yet.

Until the opening begins nothing of the sealed stream, not even its length (20号令 art. 21, 27, 56): a deadline that has
gone by may still be set anew, and then bidding is open again. Until the result no name of a committee member
(招标投标法 art. 37), and during the evaluation no member's findings (domain.md §4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Org
from core import canon, merkle
from core.access import Actor, Role, denied
from core.ledger import Entry, EntryRow, Stream
from core.rules import Refused
from evaluation.committee.models import Committee, Member
from trading.deadline.queries import OPEN as MOVABLE
from trading.project.models import Case
from trading.project.states import case_row, stands_as

SEALED = "sealed:"
NEW_ROUND = "project.retendered"
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


@dataclass(frozen=True)
class Quoted:
    """Roots of a sealed stream as its case stream quoted them: the last, and that of `past` rounds; "" for none."""

    last: str
    past: str


def quoted_roots(session: Session, cases: Iterable[str] | None = None) -> dict[str, Quoted]:
    """By sealed stream: a quote is a `sealed_root`, a `sealed_head`, or a whole head."""
    said = (EntryRow.body.contains(text, autoescape=True) for text in ('"sealed_root":', '"sealed_head":', '"sealed:'))
    query = select(EntryRow.stream, EntryRow.kind, EntryRow.body).where(or_(EntryRow.kind == NEW_ROUND, *said))
    query = query.where(EntryRow.stream.startswith("case:")).order_by(EntryRow.stream, EntryRow.index)
    if cases is None:
        named = select(func.substr(Stream.name, len(SEALED) + 1)).where(Stream.name.startswith(SEALED))
        query = query.where(EntryRow.case.in_(named))
    else:
        query = query.where(EntryRow.case.in_(list(cases)))
    found: dict[str, Quoted] = {}
    for stream, kind, text in session.execute(query):
        name = f"{SEALED}{stream.removeprefix('case:')}"
        root, held = _root_in(canon.loads(text), name), found.get(name, Quoted("", ""))
        if kind == NEW_ROUND:
            found[name] = Quoted(held.last, held.last)
        elif root:
            found[name] = Quoted(root, held.past)
    return {name: one for name, one in found.items() if one.last}


def _root_in(body: dict[str, Any], name: str) -> str:
    whole = body if body.get("stream") == name else {}
    return str(body.get("sealed_root") or body.get("sealed_head", whole).get("root") or "")


def sealed_heads(session: Session, cases: Iterable[str] | None = None) -> dict[str, Head]:
    """{sealed stream: {size, root}} as far as it may be shown; what came later stays hidden.

    While the deadline may still be moved that is what earlier rounds left, else all under the root quoted last.
    """
    movable = {f"{SEALED}{case}" for case in session.scalars(select(Case.id).where(Case.state.in_(MOVABLE)))}
    found: dict[str, Head] = {}
    for name, quoted in quoted_roots(session, cases).items():
        root = quoted.past if name in movable else quoted.last
        size = size_at(session, name, root) if root else 0
        if size:
            found[name] = {"size": size, "root": root}
    return found


def size_at(session: Session, name: str, root: str) -> int:
    """The size at which a stream had this root, 0 when it never had."""
    row = session.get(Stream, name)
    if row is None:
        return 0
    now = merkle.root([bytes.fromhex(node) for node in row.frontier]).hex()
    return row.size if now == root else _size_before(session, name, root)


def _size_before(session: Session, stream: str, root: str) -> int:
    query = select(EntryRow.leaf_hash).where(EntryRow.stream == stream).order_by(EntryRow.index)
    frontier: list[bytes] = []
    for size, leaf in enumerate(session.scalars(query)):
        frontier = merkle.append(frontier, size, bytes.fromhex(leaf))
        if merkle.root(frontier).hex() == root:
            return size + 1
    return 0


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
