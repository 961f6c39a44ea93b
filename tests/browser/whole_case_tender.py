"""The whole case up to the opening: registration, plan, tender file, sealed bids, the hall. Every step by clicks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from certs import authority
from core.clock import CST
from tests.browser.conftest import ROOT, START, Live, letter, make_key
from tests.browser.whole_case_people import Person, download
from trading.opening import sheet
from trading.project.models import Case
from web.demo import world
from web.demo.ring import User
from web.demo.world import Builder

CASES = ROOT / "trading/procedures/open_works/cases"
REFERENCE = "5760"  # 96 % of the ceiling, as the case file says; it decides nothing
PASSWORD = "Gongheng-2026-klick"
SIGNED_RECORD = ("bidder1", "bidder2", "bidder3", "regulator", "centre1")
PARTIES = {"tenderer": "tenderer", "centre": "centre1", "supervisor": "regulator"}
# At least one of each role comes through the login page; the others' browsers are open already.
TYPES_PASSWORD = {"tenderer", "agency", "centre1", "regulator", "bidder2", "elector1", "supervisor1"}


def four_sites() -> dict[str, Any]:
    """The case of the repository; eight experts a site are enough to draw from."""
    file: dict[str, Any] = json.loads((CASES / "four-sites.json").read_text(encoding="utf-8"))
    assert datetime.fromisoformat(file["start"]) == START
    file["experts"]["pool_per_site"] = 8
    return file


def platform(builder: Builder) -> None:
    """Everybody but the first bidder, who registers by clicks; experts make their keys by clicks."""
    file = four_sites()
    world.build(builder, file)
    for number, one in enumerate(file["bidders"][1:], 2):
        user = builder.org(f"bidder{number}", one["name"], one["uscc"], "bidder", file["tender"]["region"], "centre1")
        builder.opening_key(user, "bidder")
    world.cookies(builder, list(builder.ring.users))


@dataclass
class Stages:
    """What every stage of the case knows: the server, a folder for what people save, the people by login."""

    live: Live
    folder: Path
    file: dict[str, Any]
    case: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    receipts: dict[str, bytes] = field(default_factory=dict)

    def person(self, who: str) -> Person:
        if who not in self.people:
            self.people[who] = Person(self.live, who, types_password=who in TYPES_PASSWORD)
        return self.people[who]

    @property
    def bidders(self) -> dict[str, dict[str, Any]]:
        return {f"bidder{number}": one for number, one in enumerate(self.file["bidders"], 1)}

    @property
    def parties(self) -> dict[str, str]:
        """Names for the choice of who commits for which party."""
        return {f"parties__{party}": self.live.ring[who].name for party, who in PARTIES.items()}

    def row(self) -> Case:
        with self.live.acts.reading() as session:
            found = session.get_one(Case, self.case)
            session.expunge(found)
            return found

    def key_path(self, who: str) -> Path:
        return self.live.key_file(who, self.folder)

    def draw(self) -> None:
        """Three parties commit, then reveal, each in their own browser."""
        for who in PARTIES.values():
            self.person(who).commit(self.case)
        for who in PARTIES.values():
            self.person(who).reveal(self.case)


class TenderStages(Stages):
    """From the registration of the first bidder to the signed opening record."""

    def bidder_registers(self) -> None:
        """The organisation files itself, the centre verifies it, its first person makes a signing key."""
        one = self.file["bidders"][0]
        guest = Person(self.live, "", "/register")
        guest.at('input[name=kinds][value="bidder"]').check()
        guest.at("[data-agree]").check()
        guest.press("org.register", name=one["name"], uscc=one["uscc"], region="420100", contact__name="甲方经办",
                    contact__login="bidder1", contact__phone="13800000001",
                    contact__id_number=world.person_number("420112", 5001))  # fmt: skip
        guest.at("#f-password").fill(PASSWORD)
        guest.send(guest.at('form[action="/activate"]'))
        person = self.people["bidder1"] = guest
        person.who = "bidder1"
        user = self.live.ring.add(User("bidder1", "甲方经办", "", roles=("bidder",), password=PASSWORD))
        person.log_in()
        user.person = str(person.at("body").get_attribute("data-person"))
        centre = self.person("centre1").go("/filings")
        centre.see("#main", one["uscc"])
        centre.press("org.verify")
        person.make_signing_key()

    def plan(self) -> None:
        tender, lot = self.file["tender"], self.file["tender"]["lots"][0]
        person = self.person("tenderer").go("/projects/new")
        person.press(
            "project.create", name=tender["name"], region=tender["region"], category=tender["category"],
            funds=tender["funds"], estimate=tender["estimate"], unit=tender["unit"], lot__no=lot["no"],
            lot__name=lot["name"], lot__duration_days=lot["duration_days"], planned_notice_date="2026-04-02",
            agency_org=self.file["parties"]["agency"]["name"],
        )  # fmt: skip
        person.see("h1", tender["name"])
        self.case = person.page.url.rpartition("/")[2].partition("#")[0]
        person.press("plan.publish")
        person.see(".gh-line [aria-current=step]", "计划")

    def register(self) -> None:
        agency = self.person("agency").go(f"/cases/{self.case}")
        agency.press("project.register", approval_no="发改审批〔2026〕1号", approved_by="区发展和改革局",
                     agency_contract="委托合同 2026-01")  # fmt: skip
        agency.press("file.compile")

    def write_file(self) -> None:
        """The agency types the case file's numbers into the editor; the sample scores follow."""
        tender = self.file["tender"]
        price, award = tender["evaluation"]["price"], tender["award"]
        curve = price["curve"]
        agency = self.person("agency").go(f"/cases/{self.case}/file")
        form = agency.at("form[data-tender-file]")
        agency.fill(form, issue_days=tender["issue_days"], bidding_days=tender["bidding_days"],
                    validity_days=tender["bid_validity_days"], settings__window_minutes=30, ceiling=tender["ceiling"],
                    bid_bond=tender["bid_bond"], settings__fallback=True)  # fmt: skip
        agency.fill(form, evaluation__method=tender["evaluation"]["method"], evaluation__price__full=price["full"],
                    evaluation__price__weight=price["weight"], evaluation__price__curve__kind=curve["kind"],
                    evaluation__price__curve__above_per_pct=curve["above_per_pct"],
                    evaluation__price__curve__below_per_pct=curve["below_per_pct"],
                    evaluation__price__curve__step=curve["step"],
                    evaluation__price__curve__below_adds=curve["below_adds"],
                    evaluation__price__score_round=price["score_round"], evaluation__price__floor=price["floor"],
                    evaluation__price__cap=price["cap"], evaluation__total_round=2, tie_by_price=True)  # fmt: skip
        self.fill_rows("evaluation.price.benchmark.terms", price["benchmark"]["terms"])
        self.fill_rows("evaluation.criteria", tender["evaluation"]["criteria"])
        agency.fill(form, award__separate=True, award__candidates=award["candidates"], award__ranked=award["ranked"],
                    award__legal_basis=award["legal_basis"], award__method=award["method"],
                    award__committee=award["committee"], award__pool=award["pool"],
                    award__supervisors=award["supervisors"], remote__mode=self.file["remote"]["mode"])  # fmt: skip
        by_site = self.file["remote"]["members_by_site"]
        self.fill_rows("sites", [{"region": region, "count": count} for region, count in by_site.items()])
        expect(agency.at("#preview svg")).to_be_visible()
        form.locator("button.btn-primary").click()
        agency.see("form[data-tender-file] [data-status]", re.compile(r"\d\d:\d\d:\d\d"))

    def fill_rows(self, path: str, rows: list[dict[str, Any]]) -> None:
        """The rows of a list in the editor, instead of those it began with."""
        block = self.person("agency").at(f'[data-list="{path}"]')
        while block.locator("[data-item]").count():
            block.locator("[data-remove]").first.click()
        for place, row in enumerate(rows):
            block.locator("[data-add]").click()
            for key, value in row.items():
                cell = block.locator("[data-item]").nth(place).locator(f'[data-key="{key}"]')
                if cell.evaluate("node => node.tagName") == "SELECT":
                    cell.select_option(str(value))
                else:
                    cell.fill(str(value))

    def issue(self) -> None:
        """Thirty-one days after the plan; the reference price is sealed first, warnings are accepted with a reason."""
        person = self.person("tenderer")
        person.move_clock(datetime.combine(START.date() + timedelta(days=31), time(9), CST))
        person.go(f"/cases/{self.case}/reference")
        person.fill(person.at("form[data-reference]"), price=REFERENCE)
        person.send(person.at("form[data-reference]"), signed=True)
        person.at("#main .bg-green-lt").wait_for()
        person.go(f"/cases/{self.case}")
        boxes = person.at("input[name=accept_warnings]")
        for box in boxes.all():
            box.check()
        person.press("tender.issue", **({"reason": "依据地方规定,已备案"} if boxes.count() else {}))
        person.see("#case-documents", "招标公告")

    def take_file(self) -> None:
        """A day later everybody takes the tender file; the first bidder makes the decryption key in the browser."""
        issued = self.row().announced_at
        assert issued is not None
        self.person("agency").move_clock(issued + timedelta(days=1))
        for who in self.bidders:
            person = self.person(who).go(f"/cases/{self.case}/bid")
            person.press("file.fetch")
            person.see("[data-step=file]", "招标文件")
        first = self.person("bidder1")
        with first.page.expect_navigation(wait_until="domcontentloaded"):
            self.live.ring["bidder1"].extra["key_passphrase"] = make_key(first.page, self.folder / "bidder1.json")
            first.sign()
        expect(first.at("[data-check=key]")).to_have_attribute("data-ok", "yes")

    def seal(self) -> None:
        """Twenty hours before the deadline: two bids sealed by the page, one by the offline tool."""
        deadline = self.row().deadline
        assert deadline is not None
        self.person("agency").move_clock(deadline - timedelta(hours=20))
        for who, one in self.bidders.items():
            person = self.person(who).go(f"/cases/{self.case}/bid")
            if who == "bidder2":
                self.receipts[who] = self.seal_offline(person, one)
                continue
            if who == "bidder3":
                person.load_key(self.key_path(who), person.user.passphrase)
            person.at("[data-all-inside]").click()
            pdf = letter(self.folder / f"{who}.pdf")
            self.receipts[who] = self.live.hand_in(person.page, who, pdf, one["price"])
        for who in self.bidders:
            self.person(who).at("#versions .bg-green-lt").wait_for()

    def seal_offline(self, person: Person, one: dict[str, Any]) -> bytes:
        """The script and the signed settings of the bid desk, run without the house; the files go up by the page."""
        folder = self.folder / "offline"
        folder.mkdir()
        person.at("details[data-offline] > summary").click()
        for name, href in (("sealing.json", f"/cases/{self.case}/sealing.json"), ("seal.py", "/seal.py")):
            download(person.page, f'[data-offline] a[href="{href}"]', folder / name)
        letter(folder / sheet.PDF)
        said = sheet.Sheet(one["price"], 365, "合格", {"name": "李建华", "certificate": "鄂1420260002"})
        (folder / sheet.SHEET).write_bytes(sheet.compose(said))
        (folder / "trust.json").write_text(json.dumps(authority.of(self.live.acts.house.config).trust()))
        subprocess.run(
            [sys.executable, "-I", "seal.py", "seal", "--settings", "sealing.json", "--trust", "trust.json",
             "--key", self.key_path(person.who).absolute(), "--out", "bid.sealed", "--manifest", "manifest.json",
             sheet.PDF, sheet.SHEET], cwd=folder, check=True, timeout=120, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        person.at("[data-offline] [name=ciphertext]").set_input_files(folder / "bid.sealed")
        person.at("[data-offline] [name=manifest]").set_input_files(folder / "manifest.json")
        with person.page.expect_download() as saved:
            person.at("form[data-bid] .btn-lg").click()
            person.sign()
        return Path(saved.value.path()).read_bytes()

    def open_hall(self) -> None:
        """Sign-in and unlocking in three browsers, one of which takes its key from the file; all prices at once."""
        deadline = self.row().deadline
        assert deadline is not None
        host, guest = self.person("centre1"), Person(self.live, "", f"/cases/{self.case}/hall")
        self.person("agency").move_clock(deadline + timedelta(seconds=1))
        for who in self.bidders:
            self.person(who).go(f"/cases/{self.case}/hall").press("opening.signin")
        host.go(f"/cases/{self.case}/hall").press("opening.begin")
        for who in self.bidders:
            person = self.person(who).go(f"/cases/{self.case}/hall")
            if who == "bidder2":
                person.load_key(self.key_path(who), person.user.passphrase)
            person.at("form[data-unlock] button").click()
            person.sign()
            expect(person.at("#hall-own form[data-unlock]")).to_have_count(0)
        owner = self.person("tenderer").go(f"/cases/{self.case}/hall")
        owner.load_key(self.key_path("tenderer"), owner.user.passphrase)
        owner.at("form[data-reference-unlock] button").click()
        owner.sign()
        expect(owner.at("form[data-reference-unlock]")).to_have_count(0)
        host.go(f"/cases/{self.case}/hall")
        shown = guest.page.inner_text("main")
        assert not any(one["price"] in shown for one in self.bidders.values()), shown
        host.press("opening.close")
        for one in self.bidders.values():
            guest.see(f'#hall-rows tr:has-text("{one["name"]}")', one["price"])
        guest.see("#hall-rows tfoot", REFERENCE)
        guest.at("[data-read=start]").click()
        guest.leave()

    def sign_record(self) -> None:
        """Everybody who was there signs the opening record; the centre's seal follows by itself."""
        for who in SIGNED_RECORD:
            person = self.person(who).go(f"/cases/{self.case}/hall")
            document = person.at("#hall-record a.btn-primary")
            document.wait_for()
            person.sign_paper(str(document.get_attribute("href")).rpartition("/")[2])
