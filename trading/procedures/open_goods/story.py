"""What is other in the life of a government procurement tender than in that of a works tender, as a script.

Mixed in before a story of the rooms (web/demo/room_story.py), which it follows for everything else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from trading.procedures.open_works.story import Payload, Story

UNFIT = "未提供有效的证明材料"
PIECE = timedelta(seconds=100)


class GoodsStory(Story):
    """`unqualified` of a bidder in the case file: the id of the item it does not meet."""

    APPROVAL = ("采购计划〔2026〕1号", "区财政局")
    members: list[str]

    def examine(self, most: int = 99) -> None:
        """The agency examines the first `most` bidders."""
        shown = self.stage.ask(self.agency, "qualification.sheet", self.case)
        unfit = {self.bids[one["id"]]: one["unqualified"] for one in self.file["bidders"] if one.get("unqualified")}
        for bid in shown["bids"][:most]:
            bad = {"pass": False, "page": "1", "reason": UNFIT}
            lacking = unfit.get(bid["id"])
            marks = {item["id"]: bad if item["id"] == lacking else {"pass": True} for item in shown["items"]}
            self.stage.act(self.agency, "qualification.mark", self.case, bid=bid["id"], items=marks)

    def qualify(self) -> Payload:
        """Everybody is examined, the report made; fewer than three qualified end the tender."""
        self.examine()
        return self.stage.act(self.agency, "qualification.conclude", self.case)

    def draw_committee(self) -> None:
        """Only where enough are qualified."""
        if self.qualify()["state"] == "QUALIFIED":
            super().draw_committee()  # type: ignore[misc]

    def record(self) -> None:
        """Every seat keeps a piece of its recording: nobody scores unrecorded (87号令 art. 39)."""
        until = self.stage.now().astimezone(UTC)
        for who in self.members:
            held = self.stage.upload(who, f"{who} {until.isoformat()}".encode())
            self.stage.act(who, "recording.keep", self.case, sha256=held["sha256"], media="video/webm", picture=True,
                           until=until.isoformat(), **{"from": (until - PIECE).isoformat()})  # fmt: skip

    def few_left(self) -> None:
        """Too few conform: nobody votes, the evaluation is over."""

    def score(self) -> None:
        if self.stage.ask(self.members[0], "room.view", self.case)["stage"] == "SCORING":
            self.record()
            super().score()  # type: ignore[misc]

    def ground(self, named: str) -> str:
        return named if named.startswith("M87-") else "M87-63-6"

    def publish(self) -> datetime:
        """The purchaser settles the winner."""
        self.stage.act("tenderer", "winner.settle", self.case)
        return self.stage.now()

    def result(self, until: datetime) -> Payload:
        """Result, award notice and letters in one act."""
        return self.stage.act(self.agency, "result.publish", self.case)

    def contract(self) -> None:
        """Signed, made public, filed."""
        won = next(one for one in self.file["bidders"] if self.bids.get(one["id"]) == self.winner())
        self.stage.act("tenderer", "contract.sign", self.case, amount=won["price"], bond="0")
        self.stage.act(self.agency, "contract.publish", self.case, number="政采合同-2026-001")
        self.stage.act(self.agency, "contract.report", self.case, text="合同副本已备案。")

    def winner(self) -> Any:
        return self.stage.ask("tenderer", "case.result", self.case)["winner"]
