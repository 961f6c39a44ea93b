"""People of the mall's story: buyers, suppliers, the centre, each in a browser of their own. Every page they come to is
looked at as a stranger would: axe, errors of scripts, English words on a Chinese page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Locator, expect

from core.access import Role
from core.clock import CST
from tests.browser.conftest import Live
from tests.browser.looks import faults_of, listen
from tests.browser.whole_case_people import Person, download
from tests.web.test_words import ALLOWED
from web.demo.world import Builder, uscc

REGION, WHERE = "420112", "东西湖区吴家山街道某路1号"
SUPPLIERS = {"bidder1": "武汉江源办公设备有限公司", "bidder2": "湖北长丰商贸有限公司", "bidder3": "汉水科技有限公司"}
SCHOOL, HOSPITAL, PATROL = "东西湖区某中学", "东西湖区某医院", "价格巡查员"
# What a reader sees of the page, and what is read out to whoever does not see it; digests and marked data aside.
SAID = """() => {
  const found = [], roots = [document.querySelector("main"), document.querySelector("dialog[open]")].filter(Boolean);
  const aside = "script, style, template, code, kbd, pre, .hash, [lang]:not(html)";
  for (const root of roots) {
    for (const node of root.querySelectorAll("*")) {
      if (node.closest(aside) || !node.checkVisibility()) continue;
      for (const one of node.childNodes) if (one.nodeType === Node.TEXT_NODE) found.push(one.data);
      for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(node.getAttribute(name) ?? "");
    }
  }
  return found;
}"""
# Every kind of element there is on the page: what axe has seen of one address it need not see again.
SHAPE = """() => {
  const kind = (node) => [node.tagName, node.className, node.type, node.disabled, node.role].join(" ");
  return [...new Set([...document.querySelectorAll("body *")].map(kind))].sort().join("\\n");
}"""
WORD = re.compile(r"[A-Za-z]{2,}")
# Digests are hex, and codes of orders, items and certificates have letters of their own.
CODE = re.compile(r"\b(?=\w*\d)[0-9A-Za-z_-]{6,}\b|\b[A-Z]{2}\d+\b|https?://\S+")
FORMATS = {"JPEG", "PNG", "WebP", "OFD"}  # names of formats are the same in every language
IDS = re.compile(r"/[0-9a-f]{16,}")


def populate(builder: Builder) -> None:
    """The centre with its patrol officer, a regulator, two buyers with their staff, three suppliers; all with keys."""
    builder.founding("centre1", "东西湖区公共资源交易中心", uscc("12", REGION, 1), REGION)
    builder.opening_key(builder.ring["centre1"], "custodian")
    builder.stage.act("centre1", "cert.make_seal")
    builder.person("centre1", "patrol", PATROL, [Role.CENTRE], REGION)
    bodies = (("regulator", "东西湖区财政局", "11", "regulator"), ("school", SCHOOL, "12", "tenderer"),
              ("hospital", HOSPITAL, "12", "tenderer"))  # fmt: skip
    for place, (login, name, head, kind) in enumerate(bodies, 2):
        user = builder.org(login, name, uscc(head, REGION, place), kind, REGION, "centre1")
        builder.opening_key(user, "custodian")
    staff = (("school", "handler", "学校经办"), ("school", "finance", "学校财务"), ("school", "leader", "分管校长"),
             ("hospital", "nurse", "医院经办"))  # fmt: skip
    for of, login, name in staff:
        builder.person(of, login, name, [Role.TENDERER], REGION)
    for number, (login, name) in enumerate(SUPPLIERS.items(), 1):
        user = builder.org(login, name, uscc("91", REGION, 10 + number), "bidder", REGION, "centre1")
        builder.opening_key(user, "bidder")


class Shopper(Person):
    """A person of the mall; `look` runs at every page they come to and tells `story` what is wrong with it."""

    def __init__(self, story: Story, who: str) -> None:
        super().__init__(story.live, who, "/mall")
        self.story = story
        self.errors = listen(self.page)
        self.look()

    def look(self) -> Shopper:
        """Once more when the page was exchanged meanwhile."""
        for last in (False, True):
            try:
                self.page.wait_for_load_state()
                faults, said = self._measured(), self.page.evaluate(SAID)
                break
            except Error:
                if last:
                    raise
        english = {word for text in said for word in WORD.findall(CODE.sub(" ", text))} - ALLOWED - FORMATS
        path = self.page.url.removeprefix(self.live.base)
        self.story.visited.add((self.who, IDS.sub("/*", path.partition("?")[0].partition("#")[0])))
        wrong = [*faults, *self.errors, *(f"English: {word}" for word in sorted(english))]
        self.story.faults += [f"{self.who} at {path}: {one}" for one in wrong]
        self.errors.clear()
        return self

    def _measured(self) -> list[str]:
        shape = (IDS.sub("/*", self.page.url), self.page.evaluate(SHAPE))
        if shape in self.story.measured:
            return []
        faults = faults_of(self.page)
        self.story.measured.add(shape)
        return faults

    def go(self, path: str) -> Shopper:
        self._to(path)
        return self.look()

    def _to(self, path: str) -> None:
        """A page that is going on by itself at this moment is left all the same."""
        for last in (False, True):
            try:
                super().go(path)
                return
            except Error as error:
                if last or "interrupted by another navigation" not in error.message:
                    raise
                self.page.wait_for_load_state()

    def send(self, form: Locator, *, signed: bool = False) -> None:
        super().send(form, signed=signed)
        self.look()

    def follow(self, selector: str) -> None:
        super().follow(selector)
        self.look()

    def press_in(self, form: Locator, **values: Any) -> None:
        """One of several forms of an act; unfolded when it is folded away."""
        if not form.is_visible():
            form.locator("xpath=ancestor::details[1]/summary").click()
        self.fill(form, **values)
        self.send(form, signed=form.get_attribute("data-signed") is not None)

    def refused(self, form: Locator, text: str | re.Pattern[str], **values: Any) -> None:
        """Sent and refused: the reason stands beside the button, and what was filled in stays."""
        self.fill(form, **values)
        form.locator("button:not([type=button])").last.click()
        if form.get_attribute("data-signed") is not None:
            self.sign()
        expect(form.locator("[data-breaches]")).to_contain_text(text)
        self.forgive("409")
        self.look()

    def forgive(self, status: str) -> None:
        """A refusal is told by its status, which the browser writes down as an error."""
        assert [one for one in self.errors if status in one], self.errors
        self.errors[:] = [one for one in self.errors if status not in one]

    def choose(self, name: str, code: str) -> None:
        """From a picker that asks as one types."""
        self.at(f"#p-{name}").fill(code)
        self.at(f'#l-{name} [role=option][data-code="{code}"]').click()
        expect(self.at(f'[data-name="{name}"] input[value="{code}"]')).to_have_count(1)

    def until(self, path: str, selector: str, text: str | re.Pattern[str] = "") -> Shopper:
        """Looked at again until the server's own timer has done its work."""
        for _ in range(100):
            self._to(path)
            found = self.at(selector).first
            if found.count() and re.search(text, found.inner_text()):
                return self.look()
            self.page.wait_for_timeout(200)
        raise AssertionError(f"{self.who} at {path}: no {selector} {text}")

    def saved(self, selector: str, name: str) -> Path:
        return download(self.page, selector, self.story.folder / name)

    @property
    def last(self) -> str:
        """The id at the end of the address."""
        return self.page.url.partition("?")[0].partition("#")[0].rpartition("/")[2]


@dataclass
class Story:
    """`faults`: what `look` found; `visited`: (login, path without ids); `orders`: by the name of their chapter."""

    live: Live
    folder: Path
    people: dict[str, Shopper] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    visited: set[tuple[str, str]] = field(default_factory=set)
    measured: set[tuple[str, str]] = field(default_factory=set)
    items: dict[str, str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)

    def person(self, who: str) -> Shopper:
        if who not in self.people:
            self.people[who] = Shopper(self, who)
        return self.people[who]

    def now(self) -> datetime:
        return self.live.stage.now().astimezone(CST)

    def at(self, days: float, hour: int, minute: int = 0) -> datetime:
        """A time of day so many days on."""
        day = self.now() + timedelta(days=days)
        return day.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def move(self, to: datetime) -> None:
        self.live.stage.move_to(to)

    def with_key(self, who: str) -> None:
        """The organisation's decryption key from its file into this browser, once."""
        if self.kept.get(f"key {who}"):
            return
        person = self.person(who)
        form = person.at("form[data-keyfile]").first
        person.page.wait_for_function("() => !document.querySelector('details[hidden]:has(form[data-keyfile])')")
        if not form.is_visible():
            form.locator("xpath=ancestor::details[1]/summary").click()
        form.locator("#key-file").set_input_files(self.live.key_file(who, self.folder))
        form.locator("#key-passphrase").fill(person.user.passphrase)
        form.locator("button").click()
        person.page.wait_for_function(
            "() => { const form = document.querySelector('form[data-keyfile]');"
            " return !form.checkVisibility() || form.querySelector('[data-status]')?.textContent; }"
        )
        self.kept[f"key {who}"] = "yes"

    def signed_paper(self, who: str, link: str) -> None:
        """By the link on the page where the person stands, and back again."""
        person = self.person(who)
        back = person.page.url.removeprefix(self.live.base)
        person.follow(link)
        person.send(person.at("form[data-paper]"), signed=True)
        person.go(back)


Step = Callable[[], None]


def stamp(moment: datetime) -> str:
    """As a field for day and time takes it."""
    return moment.astimezone(CST).strftime("%Y-%m-%dT%H:%M")
