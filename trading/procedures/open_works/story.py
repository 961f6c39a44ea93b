"""The life of a works tender as a script: the demo plays it, the demo world is seeded from it, tests run it.

It only says who does which act when; a stage (over HTTP, or in process) does it. `case_file` has the shape of
docs/casefile-format in the contracts: parties, tender, bidders, scores, expectations.
"""

from __future__ import annotations

import io
import secrets
from datetime import datetime, time, timedelta
from typing import Any, Protocol

from certs import sealing, suite
from certs.sealing_parts import Part
from core import canon
from core.clock import CST
from core.paper import Paper
from trading.opening import sheet

Payload = dict[str, Any]
PLAN_DAYS = 31  # the plan stands thirty days before the notice (R1-03)
PATIENCE = 600  # looks at the hall until a stored file must have been hashed
UNLOCK_FAILS = {"bidder": "未在规定时间内解密", "platform": "平台解密服务故障"}


def basic_account(uscc: str) -> str:
    """The placeholder account of an organisation in the demo."""
    return "4200" + "".join(str(ord(sign) % 10) for sign in uscc)


class Stage(Protocol):
    """What a story needs of a stage: acts, uploads, questions, the clock, and each user's decryption key."""

    def act(self, who: str, act: str, case: str = "", /, **payload: Any) -> Payload: ...
    def ask(self, who: str, question: str, case: str = "", /, **params: Any) -> Payload: ...
    def upload(self, who: str, data: bytes) -> Payload: ...
    def opening_key(self, who: str) -> suite.PrivateKey: ...
    def fingerprint(self, who: str) -> str: ...
    def refused(self, who: str, act: str, case: str = "", /, **payload: Any) -> list[str]: ...
    def now(self) -> datetime: ...
    def move_to(self, moment: datetime) -> None: ...
    def let_work(self) -> None: ...


class Story:
    """One case from its plan to its notice. `bids` is {bidder of the case file: bid id}, `receipts` what each got."""

    APPROVAL = ("发改审批〔2026〕1号", "区发展和改革局")

    def __init__(self, stage: Stage, case_file: dict[str, Any]) -> None:
        self.stage, self.file, self.tender = stage, case_file, case_file["tender"]
        self.case = ""
        self.bids: dict[str, str] = {}
        self.receipts: dict[str, Payload] = {}
        self._manifests: dict[str, sealing.Manifest] = {}
        self._reference: sealing.Manifest | None = None
        self.bidders = {one["id"]: f"bidder{place + 1}" for place, one in enumerate(case_file["bidders"])}
        self.agency = "agency" if "agency" in case_file["parties"] else "tenderer"

    # -- from plan to notice ------------------------------------------------------------------------------------------

    def plan(self) -> None:
        t, lot = self.tender, self.tender["lots"][0]
        notice = (self.stage.now() + timedelta(days=PLAN_DAYS)).date()
        made = self.stage.act(
            "tenderer", "project.create", name=t["name"], region=t["region"], category=t["category"],
            regime=self.file["regime"], procedure=self.file["procedure"], funds=t.get("funds", "state"),
            estimate=t["estimate"], unit=t["unit"], lot={k: lot[k] for k in ("no", "name", "duration_days")},
            planned_notice_date=notice.isoformat(), **self._agency_org(),
        )  # fmt: skip
        self.case = made["case"]
        self.stage.act("tenderer", "plan.publish", self.case)
        self.planned = self.stage.now()

    def _agency_org(self) -> Payload:
        return {"agency_org": self.stage.ask("", "org.find", name=self.file["parties"]["agency"]["name"])["org"]} if (
            self.agency == "agency"
        ) else {}  # fmt: skip

    def register(self) -> Payload:
        return self.stage.act(
            self.agency, "project.register", self.case, approval_no=self.APPROVAL[0], approved_by=self.APPROVAL[1],
            **({"agency_contract": "委托合同 2026-01"} if self.agency == "agency" else {}),
        )  # fmt: skip

    def compile(self) -> Payload:
        t = self.tender
        self.stage.act(self.agency, "file.compile", self.case)
        wanted = ("ceiling", "bid_bond", "evaluation", "issue_days", "bidding_days")
        fallback = any(one.get("unlock_fails") == "platform" for one in self.file["bidders"])
        return self.stage.act(
            self.agency, "file.save", self.case, validity_days=t["bid_validity_days"],
            award={k: v for k, v in t["award"].items() if k != "note"}, remote=dict(self.file["remote"]),
            settings={"fallback": fallback or bool(t.get("fallback", True)), "window_minutes": 30},
            **{k: t[k] for k in wanted if k in t},
        )  # fmt: skip

    def issue(self) -> datetime:
        """Thirty-one days after the plan, at nine; warnings of the rule book are accepted with a reason."""
        day = self.planned.astimezone(CST).date() + timedelta(days=PLAN_DAYS)
        self.stage.move_to(datetime.combine(day, time(9), CST))
        self.seal_reference()
        warned = self.stage.act(self.agency, "file.save", self.case)["breaches"]
        accept = sorted({one["rule"] for one in warned if one["action"] == "W"})
        reason: Payload = {"accept_warnings": accept, "reason": "依据地方规定,已备案"} if accept else {}
        made = self.stage.act("tenderer", "tender.issue", self.case, **reason)
        self.deadline = datetime.fromisoformat(made["deadline"])
        return self.deadline

    def seal_reference(self) -> Payload | None:
        """The tenderer's 标底, where the file has one (`tender.reference`): sealed like a bid, to its own key."""
        if not self.tender.get("reference"):
            return None
        part = Part.of_bytes(sheet.REFERENCE, "application/json", sheet.compose_reference(self.tender["reference"]))
        context = sealing.Context("reference", self.case, self.case, self.stage.fingerprint("tenderer"))
        out = io.BytesIO()
        self._reference = sealing.seal([part], self.stage.opening_key("tenderer").public_key(), context, out)
        stored = self.stage.upload("tenderer", out.getvalue())
        return self.stage.act("tenderer", "reference.seal", self.case, manifest=canon.loads(self._reference.data),
                              ciphertext_sha256=stored["sha256"], size=stored["size"])  # fmt: skip

    # -- bids ---------------------------------------------------------------------------------------------------------

    def bid_all(self) -> None:
        """A day later everyone fetches the file; on the last day bids come in; the withdrawn withdraw."""
        self.stage.move_to(self.stage.now() + timedelta(days=1))
        self.fetch()
        self.bid()

    def fetch(self) -> None:
        for who in self.bidders.values():
            self.stage.act(who, "file.fetch", self.case)

    def bid(self) -> None:
        """Twenty hours before the deadline."""
        self.stage.move_to(self.deadline - timedelta(hours=20))
        for one in self.file["bidders"]:
            self.lodge(one)
            if not one.get("late"):
                self.submit(one)
            if one.get("withdrawn"):
                bid = self.bids.pop(one["id"])
                self.stage.act(self.bidders[one["id"]], "bid.withdraw", self.case, bid=bid)

    def lodge(self, one: Payload) -> None:
        """The bid bond, where one is asked: its reference, then the transfer at the simulated bank."""
        if self.tender.get("bid_bond") in (None, "", "0"):
            return
        who = self.bidders[one["id"]]
        self.stage.act(who, "bond.lodge", self.case, form="transfer")
        self.stage.act(who, "bond.pay", self.case, account=basic_account(one["uscc"]))

    def submit(self, one: Payload) -> None:
        payload = self.sealed(one)
        made = self.stage.act(self.bidders[one["id"]], "bid.submit", self.case, **payload)
        self.bids[one["id"]], self.receipts[one["id"]] = made["bid"], made["receipt"]

    def sealed(self, one: Payload) -> Payload:
        """Seal a bid as the bid desk does: PDF, price sheet, and a filler of the size the case names."""
        who = self.bidders[one["id"]]
        parts = [
            Part.of_bytes(sheet.PDF, "application/pdf", self._letter(one)),
            Part.of_bytes(sheet.SHEET, "application/json", self._sheet(one)),
        ]
        if one.get("file_mb"):
            body = secrets.token_bytes(1 << 20) * int(one["file_mb"])
            parts.append(Part.of_bytes("drawings.bin", "application/octet-stream", body))
        custodians = {
            role: suite.load_spki(suite.unb64(held, "spki"))
            for role, held in self.stage.ask(who, "bid.desk", self.case)["custodians"].items()
        }
        context = sealing.Context("bid", self.case, secrets.token_hex(8), self.stage.fingerprint(who))
        out = io.BytesIO()
        key = self.stage.opening_key(who)
        manifest = sealing.seal(parts, key.public_key(), context, out, custodians or None)
        stored = self.stage.upload(who, out.getvalue())
        self._manifests[one["id"]] = manifest
        return {"manifest": canon.loads(manifest.data), "ciphertext_sha256": stored["sha256"], "size": stored["size"]}

    def _sheet(self, one: Payload) -> bytes:
        manager = {"name": f"{one['name']}项目经理", "certificate": f"鄂142026{one['uscc'][-5:]}"}
        days = int(self.tender["lots"][0]["duration_days"])
        flags, brands = tuple(one.get("flags", [])), dict(one.get("brands", {}))
        small = dict(one.get("small", {}))
        return sheet.compose(sheet.Sheet(one["price"], days, "合格", manager, flags, brands, small))

    def _letter(self, one: Payload) -> bytes:
        paper = Paper("投标函", subtitle=self.tender["name"], issuer=one["name"], demo=True)
        paper.section("投标报价").text(f"我方愿以 {one['price']} {self.tender['unit']} 承包本工程,工期 "
                                   f"{self.tender['lots'][0]['duration_days']} 日历天,质量合格。")  # fmt: skip
        paper.section("承诺").text("我方已详细研究招标文件的全部内容,在投标有效期内不修改、撤销投标文件。")
        return paper.build().bytes

    def deadline_passes(self) -> str:
        """One second past the deadline; the late are refused. The state of the case afterwards."""
        late = [one for one in self.file["bidders"] if one.get("late")]
        payloads = [(one, self.sealed(one)) for one in late]
        self.stage.move_to(self.deadline)
        for one, payload in payloads:
            assert "E-02" in self.stage.refused(self.bidders[one["id"]], "bid.submit", self.case, **payload)
        self.stage.move_to(self.deadline + timedelta(seconds=1))
        return self.state()

    def state(self) -> str:
        return str(self.stage.ask("tenderer", "case.show", self.case)["state"])

    # -- opening ------------------------------------------------------------------------------------------------------

    def open(self) -> str:
        """Everyone signs in and unlocks; a failed unlock is decided by its cause on the spot, before the window ends,
        and where the cause is the platform's two custodians release their shares. The state of the case afterwards."""
        self.sign_in()
        self.stage.act("centre1", "opening.begin", self.case)
        present = {one["id"]: one for one in self.file["bidders"] if one["id"] in self.bids}
        for name, one in present.items():
            if not one.get("unlock_fails"):
                self.unlock(name)
        failing = {name: one["unlock_fails"] for name, one in present.items() if one.get("unlock_fails")}
        for name, cause in failing.items():
            what = "passphrase" if cause == "bidder" else "other"
            self.stage.act(self.bidders[name], "opening.report_failure", self.case, what=what)
            self.decide(name, cause, UNLOCK_FAILS[cause])
            if cause == "platform":
                for role, who in (("centre", "centre1"), ("regulator", "regulator")):
                    self.release(name, role, who)
        if self._reference is not None:
            key = sealing.unwrap_file_key(self._reference, self.stage.opening_key("tenderer"))
            self.stage.act("tenderer", "reference.unlock", self.case, file_key=suite.b64(key))
        self.stage.act("centre1", "opening.close", self.case)
        return self.state()

    def sign_in(self) -> None:
        for name in self.bids:
            self.stage.act(self.bidders[name], "opening.signin", self.case)

    def decide(self, name: str, cause: str, reason: str) -> None:
        """Once both digests stand in the hall; the stored file is hashed beside the acts."""
        bid = self.bids[name]
        for _ in range(PATIENCE):
            if any(one["bid"] == bid and one["compared_at"] for one in self.hall()["troubles"]):
                break
            self.stage.let_work()
        self.stage.act("centre1", "opening.decide", self.case, bid=bid, cause=cause, reason=reason)

    def hall(self) -> Payload:
        return self.stage.ask("centre1", "opening.hall", self.case)

    def unlock(self, name: str) -> None:
        who = self.bidders[name]
        file_key = sealing.unwrap_file_key(self._manifests[name], self.stage.opening_key(who))
        self.stage.act(who, "opening.unlock", self.case, file_key=suite.b64(file_key))

    def release(self, name: str, role: str, who: str) -> None:
        share = sealing.unwrap_share(self._manifests[name], role, self.stage.opening_key(who))
        self.stage.act(who, "opening.release", self.case, bid=self.bids[name], share=suite.b64(share))

    # -- after the award ----------------------------------------------------------------------------------------------

    def publish(self) -> datetime:
        made = self.stage.act(self.agency, "candidates.publish", self.case,
                              channel="在本平台项目页面提出，咨询电话 027-00000000")  # fmt: skip
        return datetime.fromisoformat(made["until"])

    def result(self, until: datetime) -> Payload:
        """Refused one second before the publicity is over, published one second after."""
        self.stage.move_to(until - timedelta(seconds=30))
        assert "R1-23" in self.stage.refused(self.agency, "result.publish", self.case)
        self.stage.move_to(until + timedelta(seconds=1))
        made = self.stage.act(self.agency, "result.publish", self.case)
        self.stage.act("tenderer", "award.notify", self.case)
        return made
