"""The hub: acts and channels over Socket.IO, on the raw server behind the same permits.

Who speaks is fixed at connect from the session cookie. An answer is given only after the commit; what a client missed
it fetches by number over HTTP. Events that stand in no row of EVENTS are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask_babel import force_locale
from flask_socketio import SocketIO

from core import canon
from core.access import Actor, Role, denied
from core.doors import perform
from core.faults import Fault, Unusable
from core.live import LiveEvent
from core.rules import Refused
from web import channels, errors, identity, transport, words
from web.front import Permit, Wired

Answer = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """A row of the event table: who may send it and what it does."""

    permit: Permit
    run: Callable[[Socket, str, Answer], Answer]


@dataclass
class Line:
    """One open connection."""

    actor: Actor
    token: str
    language: str
    joined: set[str]


class Socket:
    """Connections of this process, by Socket.IO session id."""

    def __init__(self, app: Flask, server: Any) -> None:
        self.app, self.server = app, server
        self.house: Wired = app.extensions["gongheng"]
        self.lines: dict[str, Line] = {}

    def connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> bool:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and urlsplit(origin).netloc != environ.get("HTTP_HOST"):
            return False
        cookies: SimpleCookie = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        address = environ.get("REMOTE_ADDR", "")
        token = cookies[identity.COOKIE].value if identity.COOKIE in cookies else ""
        language = cookies["gh_language"].value if "gh_language" in cookies else ""
        terminal = cookies[identity.TERMINAL].value if identity.TERMINAL in cookies else ""
        actor = identity.actor_of(self.house.acts, token, address, terminal)
        self.lines[sid] = Line(actor, token, "en" if language == "en" else "zh_CN", set())
        return True

    def disconnect(self, sid: str, _reason: object = None) -> None:
        line = self.lines.pop(sid, None)
        for tell in GONE:
            tell(self, sid)
        for channel in line.joined if line else ():
            self.tell_presence(channel)

    def drop(self, token: str) -> None:
        """Close every connection of a login session that has ended."""
        for sid in [sid for sid, line in self.lines.items() if token and line.token == token]:
            self.server.disconnect(sid)

    def sift(self, channel: str) -> None:
        """Judge everyone in `channel` anew; who may no longer hear it is out, and is told so."""
        for sid, line in list(self.lines.items()):
            if channel not in line.joined:
                continue
            try:
                with self.house.acts.reading() as session:
                    channels.require(session, line.actor, channel)
            except Refused:
                self.server.leave_room(sid, channel)
                line.joined.discard(channel)
                self.server.emit("out", {"channel": channel}, room=sid)
                self.tell_presence(channel)

    def receive(self, name: str, sid: str, data: Any = None, *_more: Any) -> Answer:
        """Run an event of the table; every refusal is an answer, never a silence."""
        line = self.lines.get(sid)
        if line is None:
            return {"status": 403, "error": "closed"}
        try:
            event = EVENTS.get(name)
            if event is None:
                raise Refused(denied("ACCESS", "-", name))
            if not event.permit.opens_to(line.actor):
                raise Refused(denied("ACCESS", "login", Role.PUBLIC))
            if not isinstance(data, dict):
                raise Unusable("body: an object is expected")
            return event.run(self, sid, data)
        except Exception as error:
            with self.app.app_context(), force_locale(line.language):
                return _said(error)

    def push(self, event: LiveEvent) -> None:
        self.server.emit("live", event.public(), room=event.channel)

    def present(self, channel: str) -> list[dict[str, str]]:
        """Who is in a channel now, each person once."""
        found = {line.actor.person: line.actor for line in self.lines.values() if channel in line.joined}
        people = [{"person": a.person, "name": a.name, "org": a.org_name} for a in found.values()]
        return sorted(people, key=lambda person: person["person"])

    def tell_presence(self, channel: str) -> None:
        if channel.partition(":")[0] in channels.PRESENT:
            self.server.emit("presence", {"channel": channel, "people": self.present(channel)}, room=channel)


def _said(error: Exception) -> Answer:
    """What went wrong, in the words of the line's language."""
    match error:
        case Refused():
            return {"status": 403 if errors.is_access(error) else 409, "breaches": errors.breaches_json(error)}
        case Unusable():
            return {"status": 400, "error": words.unusable(str(error))}
        case Fault():
            return {"status": 409, "error": words.unusable(str(error)), "breaches": []}
    return {"status": 500, "error": errors.note(error)}


def _text(data: Answer, key: str) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        raise Unusable(f"{key}: text expected")
    return value


def _object(data: Answer, key: str) -> Answer:
    value = data.get(key) or {}
    if not isinstance(value, dict):
        raise Unusable(f"{key}: an object is expected")
    return value


def _act(hub: Socket, sid: str, data: Answer) -> Answer:
    """{name, case, payload, proof} → {status: 200, result}: the hot path of a sitting."""
    house, actor = hub.house, hub.lines[sid].actor
    name, case = _text(data, "name"), _text(data, "case")
    result = perform(house.acts, house.prover, actor, name, case, _object(data, "payload"), _object(data, "proof"))
    return {"status": 200, "result": canon.plain(result)}


def _join(hub: Socket, sid: str, data: Answer) -> Answer:
    """{channel} → the channel's last number; the client then catches up over HTTP."""
    channel, line = _text(data, "channel"), hub.lines[sid]
    with hub.house.acts.reading() as session:
        channels.require(session, line.actor, channel)
    hub.server.enter_room(sid, channel)
    line.joined.add(channel)
    hub.tell_presence(channel)
    return {"status": 200, "channel": channel}


def _leave(hub: Socket, sid: str, data: Answer) -> Answer:
    channel = _text(data, "channel")
    hub.server.leave_room(sid, channel)
    hub.lines[sid].joined.discard(channel)
    hub.tell_presence(channel)
    return {"status": 200, "channel": channel}


def _ping(_hub: Socket, _sid: str, _data: Answer) -> Answer:
    """There and back, for the page that checks a line."""
    return {"status": 200}


EVENTS: dict[str, Event] = {
    "act": Event(Permit((), person=True), _act),
    "join": Event(Permit((Role.PUBLIC,)), _join),
    "leave": Event(Permit((Role.PUBLIC,)), _leave),
    "ping": Event(Permit((Role.PUBLIC,)), _ping),
}


# What else must know that a line fell: fn(hub, sid), called when the line is forgotten already.
GONE: list[Callable[[Socket, str], None]] = []


def attach(app: Flask) -> Socket:
    """Put the Socket.IO server in front of the app and let committed events reach it."""
    socketio = SocketIO(
        app,
        async_mode="gevent",
        transports=["websocket"],
        max_http_buffer_size=1 << 20,
        ping_interval=10,
        ping_timeout=20,
        json=transport.Wire,
        serializer=transport.Text,
        async_handlers=False,  # one client's acts are done in the order in which they were sent
    )
    server = socketio.server
    server.eio._async = server.eio._async | {"websocket": transport.Line}
    hub = Socket(app, server)
    server.on("connect", hub.connect)
    server.on("disconnect", hub.disconnect)
    server.on("*", hub.receive)
    hub.house.acts.house.hub.push = hub.push
    app.extensions["gongheng.socket"] = hub
    return hub
