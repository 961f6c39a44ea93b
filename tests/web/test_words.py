"""Every page that opens without a case, as every role: no English left on a Chinese page, no Chinese on an English one.

The world is small: one person of every role, each with an organisation, and a project whose names are data.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import BytesIO

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from core import data
from core.access import Role
from tests.web.conftest import Front
from web.app import LANGUAGE_COOKIE, ROOT
from web.front import permit_of

# Names, units and codes that are the same in both languages; login names and the demo's own files.
ALLOWED = {
    "SHA", "PDF", "English", "JSON", "Python", "python", "verifier", "FILE", "trust", "json", "KB", "MB", "UTF", "ID",
    "USCC", "GB", "xlsx", "OCDS",
}  # fmt: skip
# Data: the switch itself, people and organisations of this world, codes of the national lists with their names.
DATA = re.compile(r"中文|公衡|(人员|单位)\d+|^[A-Z]\d\d \S+$")
REGIONS = data.regions()
CITIES = [city.code for province in REGIONS.under(None) for city in REGIONS.under(province.code)]
PLACES = {REGIONS.full_name(code) for code in [*CITIES, *(row.code for city in CITIES for row in REGIONS.under(city))]}
PLACES |= {province.name for province in REGIONS.under(None)}
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label", "data-why", "data-title")


class Text(HTMLParser):
    """What a reader sees: text nodes and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        # code, digests and whatever is marked as another language or as data is not prose
        if tag in ("script", "style", "code", "kbd", "pre") or ("lang" in given and tag != "html"):
            self.hidden.append(tag)
        self.seen += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.seen.append(data)


@pytest.fixture
def spoken(front: Front) -> Front:
    """The app with the catalogue as it is written, not as it was last compiled."""
    with (ROOT / "web" / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        written = read_po(source, locale="zh_CN")
    compiled = BytesIO()
    write_mo(compiled, written)
    compiled.seek(0)
    with front.app.app_context():
        front.app.extensions["babel"].instance.domain_instance.cache["zh_Hans_CN", "messages"] = Translations(compiled)
    return front


def paths(front: Front) -> list[str]:
    """Every GET page without a case in its address, by address."""
    rules = [rule for rule in front.app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    return sorted(rule.rule for rule in rules if not rule.rule.startswith(("/api/", "/socket.io", "/tus")))


def is_data(text: str) -> bool:
    return text in PLACES or not re.search("[\u4e00-\u9fff]", DATA.sub("", text))


def texts(front: Front, role: Role, language: str) -> dict[str, set[str]]:
    """Page → what a reader of this role sees there; pages that do not open are left out."""
    client = front.client(role)
    client.set_cookie(LANGUAGE_COOKIE, language)
    found = {}
    for path in [*paths(front), "/nothing"]:
        answer = client.get(path)
        if answer.mimetype == "text/html" and answer.status_code in (200, 404, 409):
            reader = Text()
            reader.feed(answer.get_data(as_text=True))
            found[path] = {one.strip() for one in reader.seen if one.strip()}
    return found


@pytest.mark.parametrize("role", list(Role))
def test_chinese_pages_are_chinese(spoken: Front, role: Role) -> None:
    left = {}
    for path, seen in texts(spoken, role, "zh_CN").items():
        found = {text for text in seen if set(re.findall(r"[A-Za-z]{2,}", text)) - ALLOWED - set(Role)}
        if found:
            left[path] = found
    assert not left, left


@pytest.mark.parametrize("role", list(Role))
def test_english_pages_are_english(spoken: Front, role: Role) -> None:
    """What is Chinese there is data: names of people, organisations and places, and the switch itself."""
    left = {}
    for path, seen in texts(spoken, role, "en").items():
        found = {text for text in seen if not is_data(text)}
        if found:
            left[path] = found
    assert not left, left


def test_every_role_opens_pages_of_its_own(spoken: Front) -> None:
    """The walk is no walk if it opens nothing."""
    seen = {role: set(texts(spoken, role, "zh_CN")) for role in Role}
    assert len(seen[Role.PUBLIC]) >= 6
    for role in set(Role) - {Role.PUBLIC}:
        assert {"/workbench", "/me"} <= seen[role], role
    declared = {rule.rule: rule.endpoint for rule in spoken.app.url_map.iter_rules()}
    assert all(permit_of(spoken.app, declared[path]) for path in paths(spoken))


def test_a_constant_is_said_in_each_readers_language(front: Front) -> None:
    """Jinja would compute a filter of a constant as it compiles: in the language of whoever opened the page first."""
    english = {"Cookie": f"{LANGUAGE_COOKIE}=en"}
    with front.app.test_request_context(headers=english):
        page = front.app.jinja_env.from_string('{{ "招标投标法 第40条" | article }} {{ "bidder" | role }}')
        assert page.render() == "Tendering and Bidding Law art. 40 bidder"
    with front.app.test_request_context():
        assert page.render() == "招标投标法 第40条 投标人"
