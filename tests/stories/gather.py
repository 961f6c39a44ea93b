"""Everything one person can get of a case: pages, files, answers to questions, live channels with all their events.

Addresses are made from the map of the app, filled with every id of the case, also those the asker could only know from
an insider. What a page's permit refuses for the role alone is not asked again (docs/permits.md shows that).
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from typing import Any
from urllib.parse import quote

import pypdfium2
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from accounts import sign_in
from certs.models import SigningDoc
from core import canon
from core.access import SYSTEM, Actor
from core.doors import QUESTIONS
from evaluation import cases
from evaluation.sitting.models import Clarification
from tests.stories.play import Life
from trading.project.models import CaseDocument
from venues.models import Centre
from web import channels, identity
from web.app import create_app
from web.front import permit_of
from web.socket import Line

# Nothing of a case: built files, forms, the platform's own descriptions.
ELSEWHERE = re.compile(r"^/(static|login|register|activate|check|terminal|verify|trust|pages|seal|record-templates"
                       r"|api/v1/(nonce|time|openapi|live|ask))")  # fmt: skip
# Where secrets of the sitting are shown to anybody: enough for every change; the soak test reads all the rest as well.
NEAR = re.compile(r"^/(room/|papers/|cases/<case>(/result|/questions)?$|workbench$)")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\.)")
ESCAPED = re.compile(r"\\u([0-9a-f]{4})")
# The list of all experts of a centre names members and others alike: it does not tell who was drawn.
ALIKE = ("/pool",)


@dataclass
class Known:
    """Ids of the case at this moment: {name of a place in an address: values}, and {question: payloads}, channels."""

    places: dict[str, list[str]]
    payloads: dict[str, list[dict[str, Any]]]
    channels: list[str]


def known(life: Life, people: list[str]) -> Known:
    """`people`: logins whose own channels everybody tries."""
    case, ring = life.case, life.stage.ring
    with life.acts.reading() as session:
        opened = [one for one in cases.bids(session, case) if one["id"] in list(life.bids.values())[:2]]
        documents = list(session.scalars(select(CaseDocument.id).where(CaseDocument.case_id == case)))
        signing = list(session.scalars(select(SigningDoc.id).where(SigningDoc.case == case)))
        asked = list(session.scalars(select(Clarification.id)))
        centres = list(session.scalars(select(Centre.id)))
        papers = cases.tender_papers(session, case)
    bids = list(life.bids.values())[:2]
    marked = [{"sha256": one["pdf_sha256"], "bid": one["id"]} for one in opened]
    keys = {prefix: [case] for prefix in channels.TABLE}
    keys |= {
        "venue": centres, "me": [ring[one].person for one in people],
        "org": sorted({ring[one].org for one in people if ring[one].org}),
    }  # fmt: skip
    return Known(
        {"case": [case], "bid": bids, "document": [*documents, *signing], "asked": asked, "place": ["0"],
         "sha256": [one["pdf_sha256"] for one in opened], "bond": [], "piece": [], "code": [],
         "tender-file": [one["id"] for one in papers], "papers": signing, "files": documents},
        {"highlight.mine": marked, "audit.timeline": [{"limit": 200}], "org.find": [{"name": "投标人乙"}],
         "recording.list": [{"after": ""}]},
        [f"{prefix}:{key}" for prefix, found in sorted(keys.items()) for key in found],
    )  # fmt: skip


def plain(text: str) -> str:
    """Without escapes and white space: a word broken over two lines of a page is still that word."""
    text = unescape(ESCAPED.sub(lambda hit: chr(int(hit[1], 16)), text))
    return THOUSANDS.sub("", re.sub(r"\s+", "", text))


def browser(app: Flask, life: Life, login: str) -> FlaskClient:
    """A browser in which `login` is signed in; "" is nobody in particular."""
    client = app.test_client()
    client.environ_base["HTTP_X_GONGHENG"] = "1"
    if login:
        person = life.stage.ring[login].person
        client.set_cookie(identity.COOKIE, life.acts.act(sign_in.begin, SYSTEM, person))
    return client


class Gatherer:
    def __init__(self, life: Life, *, whole: bool) -> None:
        self.life, self.whole = life, whole
        self.app = create_app(life.acts.house.config, life.acts.house.clock)
        self.read: dict[str, str] = {}  # files by digest
        self.searched = 0

    def close(self) -> None:
        self.app.extensions["gongheng"].acts.engine.dispose()

    def texts(self, login: str, ids: Known) -> Iterator[tuple[str, str]]:
        """(address, text) of everything `login` gets, "" being nobody in particular."""
        client, actor = browser(self.app, self.life, login), self.life.stage.actor(login)
        for path in self._paths(actor, ids):
            yield path, self._page(client, path)
        for name in sorted(QUESTIONS):
            if actor.has(*QUESTIONS[name].roles):
                for payload in ids.payloads.get(name, [{}]):
                    yield from self._answers(client, name, payload)
        own = [f"{prefix}:{key}" for prefix, key in (("me", actor.person), ("org", actor.org)) if key]
        for channel in sorted({*ids.channels, *own}):
            yield from self._stream(client, channel)
            yield from self._presence(actor, channel)

    def search(self, login: str, ids: Known, marks: dict[str, str]) -> dict[str, list[str]]:
        """{field: addresses at which its mark stands}."""
        found: dict[str, list[str]] = {field: [] for field in marks}
        for address, text in self.texts(login, ids):
            self.searched += 1
            for field, mark in marks.items():
                if mark in text and not (field == "name" and address.startswith(ALIKE)):
                    found[field].append(address)
        return found

    def _paths(self, actor: Actor, ids: Known) -> list[str]:
        found = []
        for rule in self.app.url_map.iter_rules():
            permit = permit_of(self.app, rule.endpoint)
            if "GET" not in rule.methods or ELSEWHERE.match(rule.rule) or permit is None or not permit.opens_to(actor):
                continue
            if not self.whole and not NEAR.match(rule.rule):
                continue
            names = re.findall(r"<(?:\w+:)?(\w+)>", rule.rule)
            lists = [self._values(rule.rule, name, ids) for name in names]
            for values in itertools.product(*lists):
                filled = dict(zip(names, values, strict=True))
                found.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda hit, f=filled: f[hit[1]], rule.rule))
        return sorted(found)

    @staticmethod
    def _values(rule: str, name: str, ids: Known) -> list[str]:
        if name == "document":
            return next(ids.places[kind] for kind in ("tender-file", "papers", "files") if f"/{kind}/" in rule)
        return ids.places.get(name, [])

    def _page(self, client: FlaskClient, path: str) -> str:
        with client.get(path) as answer:  # a file is open until its answer is closed
            assert answer.status_code < 500, path
            data, status, media = answer.get_data(), answer.status_code, answer.mimetype
        if media.startswith("text/") or media == "application/json":
            told = data.decode()
            for asked in (path, quote(path, safe=""), escape(path)):  # to repeat its address tells nothing
                told = told.replace(asked, "")
            return plain(told)
        return self._file(data) if status == 200 else ""

    def _file(self, data: bytes) -> str:
        """Its digest and what can be read in it."""
        digest = canon.sha256_hex(data)
        if digest not in self.read:
            text = ""
            if data.startswith(b"%PDF-"):
                text = _pdf(data)
            elif data.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    text = "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
            self.read[digest] = f"file:{digest} {plain(text)}"
        return self.read[digest]

    def _answers(self, client: FlaskClient, name: str, payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """All pages of an answer."""
        after = ""
        while True:
            body = payload | ({"after": after} if after else {})
            answer = client.post(f"/api/v1/ask/{name}", json={"case": self.life.case, "payload": body})
            yield f"ask {name} {body}", plain(answer.get_data(as_text=True))
            result = (answer.get_json() or {}).get("result") or {}
            after = result.get("next", "") if isinstance(result, dict) else ""
            if not after:
                return

    def _stream(self, client: FlaskClient, channel: str) -> Iterator[tuple[str, str]]:
        """All events since the first, as the door for catching up gives them; the socket asks the same table."""
        after = 0
        while True:
            answer = client.get(f"/api/v1/live/{channel}?after={after}")
            yield f"live {channel} > {after}", plain(answer.get_data(as_text=True))
            events = (answer.get_json() or {}).get("events") or []
            if len(events) < 500:
                return
            after = events[-1]["seq"]

    def _presence(self, actor: Actor, channel: str) -> Iterator[tuple[str, str]]:
        """Who is there, as the socket tells everyone who has joined a channel: here every person who may has."""
        if channel.partition(":")[0] not in channels.PRESENT:
            return
        hub = self.app.extensions["gongheng.socket"]
        with self.life.acts.reading() as session:
            if not _may(session, actor, channel):
                return
            for login in filter(self._active, self.life.stage.ring.users):
                joined = self.life.stage.actor(login)
                if _may(session, joined, channel):
                    hub.lines[login] = Line(joined, "", "en", {channel})
        told = canon.dumps({"people": hub.present(channel)}).decode()
        hub.lines.clear()
        yield f"presence {channel}", plain(told)

    def _active(self, login: str) -> bool:
        return not login.startswith("expert") or login in getattr(self.life, "members", [])


def _may(session: Any, actor: Actor, channel: str) -> bool:
    prefix, _, key = channel.partition(":")
    return any(judge(session, actor, key) for judge in channels.TABLE[prefix])


def _pdf(data: bytes) -> str:
    """The text of its pages and of what is attached to it."""
    document = pypdfium2.PdfDocument(data)
    try:
        said = [page.get_textpage().get_text_range() for page in document]
        count = document.count_attachments()
        attached = [bytes(document.get_attachment(number).get_data()) for number in range(count)]
    finally:
        document.close()
    return "\n".join([*said, *(one.decode(errors="replace") for one in attached)])
