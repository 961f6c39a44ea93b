"""The whole case after the report: award meeting, publicity, result, notices, the case file. Every step by clicks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from playwright.sync_api import expect

from core.clock import CST
from tests.browser.whole_case_people import Person, download
from tests.browser.whole_case_tender import Stages

MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass
class AwardStages(Stages):
    """From the award meeting to the exported case file."""

    electors: list[str] = field(default_factory=list)
    award: str = ""
    candidates: list[str] = field(default_factory=list)
    verified: dict[str, list[str]] = field(default_factory=dict)

    @property
    def watchers(self) -> list[str]:
        return [f"supervisor{number + 1}" for number in range(int(self.file["tender"]["award"]["supervisors"]))]

    def convene(self) -> None:
        """Two days later: the pool of ten is frozen, five electors are drawn by three parties."""
        tenderer = self.person("tenderer")
        tenderer.move_clock(self.live.stage.now() + timedelta(days=2))
        tenderer.go(f"/award/{self.case}")
        tenderer.at('[data-all="pool"]').click()
        expect(tenderer.at("[data-count=pool]")).to_have_text(str(self.file["tender"]["award"]["pool"]))
        for who in self.watchers:
            tenderer.at('label:has(input[name="supervisors"])', has_text=self.live.ring[who].name).click()
        tenderer.press("award.open", **self.parties)
        self.draw()
        tenderer.go(f"/award/{self.case}")
        here = set(tenderer.at("#award-seats li strong").all_inner_texts())
        pool = [one for one in self.live.ring.users if one.startswith("elector")]
        self.electors = [who for who in pool if self.live.ring[who].name in here]
        assert len(self.electors) == int(self.file["tender"]["award"]["committee"])

    def gather(self) -> None:
        """Electors and supervisors sign in and pledge."""
        for number, who in enumerate([*self.electors, *self.watchers]):
            self.people.setdefault(who, Person(self.live, who, types_password=number == 0))
            person = self.person(who).go(f"/award/{self.case}")
            person.press("award.signin")
            person.press("award.pledge", pledge=True)

    def vote(self) -> None:
        """The ballots of the case file, round by round; nobody sees a total before all have voted."""
        names = {one["id"]: one["name"] for one in self.file["bidders"]}
        watcher = self.person(self.watchers[0])
        for number, counts in enumerate(self.file["award_ballots"], 1):
            choices = [names[name] for name, count in counts.items() for _ in range(count)]
            for place, (who, choice) in enumerate(zip(self.electors, choices, strict=True)):
                person = self.person(who)
                ballot = person.at(f'form[data-ballot][data-round="{number}"]')
                ballot.locator("label", has_text=choice).locator("input").check()
                ballot.locator("button").click()
                person.sign()
                expect(ballot).to_have_count(0)
                if place < len(choices) - 1:
                    expect(watcher.at("#award-rounds h3")).to_have_count(number - 1)
            expect(watcher.at("#award-rounds h3")).to_have_count(number)
        watcher.see("#award-mine .h2", names["甲"])

    def report_award(self) -> None:
        """The tenderer makes the award report; electors and supervisors sign, the seal follows by itself."""
        tenderer = self.person("tenderer").go(f"/award/{self.case}")
        tenderer.press("award.report")
        self.award = tenderer.page.url.rpartition("/")[2]
        for who in [*self.watchers, *self.electors]:
            self.person(who).sign_paper(self.award)
        tenderer.go(f"/award/{self.case}").at(f'#award-mine a[href="/cases/{self.case}/result"]').wait_for()

    # -- publicity and notices ----------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Candidates public for the time of the law; then the result and the letters."""
        agency = self.person("agency").go(f"/cases/{self.case}/result")
        agency.press("candidates.publish", channel="书面异议请递交招标人,电话 027-00000000")
        guest = Person(self.live, "", f"/cases/{self.case}/result")
        self.candidates = guest.at("#main tbody tr").all_inner_texts()
        expect(agency.at('form[data-act="result.publish"] button')).to_be_disabled()
        until = MOMENT.search(agency.read("#main .gh-centre"))
        assert until is not None
        agency.move_clock(datetime.fromisoformat(until.group()).replace(tzinfo=CST) + timedelta(seconds=1))
        agency.press("result.publish")
        guest.go(f"/cases/{self.case}/result").see(".gh-centre .gh-big", self.file["bidders"][0]["name"])
        guest.leave()
        self.person("tenderer").go(f"/cases/{self.case}/result").press("award.notify")
        winner = self.person("bidder1").go(f"/cases/{self.case}")
        winner.see("#case-documents", "中标通知书")

    # -- the regulator ------------------------------------------------------------------------------------------------

    def export(self) -> None:
        """An hour later everything lies under a checkpoint; the regulator checks the ledger and takes the case file."""
        regulator = self.person("regulator")
        regulator.move_clock(self.live.stage.now() + timedelta(hours=1))
        regulator.go(f"/audit/{self.case}")
        regulator.at("[data-integrity]").click()
        regulator.at("[data-integrity-result] .text-success").wait_for()
        regulator.press("casefile.export", edition="supervisor")
        download(regulator.page, 'a[href^="/casefiles/"]', self.folder / "casefile.zip")
        for name, page in (("evaluation-report", f"/room/{self.case}"), ("award-report", f"/award/{self.case}")):
            regulator.go(page).follow('#main a[href^="/papers/"]')
            (self.folder / f"{name}.pdf").write_bytes(regulator.fetch('.card-footer a[href$="/file"]'))

    def verify(self) -> None:
        """A stranger drops the case file and the report on the verify page, and takes the trust file with them."""
        stranger = Person(self.live, "", "/verify")
        download(stranger.page, 'a[href="/trust.json"]', self.folder / "trust.json")
        for name in ("casefile.zip", "evaluation-report.pdf"):
            stranger.drop("[data-drop]", self.folder / name)
            expect(stranger.at("[data-own-digest]")).to_have_text(re.compile("SHA-256 [0-9a-f]{64}"))
            stranger.send(stranger.at("form[data-verify]"))
            stranger.see(".alert-success h2", name)
            self.verified[name] = stranger.at(".alert-success li").all_inner_texts()
        stranger.leave()
