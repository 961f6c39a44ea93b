"""Keeping pieces of a recording: a browser at a seat, or the venue's own recorder, brings a file and names it here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import fields, staged
from core.access import Role, denied
from core.acts import Tx
from core.doors import acting
from core.faults import Unusable
from core.quick import STILL
from core.rules import Breach, Refused, refuse_if
from evaluation import cases
from evaluation.committee.actions import required, unnamed
from evaluation.committee.models import Committee, Member
from evaluation.failures import standing
from evaluation.sitting.actions import MEMBERS
from evaluation.sitting.guards import ARTICLE, my_place
from evaluation.talk.models import Recording

P = dict[str, Any]
MEDIA = ("video/webm", "audio/webm", "video/mp4", "audio/mp4")
LONGEST = timedelta(minutes=2)  # a piece: what a cut or a fallen browser can cost at most
SLACK = timedelta(seconds=10)  # a browser knows the server's clock only so well
STILL.add("recording.kept")  # one more piece never makes a member unrecorded


def _place(tx: Tx, committee: Committee, case: cases.CaseFacts) -> tuple[Member | None, str]:
    """(member, site) that the actor records: a pledged member's own seat, or the venue of its staff."""
    if tx.actor.has(Role.CENTRE):
        site = cases.venue_orgs(tx.session, case).get(tx.actor.org)
        if site is None:
            raise Refused(denied("CENTRE", "a venue of this case", tx.actor.org_name or tx.actor.org))
        return None, site
    me = my_place(tx, committee)
    if me.state != "pledged":
        raise Refused(Breach("PLEDGE", "招标投标法 第37条", "B", "pledged", me.state))
    refuse_if(standing.elsewhere(tx.session, tx.actor, me))
    return me, me.site


@acting("recording.keep", *MEMBERS, Role.CENTRE)
def keep(tx: Tx, case: str, p: P) -> P:
    """{sha256, media, picture, from, until} → {piece}: a file brought before, at most two minutes long.

    Pieces may come late, after a cut line or after the report; what is kept twice is one piece.
    """
    fields.only(p, "sha256", "media", "picture", "from", "until")
    found = cases.facts(tx.session, case)
    if found.state not in ("COMMITTEE_SET", "EVALUATING", "EVALUATED"):
        raise Refused(Breach("STATE", ARTICLE, "B", "COMMITTEE_SET / EVALUATING / EVALUATED", found.state))
    committee = required(tx, case)
    me, site = _place(tx, committee, found)
    sha256, media = fields.sha256(p, "sha256"), fields.choice(p, "media", MEDIA)
    begin, until = fields.moment(p, "from"), fields.moment(p, "until")
    if not begin < until <= min(begin + LONGEST, tx.now + SLACK):
        raise Unusable("until: after its beginning, at most two minutes later, and not in the future")
    mine = select(Recording).where(Recording.committee_id == committee.id, Recording.sha256 == sha256)
    before = tx.session.scalars(mine).first()
    if before is not None:
        return {"piece": before.id}
    if not staged.brought(tx, sha256):
        raise Unusable("sha256: no such file")
    row = Recording(
        committee_id=committee.id, member_id=me.id if me else "", site=site, sha256=sha256, media=media,
        size=tx.blobs.path(sha256).stat().st_size, picture=fields.yes_no(p, "picture"), from_at=begin, until_at=until,
        at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    body = {"member": row.member_id, "site": site, "sha256": sha256, "size": row.size, "picture": row.picture,
            "from": begin, "until": until}  # fmt: skip

    def record() -> None:
        tx.record(f"case:{case}", "recording.kept", body, case=case)

    if me is None:
        record()
    else:
        unnamed(tx, me, record)
    tx.publish(f"watch:{case}", "recording.kept", {})
    return {"piece": row.id}
