"""Where a story is played: over HTTP and Socket.IO against a running server, or in process (seeding the demo world).

A story only says who does which act; the stage signs with the user's key as a browser would (`gongheng/act/1`).
"""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import requests
import socketio
from socketio.exceptions import SocketIOError

from certs import keys, suite
from certs.challenge import Challenge
from core import canon
from core.doors import TABLE, digest
from core.rules import Refused
from web.demo.ring import Ring, User

Payload = dict[str, Any]
# Acts of the evaluation and award rooms go over the socket, as the pages send them.
ROOM = ("sitting.", "pledge.", "leader.", "prelim.", "reject.", "lack.", "score.", "anomaly.", "award.signin",
        "award.pledge", "award.vote", "award.say")  # fmt: skip
# What a client sees of a server that dies: refused, cut before the answer, or cut within it.
CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
SIGNED = "paper.sign"
PIECE = 8 << 20  # bytes of an upload in one request


class Denied(Exception):
    """The server refused; `status` and the body of the answer."""

    def __init__(self, name: str, status: int, body: Any) -> None:
        super().__init__(f"{name}: {status} {body}")
        self.name, self.status, self.body = name, status, body

    @property
    def rules(self) -> list[str]:
        return [b["rule"] for b in self.body.get("breaches", [])] if isinstance(self.body, dict) else []


class Stage(Protocol):
    """All that a story may use. Acts are signed when their door says so."""

    ring: Ring

    def act(self, who: str, act: str, case: str = "", /, **payload: Any) -> Payload: ...
    def ask(self, who: str, question: str, case: str = "", /, **params: Any) -> Payload: ...
    def upload(self, who: str, data: bytes) -> Payload: ...
    def fetch(self, who: str, path: str) -> bytes: ...
    def sign(self, who: str, document: str) -> None: ...
    def now(self) -> datetime: ...
    def move_to(self, moment: datetime) -> None: ...
    def let_work(self) -> None: ...


def proof_of(user: User, act: str, case: str, payload: Payload, nonce: Payload) -> Payload:
    """The proof a browser would send: the typed text and its signature."""
    assert user.key is not None, f"{user.login} has no signing key"
    challenge = Challenge(act, case or "-", digest(TABLE[act], payload), nonce["nonce"], nonce["time"])
    return {
        "certificate": user.fingerprint,
        "text": base64.b64encode(challenge.text()).decode(),
        "signature": base64.b64encode(challenge.sign(user.key)).decode(),
    }


def possession(key: suite.PrivateKey, use: keys.Use, uid: str, nonce: str) -> Payload:
    """The payload that proves a fresh key, as the browser composes it."""
    text = keys.pop_text(use, uid, nonce, key)
    signature = suite.b64(suite.sign_raw(key, text))
    return {"spki": suite.b64(suite.spki_of(key)), "nonce": nonce, "text": suite.b64(text), "signature": signature}


class KeyHolder:
    """What both stages do with keys: the same things a browser does."""

    ring: Ring

    def opening_key(self, who: str) -> suite.PrivateKey:
        key = self.ring[who].opening
        assert key is not None, f"{who} has no decryption key"
        return key

    def fingerprint(self, who: str) -> str:
        return self.ring[who].fingerprint

    def refused(self, who: str, act: str, case: str = "", /, **payload: Any) -> list[str]:
        """Rules of the refusal that this act must meet; an act that is done is a fault of the story."""
        try:
            self.act(who, act, case, **payload)  # type: ignore[attr-defined]
        except Denied as denied:
            return denied.rules
        except Refused as refused:
            return [breach.rule for breach in refused.breaches]
        raise AssertionError(f"{act} by {who} was not refused")

    def enrol(self, who: str) -> None:
        user = self.ring[who]
        user.key = suite.generate()
        wanted = {"act": "cert.enrol", "object": suite.spki_id(user.key)}
        nonce = self.act(who, "nonce.issue", "", **wanted)  # type: ignore[attr-defined]
        payload = possession(user.key, "sign", user.person, nonce["nonce"])
        made = self.act(who, "cert.enrol", "", **payload)  # type: ignore[attr-defined]
        user.fingerprint = made["fingerprint"]


    def enrol_org(self, who: str, use: str) -> None:
        """The organisation's decryption key: made and kept here, proved once."""
        user = self.ring[who]
        user.opening = suite.generate()
        wanted = {"act": "cert.enrol_org", "object": suite.spki_id(user.opening)}
        nonce = self.act(who, "nonce.issue", "", **wanted)  # type: ignore[attr-defined]
        payload = possession(user.opening, "decrypt", user.org, nonce["nonce"])
        self.act(who, "cert.enrol_org", "", use=use, **payload)  # type: ignore[attr-defined]


class HttpStage(KeyHolder):
    """A browser's network side for every user: cookies, nonces, one socket each for the rooms."""

    def __init__(self, base: str, ring: Ring, *, patience: float = 30) -> None:
        self.base, self.ring, self.patience = base, ring, patience
        self._sessions: dict[str, requests.Session] = {}
        self._sockets: dict[str, socketio.Client] = {}
        self.done: list[tuple[str, str]] = []  # acts of the rooms and signatures that the server has acknowledged
        self._cut: set[str] = set()  # signatures sent without hearing an answer

    def session(self, who: str) -> requests.Session:
        if who not in self._sessions:
            http = requests.Session()
            http.headers["X-Gongheng"] = "1"
            if who and self.ring[who].extra.get("token"):
                http.cookies.set("gh_session", self.ring[who].extra["token"])
            elif who:
                user = self.ring[who]
                body = {"login": user.login, "password": user.password}
                self._checked("login", self._again(lambda: http.post(f"{self.base}/api/v1/login", json=body)))
            self._sessions[who] = http
        return self._sessions[who]

    def _again(self, call: Callable[[], requests.Response]) -> requests.Response:
        """Call; while the server is away (killed, restarting) call again until patience ends."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return call()
            except CUT:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    @staticmethod
    def _checked(name: str, answer: requests.Response) -> Any:
        if answer.status_code >= 400:
            body = answer.json() if "json" in answer.headers.get("content-type", "") else answer.text[:500]
            raise Denied(name, answer.status_code, body)
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.content

    def _get(self, who: str, path: str, **params: Any) -> Any:
        http = self.session(who)
        return self._checked(path, self._again(lambda: http.get(self.base + path, params=params, timeout=120)))

    def ask(self, who: str, question: str, case: str = "", /, **params: Any) -> Payload:
        found: Payload = self._get(who, f"/api/v1/ask/{question}", case=case, **params)["result"]
        return found

    def fetch(self, who: str, path: str) -> bytes:
        http = self.session(who)
        answer = self._again(lambda: http.get(self.base + path, timeout=120))
        self._checked(path, answer) if answer.status_code >= 400 else None
        return answer.content

    def body(self, who: str, act: str, case: str, payload: Payload) -> Payload:
        """What is posted or emitted for an act: with a fresh nonce and proof when its door is signed."""
        body: Payload = {"case": case, "payload": payload}
        if TABLE[act].signed:
            wanted = {"act": act, "case": case or "-", "object": digest(TABLE[act], payload)}
            body["proof"] = proof_of(self.ring[who], act, case, payload, self._get(who, "/api/v1/nonce", **wanted))
        return body

    def act(self, who: str, act: str, case: str = "", /, **payload: Any) -> Payload:
        """Named by an id of the client's own, so that sending it again after a cut line cannot do it twice."""
        http = self.session(who)
        if who and TABLE[act].keep:
            payload["once"] = uuid.uuid4().hex
        body = self.body(who, act, case, payload)
        if act.startswith(ROOM):
            said = self._emit(who, act, body)
            self.done.append((who, act))
            return said
        url = f"{self.base}/api/v1/acts/{act}"
        found: Payload = self._checked(act, self._again(lambda: http.post(url, data=canon.dumps(body),
                                       headers={"Content-Type": "application/json"}, timeout=120)))  # fmt: skip
        answer: Payload = found["result"]
        return answer

    def activate(self, code: str, password: str) -> None:
        http = self.session("")
        body = {"code": code, "password": password}
        self._checked("activate", self._again(lambda: http.post(f"{self.base}/activate", data=body, timeout=60)))

    def _emit(self, who: str, act: str, body: Payload) -> Payload:
        """Over the person's socket; after a cut line connect again and send the same body again."""
        until = time.monotonic() + self.patience
        while True:
            try:
                answer = self._call(self._socket(who), {"name": act, **body})
            except (SocketIOError, OSError):
                self._drop(who)
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
                continue
            if answer.get("status") != 200:
                raise Denied(act, int(answer.get("status", 0)), answer)
            result: Payload = answer["result"]
            return result

    @staticmethod
    def _call(client: socketio.Client, body: Payload) -> Payload:
        """The answer to one act; ConnectionError as soon as the line is cut, not after a timeout."""
        heard, answers = threading.Event(), []

        def hear(answer: Payload) -> None:
            answers.append(answer)
            heard.set()

        client.on("disconnect", lambda *_: heard.set())
        client.emit("act", body, callback=hear)
        heard.wait(20)
        if not answers:
            raise ConnectionError("the line was cut before the answer")
        return answers[0]

    def _socket(self, who: str) -> socketio.Client:
        if who not in self._sockets:
            client = self._sockets[who] = socketio.Client(reconnection=False)
            cookie = "; ".join(f"{one.name}={one.value}" for one in self.session(who).cookies)
            client.connect(self.base, headers={"Cookie": cookie}, transports=["websocket"], wait_timeout=5)
        return self._sockets[who]

    def _drop(self, who: str) -> None:
        client = self._sockets.pop(who, None)
        if client is not None:
            client.disconnect()
            line = getattr(client.eio, "ws", None)
            if line is not None:
                line.shutdown()  # a line that the other side cut is left open by the client's library

    def upload(self, who: str, data: bytes) -> Payload:
        """As a page sends a file: piece by piece, going on where the server stands after a cut line."""
        http, tus = self.session(who), {"Tus-Resumable": "1.0.0"}
        begin = tus | {"Upload-Length": str(len(data))}
        last = self._again(lambda: http.post(f"{self.base}/uploads", headers=begin, timeout=60))
        self._checked("uploads", last)
        url = self.base + last.headers["Location"]
        until = time.monotonic() + self.patience
        while "X-Content-SHA256" not in last.headers:
            at = int(last.headers["Upload-Offset"])
            headers = tus | {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
            try:
                last = http.patch(url, data=data[at : at + PIECE], headers=headers, timeout=120)
                self._checked("uploads", last)
            except CUT:
                if time.monotonic() > until:
                    raise
                last = self._again(lambda: http.head(url, headers=tus, timeout=60))
        return {"sha256": last.headers["X-Content-SHA256"], "size": len(data)}

    def sign(self, who: str, document: str) -> None:
        """As a browser signs: prepare, look at the bytes, sign the attributes, hand in; again when overtaken."""
        waiting = self.ask(who, "paper.waiting")["papers"]
        field = next(one["field"] for one in waiting if one["document"] == document)
        until = time.monotonic() + self.patience
        while not self._signed(who, f"{self.base}/api/v1/papers/{document}/{field}"):
            if time.monotonic() > until:
                raise Denied("sign", 409, {"breaches": [{"rule": "D-LEASE"}]})
            time.sleep(0.1)
        self.done.append((who, SIGNED))

    def _signed(self, who: str, url: str) -> bool:
        """One attempt; False when somebody was faster or the line was cut: prepare again.

        A signature whose answer was lost may stand already, and as the last one it has closed the document.
        """
        user, http = self.ring[who], self.session(who)
        assert user.key is not None
        try:
            offer = self._checked("prepare", self._again(lambda: http.post(f"{url}/prepare", timeout=60)))["result"]
            raw = suite.sign_raw(user.key, suite.unb64(offer["tbs"], "tbs"))
            body = {"signature": suite.b64(raw), "lease": offer["lease"]}
            self._checked("sign", http.post(f"{url}/sign", json=body, timeout=60))
        except CUT:
            self._cut.add(url)
            return False
        except Denied as denied:
            if url in self._cut and {"D-SIGNED", "D-CLOSED"} & set(denied.rules):
                return True
            if "D-LEASE" not in denied.rules:
                raise
            return False
        return True

    def now(self) -> datetime:
        return datetime.fromisoformat(self._get("", "/api/v1/time")["now"])

    def move_to(self, moment: datetime) -> None:
        """Forward only; a move whose answer was lost is not made twice."""
        until = time.monotonic() + self.patience
        while moment > self.now():
            try:
                body = {"to": moment.isoformat()}
                self._checked("clock", self.session("").post(f"{self.base}/demo/clock", json=body, timeout=120))
            except CUT:
                if time.monotonic() > until:
                    raise
            except Denied as denied:  # the moment came by itself meanwhile
                if "CLOCK" not in denied.rules:
                    raise

    def let_work(self) -> None:
        """The server works by itself; look again a moment later."""
        time.sleep(0.1)

    def close(self) -> None:
        for who in list(self._sockets):
            self._drop(who)
        for http in self._sessions.values():
            http.close()
