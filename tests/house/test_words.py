"""Every message id has its Chinese words, and no English is left over on a Chinese page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from core.access import Role
from tests.web.conftest import front  # noqa: F401  the same app
from web import words

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "web" / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po"
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {"_": None, "gettext": None, "N_": None}
# Names, units and codes that are the same in both languages.
ALLOWED = {
    "SHA", "PDF", "English", "JSON", "Python", "python", "verifier", "FILE", "trust", "json", "KB", "UTF", "ID",
}  # fmt: skip


def catalogue():
    with PO.open("rb") as source:
        return read_po(source, locale="zh_CN")


def used() -> set[str]:
    """Message ids of the code and templates of every room."""
    found: set[str] = set()
    for folder, methods in (("templates", [("**.html", "jinja2")]), *((r, [("**.py", "python")]) for r in ROOMS)):
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, methods, keywords=KEYWORDS):
            found.add(message if isinstance(message, str) else message[0])
    return found


ROOMS = ("core", "certs", "accounts", "venues", "experts", "trading", "evaluation", "oversight", "web")


def test_every_message_has_chinese_words():
    known = {message.id: message.string for message in catalogue() if message.id}
    missing = sorted(message for message in used() if not known.get(message))
    assert not missing, f"{len(missing)} without words in {PO.name}: {missing[:20]}"


def test_placeholders_survive_translation():
    for message in catalogue():
        if message.id:
            marks = re.findall(r"%\(\w+\)s", message.id)
            assert sorted(marks) == sorted(re.findall(r"%\(\w+\)s", message.string)), message.id


def test_every_rule_has_words_in_both_languages(front):  # noqa: F811
    with front.app.test_request_context():
        for rule, text in {**words.RULES, **words._BOOK}.items():
            assert text.strip(), rule
            if text.isascii():
                assert not words.gettext(text).isascii(), f"{rule}: {text!r} has no Chinese words"


class Text(HTMLParser):
    """What a reader sees: text nodes and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in ("script", "style", "code")
        self.seen += [value for name, value in attrs if name in ("aria-label", "title", "placeholder") and value]

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style", "code")

    def handle_data(self, data):
        if not self.hidden:
            self.seen.append(data)


@pytest.mark.parametrize("role", [Role.PUBLIC, Role.BIDDER, Role.CENTRE])
def test_chinese_pages_are_chinese(front, role):  # noqa: F811
    client = front.client(role)
    for path in ("/", "/login", "/register", "/activate", "/verify", "/workbench", "/me", "/filings", "/nothing"):
        answer = client.get(path)
        if answer.status_code == 302:
            continue
        reader = Text()
        reader.feed(answer.get_data(as_text=True))
        left = {word for text in reader.seen for word in re.findall(r"[A-Za-z]{2,}", text)} - ALLOWED
        assert not left - {"bidder", "centre"}, f"{path}: {sorted(left)}"


def test_the_switch_to_english_is_complete(front):  # noqa: F811
    client = front.client()
    client.post("/language", data={"language": "en", "back": "/verify"})
    page = client.get("/verify").get_data(as_text=True)
    assert "Verify a file" in page and 'lang="en"' in page
    assert not re.findall(r"[\u4e00-\u9fff]{2,}", page.replace("中文", ""))
