"""The whole case in the evaluation room: venues, draws, seats, findings, points, the report. Every step by clicks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import expect

from core.clock import CST
from tests.browser.conftest import START
from tests.browser.whole_case_people import Person
from tests.browser.whole_case_tender import Stages

SLIP = "49"  # what the last member types instead of 94: it stands out and is corrected
AT_SEAT = "%Y-%m-%dT%H:%M"


@dataclass
class RoomStages(Stages):
    """From the booking of venues to the sealed report. `members` in the order of the sites; the first one leads."""

    members: list[str] = field(default_factory=list)
    begin: datetime = START
    report: str = ""
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def room(self) -> str:
        return f"/room/{self.case}"

    @property
    def seats(self) -> list[Person]:
        return [self.person(who) for who in self.members]

    @property
    def leader(self) -> Person:
        return self.person(self.members[0])

    # -- venues and committee -----------------------------------------------------------------------------------------

    def book_venues(self) -> None:
        """The tenderer asks four centres, each accepts at its own desk."""
        self.begin = self.live.stage.now().astimezone(CST).replace(second=0, microsecond=0) + timedelta(hours=1)
        tenderer = self.person("tenderer").go(f"/venues/{self.case}")
        for place, site in enumerate(self.file["sites"], 1):
            tenderer.press(
                "venue.request", centre=site["name"], part=site["part"],
                seats=self.file["remote"]["members_by_site"][site["region"]],
                from_at=(self.begin - timedelta(minutes=30)).strftime(AT_SEAT),
                until_at=(self.begin + timedelta(hours=9)).strftime(AT_SEAT),
            )  # fmt: skip
            centre = self.person(f"centre{place}").go("/venues")
            centre.press("venue.accept")
            centre.at("#venue-bookings .bg-green-lt").wait_for()

    def draw_committee(self) -> None:
        """The agency asks for seven experts from four sites and freezes the list; three parties draw."""
        draw, by_site = self.file["experts"]["draw"], self.file["remote"]["members_by_site"]
        agency = self.person("agency").go(f"/draws/{self.case}")
        sites = {f"members_by_site__{region}": count for region, count in by_site.items()}
        spares = {f"spares_by_site__{region}": count for region, count in draw["spares_by_site"].items()}
        agency.press("draw.request", **sites, **spares, experts=draw["experts"],
                     specialities=" ".join(self.file["experts"]["specialities"]), at=self.begin.strftime(AT_SEAT),
                     until=(self.begin + timedelta(hours=8)).strftime(AT_SEAT))  # fmt: skip
        agency.at("#draws-committee .rm-sites").wait_for()
        agency.press("draw.freeze", **self.parties)
        self.draw()

    def accept_invitations(self) -> None:
        """Seven experts make a signing key and accept, without learning which tender it is."""
        invited: dict[str, list[str]] = {site["region"]: [] for site in self.file["sites"]}
        for who in (one for one in self.live.ring.users if one.startswith("expert")):
            for one in self.live.stage.ask(who, "invitation.mine")["invitations"]:
                invited[one["site"]].append(who)
        self.members = [who for drawn in invited.values() for who in drawn]
        assert {region: len(drawn) for region, drawn in invited.items()} == self.file["remote"]["members_by_site"]
        self.people[self.members[0]] = Person(self.live, self.members[0], types_password=True)
        for person in self.seats:
            person.make_signing_key()
            person.go("/invitations")
            assert self.file["tender"]["name"] not in person.page.content()
            person.press("invitation.answer")
            person.at(f'a[href="{self.room}"]').wait_for()
        self.person("agency").go(f"/draws/{self.case}").at("#draws-committee .rm-sites").wait_for()

    # -- the sitting --------------------------------------------------------------------------------------------------

    def draw_seats(self) -> None:
        """Five minutes before the sitting the centres check their seats, the seating is frozen and drawn."""
        self.person("agency").move_clock(self.begin - timedelta(minutes=5))
        for place in range(1, len(self.file["sites"]) + 1):
            centre = self.person(f"centre{place}").go("/venues")
            for all_of_room in centre.at('form[data-act="seat.check"] [data-all]').all():
                all_of_room.click()
            centre.press("seat.check")
        self.person("centre1").go(f"/draws/{self.case}").press("seating.freeze", **self.parties)
        self.draw()

    def sign_in(self) -> None:
        """Seven sign in at their drawn seats, learn the tender and its bidders, declare and pledge."""
        for person in self.seats:
            person.go(self.room)
            assert self.file["tender"]["name"] not in person.page.content()
            person.press("sitting.signin")
        for person in self.seats:
            for one in self.file["bidders"]:
                person.see("#main", one["name"])
            person.press("pledge.sign", no_conflict=True, pledge=True)
            person.at(".rm-grid").wait_for()

    def elect(self) -> None:
        mine = self.live.ring[self.members[0]].name
        for person in self.seats:
            person.go(self.room)
            form = person.form("leader.vote")
            form.locator("label", has_text=mine).locator("input").check()
            form.locator("button").click()
            expect(person.at('form[data-room-act="leader.vote"]')).to_have_count(0)
        self.stands_at("PRELIM")

    def stands_at(self, stage: str) -> None:
        expect(self.leader.at("[data-room]")).to_have_attribute("data-stage", stage)

    def review(self) -> None:
        """Everybody reads every bid; no item fails. The button to lock names what is missing until all is done."""
        for person in self.seats:
            person.go(self.room)
            expect(person.at('[data-lock="review"]')).to_be_disabled()
            for one in self.file["bidders"]:
                self.choose(person, one["name"])
                person.at("[data-pass-rest]").click()
                expect(person.at('form[data-mark][data-done="no"]')).to_have_count(0)
            person.send(person.form("prelim.lock"))
        self.stands_at("SCORING")

    def choose(self, person: Person, name: str) -> None:
        """The bid in the list on the left, unless it is the one shown; list and document agree."""
        if name not in person.read(".rm-tabs > strong"):
            with person.page.expect_navigation(wait_until="domcontentloaded"):
                person.at("#room-bids > li > a", has_text=name).click()
        person.see(".rm-tabs > strong", name)
        person.see("#room-bids > .here", name)

    def score(self) -> None:
        """The points of the case file, criterion by criterion; the sheet is locked with a signature."""
        for place, person in enumerate(self.seats, 1):
            person.go(self.room)
            for one in self.file["bidders"]:
                self.choose(person, one["name"])
                for criterion, points in self.file["scores"][f"member-{place}"][one["id"]].items():
                    slip = (place, one["id"], criterion) == (7, "甲", "credit")
                    form = person.at(f'form[data-score][data-criterion="{criterion}"]')
                    form.locator("[name=points]").fill(SLIP if slip else points)
                    form.locator("[name=points]").press("Tab")
                    expect(form).to_have_attribute("data-done", "yes")
            person.send(person.form("score.lock"), signed=True)
        self.stands_at("SUMMARY")

    def answer_anomaly(self) -> None:
        """A score that stands out holds the report up until its author gives a reason; then the slip is corrected."""
        self.leader.go(self.room)
        expect(self.leader.at('form[data-room-act="report.make"] button')).to_be_disabled()
        self.leader.see("#why-report", "第64条")
        author = self.person(self.members[-1]).go(self.room)
        flag = author.at(".card", has=author.at('form[data-room-act="anomaly.confirm"]')).last
        expect(flag).to_contain_text(SLIP)
        form = author.form("anomaly.confirm")
        author.fill(form, reason="正在复核该项业绩材料")
        form.locator("button").click()
        expect(author.at('form[data-room-act="anomaly.confirm"]')).to_have_count(0)
        form = author.form("score.correct")
        author.fill(form, points="94", reason="录入时数字颠倒")
        form.locator("button").click()
        author.sign()
        expect(author.at('form[data-room-act="score.correct"]')).to_have_count(0)

    # -- the report ---------------------------------------------------------------------------------------------------

    def make_report(self) -> None:
        """The leader reads the summary, makes the report; six sign, the leader last, the centre's seal follows."""
        leader = self.leader.go(self.room)
        self.shown = self.summary(leader)
        form = leader.form("report.make")
        form.locator("button").click()
        link = leader.at('#room-tasks a[href^="/papers/"]')
        link.wait_for()
        self.report = str(link.get_attribute("href")).rpartition("/")[2]
        leader.go(f"/papers/{self.report}")
        expect(leader.at("form[data-paper] button")).to_be_disabled()
        for person in self.seats[1:]:
            person.sign_paper(self.report)
            person.leave()
        leader.sign_paper(self.report)
        expect(leader.at("#paper-state > .card-header .bg-green-lt")).to_be_visible(timeout=60_000)
        leader.leave()

    def summary(self, leader: Person) -> dict[str, Any]:
        """What the leader's page says: benchmark, price score and total by bidder."""
        table = leader.at("#room-tasks table", has=leader.at("td strong")).first
        found: dict[str, Any] = {"benchmark": leader.at("#room-tasks p:has(> strong.num)").first.inner_text()}
        for one in self.file["bidders"]:
            cells = table.locator("tr", has_text=one["name"]).locator("td").all_inner_texts()
            found[one["id"]] = {"price": cells[1], "total": cells[-1]}
        found["benchmark"] = re.findall(r"[\d.]+", found["benchmark"])[-1]
        return found
