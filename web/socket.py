"""The hub: acts and channels over Socket.IO, on the raw server behind the same permits.

Who speaks is fixed at connect from the session cookie. An answer is given only after the commit; what a client missed
it fetches by number over HTTP. Events that stand in no row of EVENTS are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.cookies import SimpleCookie
from typing import Any, Protocol
from urllib.parse import urlsplit

import gevent.event
from flask import Flask
from flask_babel import force_locale
from flask_socketio import SocketIO

from core import canon
from core.access import Actor, Role, denied
from core.doors import drafted, perform
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
    below: transport.Line | None = None
    unanswered: int = 0  # drafts that were left to be written
    quiet: gevent.event.Event = field(default_factory=gevent.event.Event)  # nothing is unanswered


class Bus(Protocol):
    """What web.bus is asked for."""

    def watch(self, channel: str) -> None: ...

    def order(self, kind: str, data: dict[str, str]) -> None: ...


@dataclass(frozen=True)
class Part:
    """What a process for lines alone takes: nothing that hangs on the memory of another one. `page_port` and
    `public_url` name where our pages come from."""

    events: frozenset[str]
    acts: frozenset[str]
    channels: frozenset[str]
    page_port: int
    public_url: str

    def origins(self, host: str) -> tuple[str, ...]:
        return f"http://{host}:{self.page_port}", f"https://{host}:{self.page_port}", self.public_url.rstrip("/")


# A price hangs on the database alone. Rooms, calls and presence live in the memory of the process that serves pages.
AUCTION_LINES = frozenset({"act", "join", "leave", "ping"}), frozenset({"auction.bid"}), frozenset({"auction"})


UNANSWERED = 100  # drafts of one line; then it is read no further until they are written


class Socket:
    """Connections of this process, by Socket.IO session id."""

    def __init__(self, app: Flask, server: Any) -> None:
        self.app, self.server = app, server
        self.house: Wired = app.extensions["gongheng"]
        self.lines: dict[str, Line] = {}
        self.bus: Bus | None = None  # among several processes (web.bus)
        self.part: Part | None = None  # what a process for lines alone may do

    def connect(self, sid: str, environ: dict[str, Any], _auth: object = None) -> bool:
        origin = environ.get("HTTP_ORIGIN")
        if origin is not None and not self._own_page(origin, environ.get("HTTP_HOST", "")):
            return False
        cookies: SimpleCookie = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        address = environ.get("REMOTE_ADDR", "")
        token = cookies[identity.COOKIE].value if identity.COOKIE in cookies else ""
        language = cookies["gh_language"].value if "gh_language" in cookies else ""
        terminal = cookies[identity.TERMINAL].value if identity.TERMINAL in cookies else ""
        actor = identity.actor_of(self.house.acts, token, address, terminal)
        below = environ.get(transport.KEY)
        line = self.lines[sid] = Line(actor, token, "en" if language == "en" else "zh_CN", set(), below)
        if below is not None and self.part is None:
            below.hears = partial(self._leave_draft, line)
        return True

    def _own_page(self, origin: str, host: str) -> bool:
        """Our pages come from this very address, or from the process beside that serves them."""
        if urlsplit(origin).netloc == host:
            return True
        return self.part is not None and origin in self.part.origins(urlsplit(f"//{host}").hostname or "")

    def disconnect(self, sid: str, _reason: object = None) -> None:
        line = self.lines.pop(sid, None)
        for tell in GONE:
            tell(self, sid)
        for channel in line.joined if line else ():
            self.tell_presence(channel)

    def drop(self, token: str) -> None:
        """Close every connection of a login session that has ended, in every process."""
        if token and self.bus is not None:
            self.bus.order("drop", {"token": token_digest(token)})
        elif token:
            self.cut(token_digest(token))

    def cut(self, digest: str) -> None:
        for sid in [sid for sid, line in self.lines.items() if line.token and token_digest(line.token) == digest]:
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
            if event is None or (self.part is not None and name not in self.part.events):
                raise Refused(denied("ACCESS", "-", name))
            if not event.permit.opens_to(line.actor):
                raise Refused(denied("ACCESS", "login", Role.PUBLIC))
            if not isinstance(data, dict):
                raise Unusable("body: an object is expected")
            return event.run(self, sid, data)
        except Exception as error:
            with self.app.app_context(), force_locale(line.language):
                return _said(error)

    def _leave_draft(self, line: Line, text: str) -> bool:
        """Whether this packet is a draft: it is left to be written with others, past Socket.IO's own way, while its
        sender goes on. What else a sender says waits for that: one client's acts are done in the order sent."""
        if not text.startswith("42"):
            return False
        start = text.find("[")
        number = text[2:start]
        draft = _draft_of(text[start:]) if number.isdecimal() and EVENTS["act"].permit.opens_to(line.actor) else None
        if draft is not None:
            if line.unanswered >= UNANSWERED:
                line.quiet.wait()
            line.unanswered += 1
            line.quiet.clear()
            try:
                if drafted(self.house.acts, self.house.prover, line.actor, *draft, partial(self._answer, line, number)):
                    return True
            except Unusable:
                pass  # said the ordinary way
            line.unanswered -= 1
        if line.unanswered:
            line.quiet.wait()
        return False

    def _answer(self, line: Line, number: str, answer: Any) -> None:
        if isinstance(answer, BaseException):
            with self.app.app_context(), force_locale(line.language):
                said = _said(answer)
        else:
            said = {"status": 200, "result": canon.plain(answer)}
        if line.below is not None:
            line.below.say(transport.message(f"3{number}[{transport.Wire.dumps(said)}]"))
        line.unanswered -= 1
        if not line.unanswered:
            line.quiet.set()

    def push(self, event: LiveEvent) -> None:
        told = transport.message(f'2["live",{transport.Wire.dumps(event.public())}]')
        for sid, _ in self.server.manager.get_participants("/", event.channel):
            line = self.lines.get(sid)
            if line is not None and line.below is not None:
                line.below.say(told)

    def present(self, channel: str) -> list[dict[str, str]]:
        """Who is in a channel now, each person once."""
        found = {line.actor.person: line.actor for line in self.lines.values() if channel in line.joined}
        people = [{"person": a.person, "name": a.name, "org": a.org_name} for a in found.values()]
        return sorted(people, key=lambda person: person["person"])

    def tell_presence(self, channel: str) -> None:
        if channel.partition(":")[0] in channels.PRESENT:
            self.server.emit("presence", {"channel": channel, "people": self.present(channel)}, room=channel)


def token_digest(token: str) -> str:
    """A login as an order between processes names it: the token itself is kept nowhere."""
    return sha256(token.encode()).hexdigest()


def _draft_of(text: str) -> tuple[str, str, Answer] | None:
    """Act, case and payload of an event that might be a draft."""
    try:
        said = transport.Wire.loads(text)
    except ValueError:
        return None
    match said:
        case ["act", {"name": str(name), "case": str(case), "payload": dict(payload), **rest}] if not rest.get("proof"):
            return name, case, payload
    return None


def _said(error: BaseException) -> Answer:
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
    if hub.part is not None and name not in hub.part.acts:
        raise Refused(denied("ACCESS", " / ".join(sorted(hub.part.acts)), name))
    result = perform(house.acts, house.prover, actor, name, case, _object(data, "payload"), _object(data, "proof"))
    return {"status": 200, "result": canon.plain(result)}


def _join(hub: Socket, sid: str, data: Answer) -> Answer:
    """{channel} → the channel's last number; the client then catches up over HTTP."""
    channel, line = _text(data, "channel"), hub.lines[sid]
    if hub.part is not None and channel.partition(":")[0] not in hub.part.channels:
        raise Refused(denied("ACCESS", " / ".join(sorted(hub.part.channels)), channel.partition(":")[0]))
    with hub.house.acts.reading() as session:
        channels.require(session, line.actor, channel)
    if hub.bus is not None:
        hub.bus.watch(channel)
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


def attach(app: Flask, part: Part | None = None) -> Socket:
    """Put the Socket.IO server in front of the app and let committed events reach it; `part`: for these lines alone."""
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
    hub.part = part
    if part is not None:  # its pages come from another port; engineio would let in none of them
        server.eio.cors_allowed_origins = lambda origin, environ: hub._own_page(origin, environ.get("HTTP_HOST", ""))
    server.on("connect", hub.connect)
    server.on("disconnect", hub.disconnect)
    server.on("*", hub.receive)
    hub.house.acts.house.hub.push = hub.push
    app.extensions["gongheng.socket"] = hub
    return hub
