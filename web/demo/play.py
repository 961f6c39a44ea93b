"""Plays a whole case against a real server process, in moved time, and writes what outside checks read (contracts)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts.rules import AGREEMENT
from certs import checkpoint
from core import canon
from core.clock import CST
from core.faults import Fault, Unusable
from core.money import D
from web import wiring
from web.demo import world
from web.demo.goods_story import story_of
from web.demo.house import local_stage
from web.demo.ring import User
from web.demo.room_story import RoomStory
from web.demo.stage import HttpStage, Payload

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "trading" / "procedures" / "open_works" / "cases"
GOODS_CASES = ROOT / "trading" / "procedures" / "open_goods" / "cases"
WITNESS = "regulator"
Step = Callable[["Play"], None]


def read_case(path: Path) -> Payload:
    """A case file; Unusable when it cannot be read or lacks a block."""
    if not path.is_file():
        raise Unusable(f"{path}: no such case file")
    found = canon.loads(path.read_bytes())
    needed = ("start", "regime", "procedure", "tender", "sites", "remote", "parties", "bidders", "experts", "scores")
    missing = [key for key in needed if key not in found] if isinstance(found, dict) else ["an object"]
    if missing:
        raise Unusable(f"{path}: {', '.join(missing)} missing")
    return dict(found)


class Server:
    """A server process on a free port; it can be killed and started again on the same world."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir, self.port = data_dir, free_port()
        self.upload_port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.uploads = f"http://127.0.0.1:{self.upload_port}/uploads"
        self.log = (data_dir / "server.log").open("ab")
        self.start()

    def start(self) -> None:
        env = os.environ | {"DEMO": "1", "DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        env["UPLOAD_PORT"] = str(self.upload_port)
        env.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web.serve"], cwd=ROOT, env=env, stdout=self.log, stderr=self.log
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Fault(f"the server ended at once; see {self.data_dir / 'server.log'}")
            try:
                if requests.get(f"{self.base}/api/v1/time", timeout=5).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
        raise Fault("the server did not answer within a minute")

    def kill(self) -> None:
        """kill -9: nothing is tidied up."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)
        self.log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Play:
    """One case in play. `steps` are its stations; a test may act between them."""

    file: Payload
    out: Path
    stage: HttpStage
    story: RoomStory
    server: Server
    outcome: str = "failed_lt3"
    report: str = ""
    award: str = ""

    @classmethod
    def begin(cls, file: Payload, out: Path) -> Play:
        """Build the world in process, then hand it to a server of its own."""
        data = out / "world"
        shutil.rmtree(out, ignore_errors=True)
        local = local_stage(data, datetime.fromisoformat(file["start"]))
        wiring.admit(local.acts, local.acts.house.config)
        builder = world.Builder(local, stored_keys=False)
        world.build(builder, file)
        world.cookies(builder, list(local.ring.users))
        local.acts.close()
        server = Server(data)
        stage = HttpStage(server.base, local.ring)
        return cls(file, out, stage, story_of(file["procedure"])(stage, file), server)

    def run(self, between: Step | None = None) -> Payload:
        """All stations in order; `between` is called after each. The summary, also written to summary.json."""
        started = time.monotonic()
        for station in (self.enter, self.tender, self.bidding, self.opening, self.committee, self.sitting,
                        self.reviewing, self.scoring, self.signing, self.awarding, self.publishing, self.archive):
            station()  # fmt: skip
            if between is not None:
                between(self)
        summary = self.summary(round(time.monotonic() - started, 1))
        (self.out / "summary.json").write_bytes(canon.dumps(summary) + b"\n")
        return summary

    # -- stations -----------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Bidders register, are verified, make their keys."""
        for place, one in enumerate(self.file["bidders"], start=1):
            login = f"bidder{place}"
            contact = {"login": login, "name": f"{one['name']}经办", "phone": f"1380000{place:04d}",
                       "id_number": world.person_number(self.file["tender"]["region"], 5000 + place)}  # fmt: skip
            made = self.stage.act(
                "", "org.register", agreement=AGREEMENT, name=one["name"], uscc=one["uscc"], kinds=["bidder"],
                region=self.file["tender"]["region"], contact=contact, account=world.account_of(one["uscc"]),
            )  # fmt: skip
            self.stage.activate(made["activation"], world.PASSWORD)
            user = User(login, contact["name"], made["person"], made["org"], ("bidder",), world.PASSWORD)
            self.stage.ring.add(user)
            self.stage.act("centre1", "org.verify", org=made["org"], approve=True)
            self.stage.enrol(login)
            self.stage.enrol_org(login, "bidder")

    def tender(self) -> None:
        self.story.plan()
        self.story.register()
        self.story.compile()
        self.story.issue()

    def bidding(self) -> None:
        self.story.bid_all()

    def opening(self) -> None:
        if self.story.deadline_passes() != "SEALED":
            return
        state = self.story.open()
        if state == "OPENING":
            state = self.wait_for("OPENED", "FAILED")
        if state == "OPENED":
            self.outcome = "awarded"
            self.sign_waiting("centre1", "regulator", "tenderer", *self.story.bidders.values())

    def sign_waiting(self, *people: str) -> None:
        """Each of these signs what waits for them in this case."""
        for who in people:
            for one in self.stage.ask(who, "paper.waiting")["papers"]:
                if one["case"] == self.story.case:
                    self.stage.sign(who, one["document"])

    @property
    def alive(self) -> bool:
        return self.outcome == "awarded"

    def committee(self) -> None:
        if self.alive:
            self.story.draw_committee()
            if self.story.state() == "FAILED":  # too few are qualified
                self.outcome = "void"

    def sitting(self) -> None:
        if self.alive:
            self.story.seat()

    def reviewing(self) -> None:
        if self.alive:
            self.story.review()

    def scoring(self) -> None:
        if self.alive:
            self.story.score()
            self.story.explain()

    def signing(self) -> None:
        if self.alive:
            self.report = self.story.report()
            if self.wait_for("EVALUATED", "FAILED") == "FAILED":
                shown = self.stage.ask("tenderer", "case.result", self.story.case)
                self.outcome = str(shown["result"]["outcome"])

    def awarding(self) -> None:
        if self.alive and self.file["tender"]["award"].get("separate"):
            self.award = self.story.award()
            self.wait_for("AWARDED_DRAFT")

    def publishing(self) -> None:
        if self.alive:
            self.story.result(self.story.publish())

    def wait_for(self, *states: str) -> str:
        """The server moves on by itself after a seal or a decryption; look until it has."""
        until = time.monotonic() + 120
        while time.monotonic() < until:
            state = self.story.state()
            if state in states:
                return state
            time.sleep(0.1)
        raise Fault(f"the case did not reach {' or '.join(states)}; it is {self.story.state()}")

    # -- what is left behind ------------------------------------------------------------------------------------------

    def archive(self) -> None:
        """A checkpoint, the regulator's cosignature, the case file, and the single files beside it."""
        self.checkpoint = self.cosigned()
        made = self.stage.act("regulator", "casefile.export", self.story.case, edition="supervisor")
        (self.out / "casefile.zip").write_bytes(self.stage.fetch("regulator", f"/casefiles/{made['sha256']}"))
        (self.out / "trust.json").write_bytes(canon.dumps(made["trust"]))
        for name, kind in (("opening-record", "opening_record"), ("evaluation-report", "evaluation_report"),
                           ("award-report", "award_report")):  # fmt: skip
            document = self.paper(kind)
            if document:
                data = self.stage.fetch("regulator", f"/papers/{document}/file")
                (self.out / f"{name}.pdf").write_bytes(data)
        (self.out / "receipts").mkdir()
        for place, receipt in enumerate(self.story.receipts.values(), start=1):
            (self.out / "receipts" / f"bidder{place}.json").write_bytes(canon.dumps(receipt))
        self.draws()

    def paper(self, kind: str) -> str:
        """The signing desk's document of that kind, the newest that is not void."""
        listed = self.stage.ask("regulator", "paper.list", self.story.case)["papers"]
        return next((one["id"] for one in reversed(listed) if one["kind"] == kind and one["state"] != "void"), "")

    def draws(self) -> None:
        (self.out / "draws").mkdir()
        for one in self.stage.ask("regulator", "draw.records", self.story.case)["draws"]:
            (self.out / "draws" / f"{one['purpose']}-{one['draw']}.json").write_bytes(canon.dumps(one["record"]))

    def factor(self) -> str | None:
        """The coefficient that was drawn, None where there is none."""
        drawn = self.story.hall()["factor"]
        return drawn["value"] if drawn else None

    def cosigned(self) -> Payload:
        """The regulator's own client holds the witness key; the server never sees it."""
        key = Ed25519PrivateKey.generate()
        name = f"witness.{self.file['tender']['region']}"
        vkey = checkpoint.key_of(key, name, checkpoint.WITNESS).text
        self.stage.act(WITNESS, "witness.register", vkey=vkey)
        made = self.stage.act(WITNESS, "log.checkpoint")
        at = int(self.stage.now().astimezone(CST).timestamp())
        line = checkpoint.cosign(made["note"].encode(), name, key, at).decode().rstrip("\n").rpartition("\n")[2]
        self.stage.act(WITNESS, "checkpoint.cosign", size=made["size"], cosignature=line)
        return made

    def summary(self, seconds: float) -> Payload:
        shown = self.stage.ask("tenderer", "case.result", self.story.case)
        names = {bid: name for name, bid in self.story.bids.items()}
        result = shown["result"] or {}

        def named(values: dict[str, Any]) -> dict[str, Any]:
            return {names[bid]: value for bid, value in values.items() if bid in names}

        totals = named(result.get("totals", {}))
        prices = {one["id"]: one["price"] for one in self.file["bidders"]}
        return {
            "case": self.story.case,
            "outcome": self.outcome,
            "winner": names.get(shown["winner"], ""),
            "ranking": sorted(totals, key=lambda name: (-D(totals[name]), D(prices[name]))),
            "eliminated": [{"bid": names[bid], "rule": rule} for bid, rule in result.get("rejected", {}).items()],
            "price_scores": named(result.get("price_scores", {})),
            "totals": totals,
            "benchmark": result.get("benchmark"),
            "factor": self.factor(),
            "signatures_on_report": shown["signatures_on_report"],
            "entries": shown["entries"],
            "checkpoint": {"size": self.checkpoint["size"], "root": self.checkpoint["root"]},
            "seconds": str(seconds),
        }


def differences(expect: Payload, summary: Payload) -> list[str]:
    """Where the summary is not exactly what the case expects; empty when it is."""
    return [
        f"{key}: expected {canon.dumps(wanted).decode()}, found {canon.dumps(summary.get(key)).decode()}"
        for key, wanted in expect.items()
        if canon.dumps(summary.get(key)) != canon.dumps(wanted)
    ]

