"""Stopping a sitting and letting it go on: one open halt at a time, one entry and one line of the minutes each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete

from accounts.models import Org
from core.acts import Tx
from core.rules import Breach, Refused
from evaluation import cases
from evaluation.committee.models import Committee, Member
from evaluation.committee.queries import members
from evaluation.failures import minutes, standing
from evaluation.failures.models import Consent, Halt, MemberLine
from evaluation.sitting import flow
from evaluation.sitting.guards import complete, sitting_of
from evaluation.sitting.models import Incident
from venues import queries as venues


def note(tx: Tx, committee: Committee, kind: str, text: str, site: str = "") -> None:
    tx.session.add(Incident(committee_id=committee.id, at=tx.now, kind=kind, site=site, text=text))


def tell(tx: Tx, committee: Committee, kind: str, data: dict[str, Any]) -> None:
    """To the room, its watchers, every booked venue and each member's own page, which may not hear the room."""
    flow.tell(tx, committee.case_id, kind, data)
    found = cases.facts(tx.session, committee.case_id)
    for _, centre in venues.booked(tx.session, found.id, found.parties):
        tx.publish(f"venue:{centre.id}", kind, data)
    for row in members(tx.session, committee, "signed_in", "pledged"):
        tx.publish(f"me:{row.person_id}", kind, data)


def stop(
    tx: Tx, committee: Committee, kind: str, cause: str, reason: str, *,
    site: str = "", since: datetime | None = None, go_on_at: datetime | None = None,
) -> Halt:  # fmt: skip
    """Open a halt; whatever stood still before goes over into it only when it is a freeze."""
    sitting = sitting_of(tx, committee)
    before = standing.open_halt(tx.session, committee)
    if before is not None:
        if kind != "overnight" or before.kind in ("overnight", "flaw"):
            raise Refused(Breach("PAUSED", standing.ARTICLE, "B", "going on", sitting.paused))
        before.until_at, before.ended = tx.now, "overnight"
        tx.session.flush()
    halt = Halt(committee_id=committee.id, kind=kind, cause=cause, site=site, reason=reason, by_org=tx.actor.org,
                from_at=since or tx.now, go_on_at=go_on_at)  # fmt: skip
    tx.session.add(halt)
    tx.session.flush()
    sitting.paused = reason
    note(tx, committee, "paused", minutes.stopped(kind, reason), site)
    body = {"halt": halt.id, "kind": kind, "cause": cause, "site": site, "reason": reason, "since": halt.from_at}
    tx.record(f"case:{committee.case_id}", "sitting.paused", body | ({"go_on_at": go_on_at} if go_on_at else {}),
              case=committee.case_id)  # fmt: skip
    tell(tx, committee, "sitting.paused", {"reason": reason, "kind": kind})
    return halt


def move_hour(tx: Tx, committee: Committee, night: Halt, until: datetime, reason: str) -> None:
    """The hour at which a night ends, set anew."""
    body = {"halt": night.id, "from": night.go_on_at, "until": until, "reason": reason}
    night.go_on_at = until
    note(tx, committee, "sitting.hour_moved", minutes.hour_moved(until, reason))
    tx.record(f"case:{committee.case_id}", "sitting.hour_moved", body, case=committee.case_id)
    tell(tx, committee, "sitting.hour_moved", {"until": until.isoformat()})


def consent(tx: Tx, halt: Halt, party: str, said: str = "", member: str = "") -> None:
    """One word for going on, given once."""
    if tx.session.get(Consent, (halt.id, party)) is not None:
        raise Refused(Breach("HALT-SAID", standing.ARTICLE, "B", "one word each", party))
    org = "" if member else tx.actor.org
    tx.session.add(Consent(halt_id=halt.id, party=party, org_id=org, member_id=member, said=said, at=tx.now))
    tx.session.flush()


def go_on(tx: Tx, committee: Committee, halt: Halt, said: str = "") -> None:
    """The sitting goes on; a night moves its end by as long as it took."""
    sitting = sitting_of(tx, committee)
    given = standing.consents(tx.session, halt)
    halt.until_at, halt.ended, halt.said = tx.now, "resumed", said
    sitting.paused = ""
    if halt.kind == "overnight":
        sitting.until += tx.now - halt.from_at
    named = [(party, org_name(tx, one.org_id)) for party, one in given.items()]
    if halt.kind == "staff":
        note(tx, committee, "resumed", said)
    else:
        note(tx, committee, "resumed", minutes.went_on(halt.kind, named, said))
    body = {"halt": halt.id, "kind": halt.kind, "reason": said, "confirmed": sorted(given)}
    cases.note(tx, committee.case_id, "sitting.resumed", body) if halt.kind == "overnight" else tx.record(
        f"case:{committee.case_id}", "sitting.resumed", body, case=committee.case_id
    )
    tell(tx, committee, "sitting.resumed", {})


def org_name(tx: Tx, org: str) -> str:
    row = tx.session.get(Org, org) if org else None
    return row.name if row else ""


def quiet(tx: Tx, rows: list[Member]) -> None:
    """Nobody is missed over night: lines begin anew when members come back."""
    tx.session.execute(delete(MemberLine).where(MemberLine.member_id.in_([row.id for row in rows])))


def back(tx: Tx, committee: Committee) -> bool:
    """A frozen sitting goes on as soon as a complete committee has come back; True when it did."""
    halt = standing.open_halt(tx.session, committee)
    if halt is None or halt.kind != "overnight" or halt.go_on_at is None or tx.now < halt.go_on_at:
        return False
    rows, given = members(tx.session, committee), standing.consents(tx.session, halt)
    here = [row for row in rows if row.id in given or (row.pledged_at is not None and row.pledged_at > halt.from_at)]
    if len(here) < len(rows) or not complete(committee, rows):
        return False
    go_on(tx, committee, halt)
    return True
