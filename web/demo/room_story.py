"""The room's part of a life: draws by three parties, seats, the sitting, the report, the award meeting."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from certs import draws, suite, typed
from trading.procedures.open_works.story import Payload, Story
from web.demo.ring import User

EXPLAIN, UNEXPLAINED = "请对投标报价作出书面说明并附证明材料", "不能提供证明材料"
UNANSWERED = "不响应招标文件实质性要求"
PARTIES = {"tenderer": "tenderer", "centre": "centre1", "supervisor": "regulator"}


class RoomStory(Story):
    """Adds evaluation and award to the tender's story. `members` are logins in the order of the case file."""

    members: list[str]

    def user(self, login: str) -> User:
        found: User = self.stage.ring[login]  # type: ignore[attr-defined]
        return found

    # -- committee ----------------------------------------------------------------------------------------------------

    def book_venues(self, begin: Any) -> None:
        """Every site of the file is booked for the sitting, its devices checked."""
        centres = {one["region"]: one["id"] for one in self.stage.ask("tenderer", "venue.list")["centres"]}
        for place, site in enumerate(self.file["sites"]):
            made = self.stage.act(
                "tenderer", "venue.request", self.case, centre=centres[site["region"]], part=site["part"],
                from_at=begin.isoformat(), until_at=(begin + timedelta(hours=9)).isoformat(),
                seats=self.seats_at(site),
            )  # fmt: skip
            self.stage.act(f"centre{place + 1}", "venue.accept", booking=made["booking"])

    def seats_at(self, site: Payload) -> int:
        return int(self.file["remote"]["members_by_site"][site["region"]])

    def check_seats(self) -> None:
        for place in range(len(self.file["sites"])):
            centre = f"centre{place + 1}"
            seats = [seat["id"] for room in self.stage.ask(centre, "venue.seats")["rooms"] for seat in room["seats"]]
            self.stage.act(centre, "seat.check", seats=seats, camera=True, screen=True, microphone=True, clock=True)

    def draw_coefficient(self) -> None:
        """In public, where the tender file has several; once the prices are out."""
        if self.stage.ask("tenderer", "opening.hall", self.case)["factor"]:
            made = self.stage.act("centre1", "coefficient.freeze", self.case, parties=self.parties())
            self.commit_and_reveal(made["draw"])

    def draw_committee(self) -> None:
        """Request, freeze, three commitments, three reveals; whoever was drawn accepts."""
        self.draw_coefficient()
        begin = self.stage.now() + timedelta(hours=1)
        self.book_venues(begin - timedelta(minutes=30))
        self.stage.act(self.agency, "draw.request", self.case, **self.wanted(begin))
        self.begin = begin
        made = self.stage.act(self.agency, "draw.freeze", self.case, parties=self.parties())
        self.commit_and_reveal(made["draw"])
        self.accept_invitations()

    def wanted(self, begin: Any) -> Payload:
        """The committee that is asked for."""
        draw = self.file["experts"]["draw"]
        return {
            "experts": int(draw["experts"]), "members_by_site": self.file["remote"]["members_by_site"],
            "specialities": self.file["experts"]["specialities"], "spares_by_site": draw.get("spares_by_site", {}),
            "at": begin.isoformat(), "until": (begin + timedelta(hours=8)).isoformat(),
        }  # fmt: skip

    def parties(self) -> dict[str, str]:
        return {party: self.user(login).person for party, login in PARTIES.items()}

    def commit_and_reveal(self, draw: str) -> None:
        """As the draw page does it: the text is composed from what the party sees, the secret stays here."""
        kept = {party: secrets.token_bytes(32) for party in PARTIES}
        for act, name in (("commit", "list"), ("reveal", "commitments")):
            for party, login in PARTIES.items():
                listed = self.stage.ask(login, "draw.list", self.case)["draws"]
                seen = next(one for one in listed if one["draw"] == draw)
                value = draws.commitment_value(party, draw, kept[party]) if act == "commit" else kept[party].hex()
                fields = {"act": act, "draw": draw, name: seen[name], "party": party, "value": value}
                key = self.user(login).key
                assert key is not None
                signature = suite.b64(suite.sign_raw(key, typed.compose(draws.TEXT, fields)))
                self.stage.act(login, f"draw.{act}", self.case, draw=draw, value=value, signature=signature)

    def accept_invitations(self) -> None:
        """Each expert's browser looks for an invitation; the drawn accept. Members fill the sites in file order."""
        drawn: dict[str, list[str]] = {}
        for login in self.experts():
            for one in self.stage.ask(login, "invitation.mine")["invitations"]:
                if one["case"] == self.case and one["state"] in ("invited", "accepted"):
                    if one["state"] == "invited":
                        self.enrol(login)
                        self.stage.act(login, "invitation.answer", self.case, answer="accept")
                    drawn.setdefault(one["site"], []).append(login)
        self.members = [login for site in self.file["sites"] for login in drawn.get(site["region"], [])]

    def experts(self) -> list[str]:
        return [login for login in self.stage.ring.users if login.startswith("expert")]  # type: ignore[attr-defined]

    def enrol(self, login: str) -> None:
        if self.user(login).key is None:
            self.stage.enrol(login)  # type: ignore[attr-defined]

    # -- sitting ------------------------------------------------------------------------------------------------------

    def seat(self) -> None:
        """The seating is drawn, each member signs in at the seat that is revealed, pledges; the leader is elected."""
        self.stage.move_to(self.begin - timedelta(minutes=5))
        self.check_seats()
        made = self.stage.act("centre1", "seating.freeze", self.case, parties=self.parties())
        self.commit_and_reveal(made["draw"])
        places = {who: self.stage.act(who, "sitting.signin", self.case) for who in self.members}
        self.members.sort(key=lambda who: int(places[who]["number"]))
        self.places = {who: one["member"] for who, one in places.items()}
        for who in self.members:
            shown = self.stage.ask(who, "room.view", self.case)
            self.stage.act(who, "pledge.sign", self.case, no_conflict=True, pledge=True,
                           bidders=[one["org"] for one in shown["bidders"]])  # fmt: skip
        self.leader = self.members[self._number(self.file.get("leader", "member-1")) - 1]
        for who in self.members:
            self.stage.act(who, "leader.vote", self.case, **{"for": self.places[self.leader]})

    @staticmethod
    def _number(member: str) -> int:
        return int(member.removeprefix("member-"))

    def review(self) -> None:
        """Everybody passes everything but the bids the file calls rejected; those fail on their ground."""
        shown = self.stage.ask(self.members[0], "room.view", self.case)
        self.numbers = {self._name(bid["id"]): bid["id"] for bid in shown["bids"]}
        rejected = {one["id"]: one["rejected"] for one in self.file["bidders"] if one.get("rejected")}
        item = shown["items"][-1]["id"]
        for who in self.members:
            marks: list[Payload] = []
            for name, bid in self.numbers.items():
                for one in shown["items"]:
                    bad = name in rejected and one["id"] == item
                    marks.append({"bid": bid, "item": one["id"], "pass": not bad})
                    if bad:
                        marks[-1] |= {"page": "1", "reason": UNANSWERED, "ground": self.ground(rejected[name])}
            self.stage.act(who, "prelim.mark", self.case, marks=marks)
        for who in self.members:
            self.stage.act(who, "prelim.lock", self.case)
        for name, ground in rejected.items():
            if name in self.numbers:
                self.hear(name, self.ground(ground))
            for who in self.members:
                if name in self.numbers:
                    self.stage.act(who, "reject.vote", self.case, bid=self.numbers[name], ground=self.ground(ground),
                                   reject=True, reason=UNANSWERED)  # fmt: skip
        if 0 < len(self.numbers) - len(rejected) < 3:
            self.few_left()

    def few_left(self) -> None:
        """Fewer than three valid bids: the members find that there is still competition."""
        for who in self.members:
            self.stage.act(who, "lack.vote", self.case, lack=False, reason="有效投标仍具有竞争性")

    def hear(self, name: str, ground: str) -> None:
        """Where the law has the bidder asked first, the leader asks and the bidder answers that it cannot explain."""
        seen = self.stage.ask(self.leader, "room.view", self.case)["votes"]["pairs"]
        bid = self.numbers[name]
        if any(one["ask_first"] for one in seen if (one["bid"], one["ground"]) == (bid, ground)):
            asked = self.stage.act(self.leader, "clarify.ask", self.case, bid=bid, ground=ground, question=EXPLAIN)
            self.stage.act(self.bidders[name], "clarify.answer", self.case, clarification=asked["clarification"],
                           answer=UNEXPLAINED)  # fmt: skip

    def ground(self, named: str) -> str:
        return named if named.startswith("TL51-") else "TL51-6"

    def _name(self, bid: str) -> str:
        return next(name for name, one in self.bids.items() if one == bid)

    def score(self) -> None:
        """Drafts bid by bid, then the lock over the whole sheet."""
        for place, who in enumerate(self.members, start=1):
            given = self.file["scores"].get(f"member-{place}", {})
            sheet = {self.numbers[n]: dict(points) for n, points in given.items() if self.valid(n)}
            for bid, points in sheet.items():
                drafts = [{"bid": bid, "criterion": one, "points": value} for one, value in points.items()]
                self.stage.act(who, "score.save", self.case, scores=drafts)
        for place, who in enumerate(self.members, start=1):
            given = self.file["scores"].get(f"member-{place}", {})
            sheet = {self.numbers[n]: dict(points) for n, points in given.items() if self.valid(n)}
            if sheet:
                self.stage.act(who, "score.lock", self.case, scores=sheet)

    def valid(self, name: str) -> bool:
        one = next(b for b in self.file["bidders"] if b["id"] == name)
        return name in self.numbers and not one.get("rejected")

    def explain(self) -> None:
        """Scores that stand out are confirmed by their authors with the file's reason."""
        reasons = self.file.get("anomaly_reasons", {})
        for place, who in enumerate(self.members, start=1):
            for one in self.stage.ask(who, "room.view", self.case)["flags"]:
                if not one["reason"] and not one.get("objective"):
                    reason = reasons.get(f"member-{place}", "已复核,符合评审标准")
                    self.stage.act(who, "anomaly.confirm", self.case, bid=one["bid"], criterion=one["criterion"],
                                   reason=str(reason))  # fmt: skip

    def report(self) -> str:
        """Members sign in an order of their own, the leader last; the seal follows by itself."""
        made = self.stage.act(self.leader, "report.make", self.case)
        others = [who for who in self.members if who != self.leader]
        secrets.SystemRandom().shuffle(others)
        for who in [*others, self.leader]:
            self.stage.sign(who, made["document"])  # type: ignore[attr-defined]
        return str(made["document"])

    # -- award --------------------------------------------------------------------------------------------------------

    def award(self) -> str:
        """Two days after the report: pool, draw, pledges, ballots as in the file, report signed. Its document."""
        watchers = self.convene()
        document = str(self.stage.act("tenderer", "award.report", self.case)["document"])
        for who in [*watchers, *self.electors]:
            self.stage.sign(who, document)  # type: ignore[attr-defined]
        return document

    def convene(self) -> list[str]:
        """The meeting up to the last ballot the file names; the supervisors' logins."""
        plan = self.tender["award"]
        self.stage.move_to(self.stage.now() + timedelta(days=2))
        pool = [f"elector{n + 1}" for n in range(int(plan.get("pool", 2 * int(plan["committee"]))))]
        watchers = [f"supervisor{n + 1}" for n in range(int(plan.get("supervisors", 2)))]
        made = self.stage.act(
            "tenderer", "award.open", self.case, pool=[self.user(one).person for one in pool],
            supervisors=[self.user(one).person for one in watchers], parties=self.parties(),
        )  # fmt: skip
        self.commit_and_reveal(made["draw"])
        seats = self.stage.ask("tenderer", "award.seats", self.case)["seats"]
        here = {one["person"] for one in seats if one["kind"] == "elector"}
        self.electors = [one for one in pool if self.user(one).person in here]
        for who in [*self.electors, *watchers]:
            self.stage.act(who, "award.signin", self.case)
        for who in [*self.electors, *watchers]:
            self.stage.act(who, "award.pledge", self.case, pledge=True)
        for number, one in enumerate(self.file.get("award_ballots", []), start=1):
            self.vote(number, one)
        return watchers

    def vote(self, number: int, one: Payload) -> None:
        """One round of the file: counts, {runoff, ballots} or {rankings}, handed out to the electors in drawn order."""
        if "rankings" in one:
            papers = [[self.numbers[name] for name in ranking] for ranking in one["rankings"]]
        else:
            counts = one.get("ballots", one)
            papers = [[self.numbers[name]] for name, count in counts.items() for _ in range(int(count))]
        papers += [[]] * (len(self.electors) - len(papers))
        for who, choice in zip(self.electors, papers, strict=True):
            self.stage.act(who, "award.vote", self.case, round=number, choice=choice)
