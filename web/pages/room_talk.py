"""Talk in the room: its window of its own, the recordings for supervisors; what the panel of the room is made of."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, request, send_file
from flask.blueprints import BlueprintSetupState

from core import live
from core.access import Role
from core.doors import ask
from core.rules import Refused
from evaluation import cases
from evaluation.committee.queries import committee_of
from evaluation.talk import views
from evaluation.talk.models import Recording
from evaluation.views import sitting_for
from trading.project.states import case_row
from venues import queries as venues
from web import channels, signalling, words
from web.front import permit, reading, wired
from web.pages.cases import page
from web.pages.room import SAID
from web.words import N_

blueprint = Blueprint("room_talk", __name__)
channels.allow("talk", views.may_hear)

words.teach(
    {
        "TALK": N_("Only members and the case's supervisors hear this room."),
        "HAND": N_("This hand is not raised."),
        "AV-CAMERA": N_("The camera of a member is off for too long."),
        "AV-RECORD": N_("It is advised to record picture and sound of every seat."),
        "AV-RECORD/gap": N_("No piece of this seat's recording is new enough."),
        "R2-13": N_("Without a running recording of every seat nobody scores."),
        "CALL-FULL": N_("The call has no place left."),
    }
)


@blueprint.record_once
def _listen(state: BlueprintSetupState) -> None:
    """A member who left is out of the call at once, not at the next reconnection."""
    app = state.app
    app.extensions["gongheng"].acts.house.ledger.listeners.append(
        lambda entry: signalling.hear(app.extensions["gongheng.socket"], entry)
    )


def talk_of(case: str) -> dict[str, Any] | None:
    """What the panel shows at first; None for whoever may not hear the room, and before there is one."""
    session = reading()
    if not views.may_hear(session, g.actor, case):
        return None
    committee = committee_of(session, case)
    if committee is None:
        return None
    me, sitting = views.place_of(session, g.actor, case), sitting_for(session, committee)
    seen = ask(wired().acts, g.actor, "talk.read", case, {})
    return {
        **seen, "me": me.id if me else "", "stage": sitting.stage, "case": case,
        "regime": cases.facts(session, case).regime, "last": live.last(session, f"talk:{case}"),
    }  # fmt: skip


def status_of(case: str) -> dict[str, Any] | None:
    """Cameras, microphones and recordings for staff of a venue and for supervisors."""
    try:
        return ask(wired().acts, g.actor, "av.status", case, {})
    except Refused:
        return None


@blueprint.app_context_processor
def _panel() -> dict[str, Any]:
    return {"talk_of": talk_of, "status_of": status_of}


@blueprint.get("/room/<case>/talk")
@permit(Role.EXPERT, Role.TENDERER, Role.REGULATOR, Role.AUDITOR, devices=True)
def window(case: str) -> str:
    """The panel in a window of its own: the call goes on there while the room turns to another bid."""
    case_row(reading(), case)
    talk = talk_of(case)
    if talk is None:
        abort(404)
    title = cases.facts(reading(), case).title
    return page("evaluation/talk_window.html", SAID, case=case, talk=talk, title=title)


@blueprint.get("/room/<case>/recordings")
@permit(Role.REGULATOR, Role.AUDITOR)
def recordings(case: str) -> str:
    """?after=: what was recorded, in the order of time, to be played or taken away."""
    session = reading()
    case_row(session, case)
    seen = ask(wired().acts, g.actor, "recording.list", case, {"after": request.args.get("after", "")})
    found = cases.facts(session, case)
    named = {centre.region: centre.name for _, centre in venues.booked(session, case, found.parties)}
    names = ask(wired().acts, g.actor, "talk.read", case, {})["names"]
    return page("evaluation/recordings.html", case=case, seen=seen, title=found.title, venues=named, names=names)


@blueprint.get("/room/<case>/recordings/<piece>")
@permit(Role.REGULATOR, Role.AUDITOR)
def recording(case: str, piece: str) -> Response:
    """The bytes of a piece, also in parts; 404 for whoever does not supervise this case."""
    session = reading()
    row, committee = session.get(Recording, piece), committee_of(session, case)
    if row is None or committee is None or row.committee_id != committee.id:
        abort(404)
    if not views.supervises(session, g.actor, case):
        abort(404)
    name = f"{row.from_at:%Y%m%d-%H%M%S}-{row.site}-{row.id}.{row.media.partition('/')[2]}"
    path = wired().acts.house.blobs.path(row.sha256)
    sent = send_file(path, mimetype=row.media, conditional=True, download_name=name, etag=row.sha256,
                     as_attachment="download" in request.args)  # fmt: skip
    sent.headers["X-Content-SHA256"] = row.sha256
    return sent
