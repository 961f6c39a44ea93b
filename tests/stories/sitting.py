"""A sitting in which every secret has words or points of its own, so that it can be found wherever it comes out.

Four experts at four sites and a representative of the tenderer; four bidders, one of them rejected. At each stage
`look` is called.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.access import Role
from tests.stories.play import CaseFile, Life, four_sites, with_bidders
from tests.stories.visibility import Stage, Who
from web.demo import world

FINDING, VOTE, SAID, NOTE = "阅标理由己七", "表决理由甲三", "会场发言丑五", "个人批注寅六"
QUESTION, ANSWER, REASON, DISSENT = "澄清问题卯八", "澄清答复辰九", "偏离说明巳十", "不同意见午一"
POINTS, LOW, DRAFT, FINAL = "87.31", "52.07", "71.43", "88.52"
PRICES = {"甲": "5689.37", "乙": "5828.61", "丙": "5709.43", "丁": "5777.29"}
PRICE_SCORE, TOTAL = "98.89", "94.29"  # of 甲, as these points and prices make them; asserted at the summary
Look = Callable[[Stage], None]


def case_file() -> CaseFile:
    case = with_bidders(four_sites(), PRICES)
    case["bidders"][3]["rejected"] = "TL51-6"
    case["remote"]["members_by_site"] = {site["region"]: 1 for site in case["sites"]}
    case["experts"]["draw"]["experts"] = len(case["sites"])
    return case


class Sitting(Life):
    """`people`: {who looks: login}, filled as people are known; who sits at which place is drawn."""

    people: dict[Who, str]

    @classmethod
    def begin(cls, folder: Path, case: CaseFile | None = None) -> Sitting:
        life = super().begin(folder, case or case_file())
        assert isinstance(life, Sitting)
        builder = world.Builder(life.stage, stored_keys=False)
        builder.number = 700  # behind everybody the platform has
        region = life.tender["region"]
        builder.person("tenderer", "representative", "招标人代表", [Role.TENDERER], region)
        builder.person("centre1", "admin", "系统管理员", [Role.ADMIN], region)
        builder.org("regulator2", "安康市公共资源交易监督管理局", world.uscc("11", "610900", 77), "regulator", "610900",
                    "centre1")  # fmt: skip
        life.people = {
            Who.PUBLIC: "", Who.BIDDER_A: "bidder1", Who.BIDDER_B: "bidder2", Who.BIDDER_D: "bidder4",
            Who.TENDERER: "tenderer", Who.REPRESENTATIVE: "representative", Who.AGENCY: "agency", Who.MAIN: "centre1",
            Who.SUB: "centre2", Who.OTHER_SUB: "centre3", Who.REGULATOR: "regulator",
            Who.OTHER_REGULATOR: "regulator2", Who.AUDITOR: "auditor", Who.ADMIN: "admin", Who.ELECTOR: "elector1",
        }  # fmt: skip
        return life

    def play(self, look: Look, last: Stage = Stage.RESULT) -> None:
        self.announce().bid_all()
        self.stage.move_to(self.deadline - timedelta(hours=1))
        look(Stage.BIDS_IN)
        assert self.deadline_passes() == "SEALED"
        assert self.open() == "OPENED"
        look(Stage.OPENED)
        self.draw_committee()
        look(Stage.COMMITTEE)
        self.seat()
        self._findings()
        self._talk_and_notes()
        look(Stage.PRELIM)
        self._votes(look)
        self._scores(look)
        self._summary()
        look(Stage.SUMMARY)
        document = str(self.stage.act(self.leader, "report.make", self.case)["document"])
        look(Stage.REPORT)
        for who in [*(one for one in self.members if one != self.leader), self.leader]:
            self.stage.sign(who, document)
        self.stage.run_due()
        assert self.state() == "EVALUATED"
        look(Stage.EVALUATED)
        if last is Stage.EVALUATED:
            return
        self.award()
        self.people[Who.ELECTOR] = self.electors[0]
        until = self.publish()
        look(Stage.PUBLISHED)
        self.result(until)
        look(Stage.RESULT)

    # -- the committee --------------------------------------------------------------------------------------------

    def seats_at(self, site: dict[str, Any]) -> int:
        """One more at the main venue, for the representative."""
        return super().seats_at(site) + (site["part"] == "main")

    def wanted(self, begin: Any) -> dict[str, Any]:
        return super().wanted(begin) | {"representatives": [self.user("representative").person]}

    def draw_committee(self) -> None:
        super().draw_committee()
        leader, author, fellow, _ = self.members
        outside = next(one for one in self.experts() if not self.stage.ask(one, "invitation.mine")["invitations"])
        self.people |= {Who.LEADER: leader, Who.AUTHOR: author, Who.FELLOW: fellow, Who.OUTSIDER: outside}
        self.members.append("representative")

    # -- the review -----------------------------------------------------------------------------------------------

    def _findings(self) -> None:
        """Everybody notes all findings; the author alone has locked."""
        shown = self.stage.ask(self.leader, "room.view", self.case)
        self.numbers = {self._name(bid["id"]): bid["id"] for bid in shown["bids"]}
        last = shown["items"][-1]["id"]
        for who in self.members:
            marks = []
            for name, bid in self.numbers.items():
                for item in shown["items"]:
                    bad = name == "丁" and item["id"] == last
                    reason = FINDING if who == self.people[Who.AUTHOR] else "不响应"
                    marks.append({"bid": bid, "item": item["id"], "pass": not bad}
                                 | ({"page": "1", "reason": reason, "ground": "TL51-6"} if bad else {}))  # fmt: skip
            self.stage.act(who, "prelim.mark", self.case, marks=marks)
        self.stage.act(self.people[Who.AUTHOR], "prelim.lock", self.case)

    def _talk_and_notes(self) -> None:
        author, act = self.people[Who.AUTHOR], self.stage.act
        act(author, "talk.say", self.case, text=SAID)
        bid = next(one for one in self.stage.ask(author, "room.view", self.case)["bids"]
                   if one["id"] == self.numbers["乙"])  # fmt: skip
        self.pdf = bid["pdf_sha256"]
        act(author, "highlight.save", self.case, bid=bid["id"], sha256=self.pdf, page=1, text="", note=NOTE,
            rects=[[100, 100, 2000, 400]])  # fmt: skip
        asked = act(self.leader, "clarify.ask", self.case, bid=bid["id"], question=QUESTION)
        act("bidder2", "clarify.answer", self.case, clarification=asked["clarification"], answer=ANSWER)

    def _votes(self, look: Look) -> None:
        author = self.people[Who.AUTHOR]
        for who in self.members:
            if who != author:
                self.stage.act(who, "prelim.lock", self.case)
        self.hear("丁", "TL51-6")
        vote = {"bid": self.numbers["丁"], "ground": "TL51-6", "reject": True}
        self.stage.act(author, "reject.vote", self.case, **vote, reason=VOTE)
        look(Stage.VOTES)
        for who in self.members:
            if who != author:
                self.stage.act(who, "reject.vote", self.case, **vote, reason="不响应")

    # -- points ---------------------------------------------------------------------------------------------------

    def _points(self, who: str) -> dict[str, dict[str, str]]:
        place = self.members.index(who)
        sheet = {
            self.numbers[name]: {one: str(84 + 2 * number + place) for one in ("credit", "management", "plan")}
            for number, name in enumerate("丙乙甲")
        }
        if who == self.people[Who.AUTHOR]:
            sheet[self.numbers["甲"]]["plan"] = POINTS
            sheet[self.numbers["乙"]]["credit"] = LOW
        if who == self.people[Who.FELLOW]:
            sheet[self.numbers["甲"]]["plan"] = FINAL
        return sheet

    def _save(self, who: str, sheet: dict[str, dict[str, str]]) -> None:
        drafts = [{"bid": bid, "criterion": one, "points": value}
                  for bid, points in sheet.items() for one, value in points.items()]  # fmt: skip
        self.stage.act(who, "score.save", self.case, scores=drafts)

    def _scores(self, look: Look) -> None:
        author, fellow = self.people[Who.AUTHOR], self.people[Who.FELLOW]
        for who in self.members:
            self._save(who, self._points(who))
        self._save(fellow, {self.numbers["甲"]: {"plan": DRAFT}})
        self.stage.act(author, "score.lock", self.case, scores=self._points(author))
        look(Stage.SCORING)
        self._save(fellow, {self.numbers["甲"]: {"plan": FINAL}})
        for who in self.members:
            if who != author:
                self.stage.act(who, "score.lock", self.case, scores=self._points(who))

    def _summary(self) -> None:
        author = self.people[Who.AUTHOR]
        (flag,) = self.stage.ask(author, "room.view", self.case)["flags"]
        self.stage.act(author, "anomaly.confirm", self.case, bid=flag["bid"], criterion=flag["criterion"],
                       reason=REASON)  # fmt: skip
        self.stage.act(self.people[Who.FELLOW], "report.dissent", self.case, text=DISSENT)
        result = self.stage.ask(self.leader, "room.view", self.case)["summary"]["result"]
        bid = self.numbers["甲"]
        found = result["price_scores"][bid], result["totals"][bid]
        assert found == (PRICE_SCORE, TOTAL), found

    # -- what stands for a field ----------------------------------------------------------------------------------

    def marks(self) -> dict[str, str]:
        """{field: its mark}, as far as there is one already."""
        author = self.people.get(Who.AUTHOR, "")
        found = {
            "bid": self.bids["乙"], "price": PRICES["乙"], "finding": FINDING, "vote": VOTE, "draft": DRAFT,
            "points": POINTS, "price_score": PRICE_SCORE, "total": TOTAL, "reason": REASON, "dissent": DISSENT,
            "talk": SAID, "note": NOTE, "question": QUESTION, "answer": ANSWER,
        }  # fmt: skip
        if author:
            found["name"] = self.user(author).name
        if hasattr(self, "places"):
            found["leader_vote"] = f'"for":"{self.places[self.leader]}","member":"{self.places[author]}"'
        if hasattr(self, "pdf"):
            found["file"] = f"file:{self.pdf}"
        return found
