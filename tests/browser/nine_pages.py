"""Nine pages on four sites: who sits where, and the sitting step by step, as the nine do it in their browsers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta

from playwright.sync_api import ConsoleMessage, Locator, expect
from sqlalchemy import select

from evaluation.committee.models import Member
from tests.browser.conftest import Live
from tests.browser.looks import check_axe
from tests.browser.talking import FAKES
from tests.browser.test_talk_pages import join, sees, unfold
from tests.browser.whole_case_people import Person
from tests.browser.whole_case_room import SLIP, RoomStages
from tests.browser.whole_case_tender import four_sites
from tests.browser.wires import Wire
from web.demo import world
from web.demo.room_story import RoomStory
from web.demo.world import Builder

SUPERVISOR, WITNESS = "regulator", "centre3"
FIRST, CUT, MOVED, REPLACED = 0, (1, 2), 3, 6  # places in the order of the sites: 1, 2, 2 and 2 members
SITES = (1, 2, 2, 3, 3, 4, 4)
VOID = {"credit": "61", "management": "62", "plan": "63"}  # what the member types who is replaced
# What a cut line says, and what a paused sitting answers to what was typed meanwhile: it is sent again when it goes on.
LOST = ("Failed to load resource: net::", "WebSocket connection to",
        "Failed to load resource: the server responded with a status of 409")  # fmt: skip


def platform(builder: Builder) -> None:
    """Everybody of the case with keys; experts make theirs when they are drawn."""
    file = four_sites()
    world.build(builder, file)
    for number, one in enumerate(file["bidders"], 1):
        user = builder.org(f"bidder{number}", one["name"], one["uscc"], "bidder", file["tender"]["region"], "centre1")
        builder.opening_key(user, "bidder")
    world.cookies(builder, list(builder.ring.users))


class Story(RoomStory):
    """What comes before the sitting, by acts; an expert's key is stored, so that pages can use it at any seat."""

    live: Live

    def enrol(self, login: str) -> None:
        Builder(self.live._local(), stored_keys=True).enrol(self.user(login))

    def to_seats(self) -> list[str]:
        """From the plan to the drawn seats; the seven members in the order of their sites."""
        for step in (self.plan, self.register, self.compile, self.issue, self.bid_all, self.deadline_passes, self.open):
            step()
        self.live.settled(self.case)
        self.draw_committee()
        self.stage.move_to(self.begin - timedelta(minutes=5))
        self.draw_seats()
        return self.members

    def draw_seats(self) -> None:
        self.check_seats()
        made = self.stage.act("centre1", "seating.freeze", self.case, parties=self.parties())
        self.commit_and_reveal(made["draw"])


class Site:
    """A browser process of its own with fake cameras, and the one line between it and the server."""

    def __init__(self, live: Live, line: Wire) -> None:
        self.line, self.down = line, False
        browser = live.browser.browser_type.launch(executable_path=line.browser, args=["--no-sandbox", *FAKES])
        self.live = replace(live, base=line.base, browser=browser)


@dataclass
class NinePages(RoomStages):
    """`typed`: {login: {bidder: points}} of everything that was typed, by those who left as well."""

    wires: dict[int, Wire] = field(default_factory=dict)
    sites: dict[int, Site] = field(default_factory=dict)
    at_site: dict[str, int] = field(default_factory=dict)
    typed: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    gone: str = ""
    story: Story = field(init=False)

    def play(self) -> None:
        self.gather()
        for step in (
            self.sign_in, self.elect, self.see_each_other, self.review, self.begin_scoring, self.line_is_cut,
            self.sitting_stands_still, self.line_is_mended, self.seat_is_changed, self.member_is_removed,
            self.newcomer_catches_up, self.finish_scoring, self.answer_anomaly, self.make_report, self.come_back,
        ):  # fmt: skip
            step()

    # -- who and where ------------------------------------------------------------------------------------------------

    def gather(self) -> None:
        self.story = Story(self.live.stage, self.file)
        self.story.live = self.live
        self.members = self.story.to_seats()
        self.case = self.story.case
        self.sites = {number: Site(self.live, wire) for number, wire in self.wires.items()}
        self.at_site = dict(zip(self.members, SITES, strict=True)) | {SUPERVISOR: 1, WITNESS: 3}
        for who in (SUPERVISOR, WITNESS):
            self.person(who).go(self.room)

    def person(self, who: str) -> Person:
        if who not in self.people:
            self.people[who] = self.come(who)
        return self.people[who]

    def come(self, who: str, *, types_password: bool = False) -> Person:
        """A person before a browser of their site; what its console calls an error is kept."""
        site = self.sites[self.at_site[who]]
        person = Person(site.live, who, types_password=types_password)

        def told(message: ConsoleMessage) -> None:
            cut_off = site.down and message.text.startswith(LOST)
            if message.type == "error" and not cut_off and who != self.gone:
                self.errors.append(f"{who} at {person.page.url}: {message.text}")

        person.page.on("console", told)
        person.page.on("pageerror", lambda error: self.errors.append(f"{who}: {error}"))
        return person

    @property
    def supervisor(self) -> Person:
        return self.person(SUPERVISOR)

    @property
    def witness(self) -> Person:
        return self.person(WITNESS)

    @property
    def nine(self) -> list[Person]:
        return [*self.seats, self.witness, self.supervisor]

    def member_id(self, who: str) -> str:
        with self.live.acts.reading() as session:
            return str(session.scalars(select(Member.id).where(Member.person_id == self.live.ring[who].person)).one())

    # -- gathering ----------------------------------------------------------------------------------------------------

    def sign_in(self) -> None:
        """As everybody does; places are counted by the members' numbers from here on, which follow the sites."""
        super().sign_in()
        with self.live.acts.reading() as session:
            number = {row.person_id: row.number for row in session.scalars(select(Member)) if row.person_id}
        self.members.sort(key=lambda who: number[self.live.ring[who].person])
        assert [self.at_site[who] for who in self.members] == list(SITES)

    def see_each_other(self) -> None:
        """One member of each site in the call: each has the picture of the three others. They leave it again: seven
        cameras encoded at once are more than two cores can bear."""
        called = [self.person(self.members[SITES.index(site)]) for site in self.sites]
        for person in called:
            person.go(self.room)
            unfold(person.page)
            join(person.page)
        for person in called:
            sees(person.page, len(called) - 1)
        for person in called:
            person.at("[data-call=leave]").click()
            person.at("[data-call=join]").wait_for()

    # -- scoring ------------------------------------------------------------------------------------------------------

    def points(self, place: int, bidder: str) -> dict[str, str]:
        if place == REPLACED and not self.gone:
            return VOID
        given: dict[str, str] = dict(self.file["scores"][f"member-{place + 1}"][bidder])
        return given | {"credit": SLIP} if (place, bidder) == (REPLACED, "甲") else given

    def form_of(self, person: Person, criterion: str) -> Locator:
        return person.at(f'form[data-score][data-criterion="{criterion}"]')

    def type_points(self, place: int, bidder: str) -> None:
        """Into the fields of the bid that is shown; nothing is awaited."""
        who = self.members[place]
        for criterion, points in self.points(place, bidder).items():
            cell = self.form_of(self.person(who), criterion).locator("[name=points]")
            cell.fill(points)
            cell.press("Tab")
            self.typed.setdefault(who, {}).setdefault(bidder, {})[criterion] = points

    def saved(self, place: int, bidder: str) -> None:
        """All fields of the shown bid hold what was typed, and the server has said so."""
        person = self.person(self.members[place])
        for criterion, points in self.typed[person.who][bidder].items():
            expect(self.form_of(person, criterion)).to_have_attribute("data-done", "yes")
            expect(self.form_of(person, criterion).locator("[name=points]")).to_have_value(points)

    def begin_scoring(self) -> None:
        """Everybody scores the first bid; those whose line will be cut turn to the second."""
        for place, person in enumerate(self.seats):
            person.go(self.room)
            self.choose(person, self.file["bidders"][0]["name"])
            self.type_points(place, "甲")
            self.saved(place, "甲")
        for place in CUT:
            self.choose(self.seats[place], self.file["bidders"][1]["name"])

    def line_is_cut(self) -> None:
        """The line of the second site is cut; its members go on typing, the others see them offline."""
        site = self.sites[SITES[CUT[0]]]
        site.down = True
        site.line.cut()
        for place in CUT:
            person = self.seats[place]
            expect(person.at('[data-line="down"]').first).to_be_visible()
            self.type_points(place, "乙")
            person.see("[data-saved]", "连接中断")
        for person in (self.supervisor, self.witness, self.leader):
            expect(person.at(".rm-alarms li", has_text="离线自")).to_have_count(len(CUT))

    def pass_minutes(self, count: int) -> None:
        self.live.stage.move_to(self.live.stage.now() + timedelta(minutes=count))

    def sitting_stands_still(self) -> None:
        """After ten minutes an alarm, after thirty the sitting pauses by itself."""
        self.pass_minutes(11)
        for person in (self.supervisor, self.witness):
            expect(person.at(".rm-alarms .text-danger", has_text="报警")).to_have_count(len(CUT))
        self.look("cut")
        for person in (self.leader, self.witness, self.supervisor):
            check_axe(person.page)
        self.pass_minutes(31)
        for person in (self.leader, self.witness, self.supervisor):
            expect(self.halted(person)).to_be_visible()

    def look(self, moment: str) -> None:
        """Where somebody wants to look at the pages."""

    def halted(self, person: Person) -> Locator:
        return person.at("[role=status]", has_text="PAUSED_TECH")

    def line_is_mended(self) -> None:
        """Both are back; what they typed waits for the sitting to go on, which two let it, and is saved once."""
        site = self.sites[SITES[CUT[0]]]
        site.line.mend()
        for place in CUT:
            expect(self.seats[place].at('[data-line="up"]').first).to_be_visible()
        for person in (self.supervisor, self.witness, self.leader):
            expect(person.at(".rm-alarms li")).to_have_count(0)
        for place in CUT:
            self.seats[place].see("[data-saved]", "评标暂停中")
        for person, reason in ((self.supervisor, "链路已恢复"), (self.leader, "设备检查正常")):
            form = person.form("halt.confirm")
            person.fill(form, reason=reason)
            form.locator("button").click()
            expect(person.at('form[data-room-act="halt.confirm"]')).to_have_count(0)
        for person in self.nine:
            expect(self.halted(person)).to_have_count(0)
        for place in CUT:
            self.saved(place, "乙")
        site.down = False

    # -- a seat and a member ------------------------------------------------------------------------------------------

    def seat_is_changed(self) -> None:
        """The witness moves a member of the own venue to a spare seat; at its computer the member finds everything."""
        who = self.members[MOVED]
        self.story.check_seats()
        self.witness.go(self.room)
        mover = self.witness.at("#watch-steering details:has(form[data-room-act='seat.change'])",
                                has_text=self.live.ring[who].name)  # fmt: skip
        mover.locator("summary").click()
        label = mover.locator("option").first.inner_text()
        mover.locator("[name=reason]").fill("显示器故障")
        mover.locator("button").click()
        left = self.person(who)
        expect(left.at(".rm-chip.me")).to_contain_text(label)
        self.witness.see("#watch-incidents", "显示器故障")
        self.people[who] = person = self.come(who, types_password=True)
        person.go(self.room).see("#rejoin", "您不在本人工位")
        person.press("sitting.rejoin")
        expect(person.at(".rm-chip.me")).to_contain_text(label)
        left.go(self.room).see("#rejoin", "您不在本人工位")
        left.leave()
        self.choose(person, self.file["bidders"][0]["name"])
        self.saved(MOVED, "甲")

    def member_is_removed(self) -> None:
        """The supervisor has a member replaced: nothing of the room stays on that screen, nobody goes on meanwhile."""
        self.gone = self.members[REPLACED]
        self.supervisor.go(self.room).press("member.remove", member=self.member_id(self.gone), reason="突发疾病，送医")
        left = self.people.pop(self.gone)
        expect(left.page).to_have_url(re.compile("/invitations$"))
        left.leave()
        self.stands_at("SIGN_IN")

    def newcomer_catches_up(self) -> None:
        """The spare of the same site is called, accepts, is seated by a draw, signs in, pledges and reviews; the
        others' findings and points stand, and the sitting comes back to scoring by itself."""
        asked = self.live.stage.ask
        (who,) = [one for one in self.story.experts()
                  if any(i["state"] == "invited" for i in asked(one, "invitation.mine")["invitations"])]  # fmt: skip
        self.story.enrol(who)
        self.members[REPLACED], self.at_site[who] = who, SITES[REPLACED]
        person = self.person(who).go("/invitations")
        person.press("invitation.answer")
        self.story.draw_seats()
        person.go(self.room).press("sitting.signin")
        person.press("pledge.sign", no_conflict=True, pledge=True)
        person.at(".rm-grid").wait_for()
        for one in self.file["bidders"]:
            self.choose(person, one["name"])
            person.at("[data-pass-rest]").click()
            expect(person.at('form[data-mark][data-done="no"]')).to_have_count(0)
        person.send(person.form("prelim.lock"))
        for seat in self.seats:
            expect(seat.at("[data-room]")).to_have_attribute("data-stage", "SCORING")

    def finish_scoring(self) -> None:
        """What was typed before stands in its field; the rest follows, and each locks with a signature."""
        for place, person in enumerate(self.seats):
            person.go(self.room)
            for one in self.file["bidders"]:
                self.choose(person, one["name"])
                if one["id"] not in self.typed.get(person.who, {}):
                    self.type_points(place, one["id"])
                self.saved(place, one["id"])
            person.send(person.form("score.lock"), signed=True)
        self.stands_at("SUMMARY")

    # -- the report ---------------------------------------------------------------------------------------------------

    def make_report(self) -> None:
        """Six sign, then the leader; the seal follows. All nine stay."""
        leader = self.leader.go(self.room)
        self.shown = self.summary(leader)
        leader.form("report.make").locator("button").click()
        link = leader.at('#room-tasks a[href^="/papers/"]')
        link.wait_for()
        self.report = str(link.get_attribute("href")).rpartition("/")[2]
        leader.go(f"/papers/{self.report}")
        expect(leader.at("form[data-paper] button")).to_be_disabled()
        for person in [*self.seats[1:], leader]:
            person.sign_paper(self.report)
        expect(leader.at("#paper-state > .card-header .bg-green-lt")).to_be_visible()

    def come_back(self) -> None:
        for person in self.seats:
            person.go(self.room)

    def named(self, bid: str) -> str:
        """The bidder of the case file that made this bid."""
        return next(name for name, one in self.story.bids.items() if one == bid)
