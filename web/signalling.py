"""A room's call: browsers find each other over these events, and then talk to one another directly.

Pledged members speak; the case's supervisors listen and are seen by nobody; everyone else is refused, venue staff are
told on `room:<case>` only which cameras and microphones are on. Nothing but session descriptions of sound and picture
and the addresses for them is passed on: no data channel, so no written word from one member to another.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from core.access import SYSTEM, Actor, Role, denied
from core.acts import Tx
from core.faults import Unusable
from core.ledger import Entry
from core.rules import Refused
from evaluation import cases
from evaluation.committee.queries import committee_of, members, places
from evaluation.talk import views
from evaluation.talk.calls import CALLS, Peer
from evaluation.views import sitting_for
from web import socket, turn
from web.front import Permit
from web.pages import room

Answer = dict[str, Any]
WHO = Permit((Role.EXPERT, Role.TENDERER, Role.REGULATOR, Role.AUDITOR))
GRACE = 30  # seconds a cut line has to come back to its place, as long as a heartbeat may be missed
MOST = 12  # places of a call: nine members and those who watch; more would not fit a line (docs/operations.md)
LONGEST = 32_000  # characters of a session description
LOOK = timedelta(seconds=10)  # between two looks at the cameras of a room
_DIRECTION = re.compile(r"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", re.M)


def _text(given: Answer, key: str, limit: int, pattern: str = ".*") -> str:
    value = given.get(key, "")
    if not isinstance(value, str) or len(value) > limit or not re.fullmatch(pattern, value, re.S):
        raise Unusable(f"{key}: text expected")
    return value


def _admitted(hub: socket.Socket, actor: Actor, case: str) -> str:
    """The member the actor is, "" for a supervisor; Refused for everyone else and once the report is sealed."""
    with hub.house.acts.reading() as session:
        me = views.place_of(session, actor, case)
        if me is None and not views.may_hear(session, actor, case):
            raise Refused(denied("TALK", "a member or a supervisor of this case", actor.org_name or "-"))
        committee = committee_of(session, case)
        if committee is None or sitting_for(session, committee).stage == "SIGNED":
            raise Refused(denied("TALK", "before the report is signed", "SIGNED"))
        return me.id if me else ""


def _mine(hub: socket.Socket, sid: str, given: Answer) -> Peer:
    """The peer of this line in the named call."""
    case = _text(given, "case", 40)
    found = next((peer for peer in CALLS.by_line(sid) if peer.case == case), None)
    if found is None:
        raise Refused(denied("TALK", "av.join", "-"))
    return found


def _still(hub: socket.Socket, sid: str, given: Answer) -> Peer:
    """The same, asked anew whether it may be there: over night and at another seat it may not."""
    me = _mine(hub, sid, given)
    try:
        if _admitted(hub, hub.lines[sid].actor, me.case) == me.member:
            return me
    except Refused:
        _drop(hub, me, "closed")
        raise
    _drop(hub, me, "closed")
    raise Refused(denied("TALK", "av.join", "-"))


def _now(hub: socket.Socket) -> datetime:
    return hub.house.acts.house.clock.now()


def _sees(one: Peer, other: Peer) -> bool:
    """Two who only watch have nothing to do with each other."""
    return one.id != other.id and bool(one.member or other.member)


def _tell(hub: socket.Socket, about: Peer, kind: str) -> None:
    """To the other places of the call; a member's switches also to whoever hears the room, venue staff among them."""
    for peer in CALLS.of(about.case):
        if peer.there and _sees(peer, about):
            hub.server.emit("av", {"case": about.case, "kind": kind, **about.told()}, room=peer.line)
    if about.member:
        gone = kind == "left"
        status = {"case": about.case, "member": about.member, "there": about.there and not gone,
                  "camera": about.camera and not gone, "microphone": about.microphone and not gone}  # fmt: skip
        hub.server.emit("av.status", status, room=f"room:{about.case}")


def _drop(hub: socket.Socket, peer: Peer, why: str = "") -> None:
    if why and peer.there:
        hub.server.emit("av", {"case": peer.case, "kind": "ended", "why": why}, room=peer.line)
    CALLS.leave(peer, _now(hub))
    _tell(hub, peer, "left")


def _room_for(hub: socket.Socket, case: str, member: str) -> None:
    """CALL-FULL; whoever watches takes no place that a member may still want."""
    with hub.house.acts.reading() as session:
        committee = committee_of(session, case)
        kept = 0 if member or committee is None else places(committee)
    taken, most = sum(bool(one.member) == bool(member) for one in CALLS.of(case)), max(MOST - kept, 0)
    if taken >= most:
        raise Refused(denied("CALL-FULL", f"≤ {most}", str(taken + 1)))


# -- events -----------------------------------------------------------------------------------------------------------


def _join(hub: socket.Socket, sid: str, given: Answer) -> Answer:
    """{case, resume?: peer} → {me, watching, peers, ice}: into the call, or back to one's place after a cut line.

    Whoever is new calls everyone listed. A person's second window takes the place of the first.
    """
    case, resume = _text(given, "case", 40), _text(given, "resume", 40)
    actor = hub.lines[sid].actor
    member = _admitted(hub, actor, case)
    before = CALLS.get(resume)
    if before is not None and (before.case, before.person, before.member) != (case, actor.person, member):
        before, resume = None, ""
    for other in CALLS.of(case):
        own = other.member == member and (member or other.person == actor.person)
        if other.id != resume and (own or other.line == sid):
            _drop(hub, other, "elsewhere")
    if before is None:
        _room_for(hub, case, member)
    me = CALLS.enter(case, actor.person, member, sid, resume, _now(hub))
    _tell(hub, me, "back" if me is before else "joined")
    house = hub.house.acts.house
    ice = turn.servers(house.config, me.id, house.clock.now() - house.clock.ahead)
    peers = [peer.told() for peer in CALLS.of(case) if _sees(me, peer)]
    return {"status": 200, "me": me.id, "watching": not member, "peers": peers, "ice": ice}


def _leave(hub: socket.Socket, sid: str, given: Answer) -> Answer:
    """{case}"""
    _drop(hub, _mine(hub, sid, given))
    return {"status": 200}


def _state(hub: socket.Socket, sid: str, given: Answer) -> Answer:
    """{case, camera, microphone}: what a member has switched on. Whoever watches has nothing to switch on."""
    me = _still(hub, sid, given)
    camera, microphone = given.get("camera"), given.get("microphone")
    if not isinstance(camera, bool) or not isinstance(microphone, bool):
        raise Unusable("camera: true or false is expected")
    if not me.member and (camera or microphone):
        raise Refused(denied("TALK", "a member of this committee", "-"))
    CALLS.tell(me, camera, microphone, _now(hub))
    _tell(hub, me, "state")
    return {"status": 200}


def _description(me: Peer, given: Answer) -> Answer:
    """Sound and picture alone; of one who watches only descriptions that send nothing."""
    kind, sdp = _text(given, "type", 10, "offer|answer"), _text(given, "sdp", LONGEST)
    start, *media = re.split(r"^m=", sdp, flags=re.M)
    if not media or not all(one.startswith(("audio ", "video ")) for one in media):
        raise Unusable("description: sound and picture are expected, and nothing else")
    if not me.member:
        for one in media:
            said = _DIRECTION.findall(one) or _DIRECTION.findall(start) or ["sendrecv"]
            if not set(said) <= {"recvonly", "inactive"}:
                raise Refused(denied("TALK", "recvonly", said[0]))
    return {"type": kind, "sdp": sdp}


def _candidate(given: Answer) -> Answer:
    """An address a browser may be reached at."""
    place = given.get("sdpMLineIndex")
    if place is not None and (isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < 16):
        raise Unusable("candidate: an address is expected")
    return {
        "candidate": _text(given, "candidate", 500, r"|candidate:[\x20-\x7e]*"), "sdpMLineIndex": place,
        "sdpMid": _text(given, "sdpMid", 16) or None, "usernameFragment": _text(given, "usernameFragment", 256) or None,
    }  # fmt: skip


def _signal(hub: socket.Socket, sid: str, given: Answer) -> Answer:
    """{case, to, call, description?, candidate?} → {delivered}: to one other place of the same call."""
    me = (_still if "description" in given else _mine)(hub, sid, given)  # an address alone connects nobody
    to = CALLS.get(_text(given, "to", 40))
    if to is None or to.case != me.case or not _sees(me, to):
        return {"status": 200, "delivered": False}
    told: Answer = {"case": me.case, "kind": "signal", "from": me.id, "call": _text(given, "call", 40, r"\w*")}
    for key, read in (("description", lambda one: _description(me, one)), ("candidate", _candidate)):
        value = given.get(key)
        if value is not None:
            if not isinstance(value, dict):
                raise Unusable(f"{key}: an object is expected")
            told[key] = read(value)
    if not to.there:
        return {"status": 200, "delivered": False}
    hub.server.emit("av", told, room=to.line)
    return {"status": 200, "delivered": True}


socket.EVENTS |= {
    "av.join": socket.Event(WHO, _join),
    "av.leave": socket.Event(WHO, _leave),
    "av.signal": socket.Event(WHO, _signal),
    "av.state": socket.Event(WHO, _state),
}


# -- what happens by itself -------------------------------------------------------------------------------------------


def _cut(hub: socket.Socket, sid: str) -> None:
    """A line fell: its places wait a while for it."""
    for peer in CALLS.by_line(sid):
        CALLS.cut(peer, _now(hub))
        _tell(hub, peer, "lost")
        hub.server.start_background_task(_expire, hub, peer)


def _expire(hub: socket.Socket, peer: Peer) -> None:
    hub.server.sleep(GRACE)
    if CALLS.get(peer.id) is peer and not peer.there:
        _drop(hub, peer)


socket.GONE.append(_cut)


def sift(hub: socket.Socket, case: str) -> None:
    """Whoever may hear the room no longer, a member who left first of all, is out of its call and its channels."""
    for peer in CALLS.of(case):
        line = hub.lines.get(peer.line)
        try:
            if line is not None and _admitted(hub, line.actor, case) == peer.member:
                continue
        except Refused:
            pass
        if line is not None:
            _drop(hub, peer, "closed")
    for channel in (f"talk:{case}", f"room:{case}"):
        hub.sift(channel)


# Entries after which somebody may have lost a place.
ENDING = (
    "member.left", "committee.void", "report.accepted", "sitting.paused", "member.rejoined", "seat.changed",
)  # fmt: skip


def hear(hub: socket.Socket, entry: Entry) -> None:
    if entry.kind in ENDING:
        sift(hub, entry.case)


_looked: dict[str, datetime] = {}
_alarmed: dict[tuple[str, str], str] = {}


def look(hub: socket.Socket, case: str, now: datetime) -> None:
    """At each heartbeat of a room: a camera that is off for too long is recorded once and told to those who watch."""
    if now - _looked.get(case, datetime.min.replace(tzinfo=now.tzinfo)) < LOOK:
        return
    _looked[case] = now
    with hub.house.acts.reading() as session:
        committee = committee_of(session, case)
        if committee is None:
            return
        found, sitting = cases.facts(session, case), sitting_for(session, committee)
        seats = views.status(session, found, members(session, committee), sitting, now)
    for one in seats:
        key = (case, one["member"])
        if not one["alarm"]:
            _alarmed.pop(key, None)
        elif _alarmed.get(key) != one["off_since"]:
            _alarmed[key] = one["off_since"]
            hub.house.acts.act(_alarm, SYSTEM, case, one)


def _alarm(tx: Tx, case: str, one: Answer) -> None:
    body = {"member": one["member"], "site": one["site"], "since": one["off_since"], "breaches": one["alarm"]}
    tx.record(f"case:{case}", "camera.off", body, case=case)
    for channel in ("room", "watch"):
        tx.publish(f"{channel}:{case}", "camera.off", {"member": one["member"], "since": one["off_since"]})


room.HEARTBEATS.append(look)
