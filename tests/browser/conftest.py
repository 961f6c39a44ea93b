"""A live server in the demo's clock on a free port, a small cast with keys, tenders brought to any stage by acts."""

from __future__ import annotations

import atexit
import io
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.proof import prove
from certs import draws, keys, sealing, suite, typed
from certs.sealing_parts import Part
from core import canon, config
from core.access import SYSTEM, Role
from core.acts import Acts, House, Tx
from core.blobs import Blobs
from core.clock import CST, DemoClock
from core.config import Config
from core.db import open_engine
from core.ledger import Ledger
from core.live import Hub
from core.paper import Paper
from core.staged import StagedFile
from tests import chromium
from trading.opening import sheet
from trading.project.models import Case
from trading.project.states import accept_report, set_state
from web import clocks, identity, rooms, timers
from web.demo.local import LocalStage
from web.demo.play import free_port
from web.demo.ring import Ring
from web.demo.stage import HttpStage
from web.demo.world import Builder, uscc

# A busy machine is slow, not wrong: expectations wait longer than the driver's five seconds.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 3, 2, 9, 0, tzinfo=CST)
REGION = "420112"
PRICES = ("5689", "5828", "5752")
EVALUATION = {
    "method": "综合评估法",
    "price": {
        "full": "100", "weight": "0.5",
        "benchmark": {"terms": [{"of": "ceiling", "weight": "0.576"}, {"of": "mean", "weight": "0.4"}]},
        "curve": {"kind": "slope", "above_per_pct": "3", "below_per_pct": "1", "below_adds": False, "step": "none"},
        "score_round": 2, "floor": "0", "cap": "100",
    },
    "criteria": [
        {"id": "credit", "name": "业绩与信誉", "max": "100", "weight": "0.10"},
        {"id": "management", "name": "施工管理能力", "max": "100", "weight": "0.15"},
        {"id": "plan", "name": "施工组织设计", "max": "100", "weight": "0.25"},
    ],
    "total_round": 2, "ties": ["price"],
}  # fmt: skip
AWARD = {"separate": True, "legal_basis": "地方评定分离实施意见(示例)", "method": "elimination", "committee": 5,
         "supervisors": 2, "candidates": 3, "ranked": False, "pool": 10}  # fmt: skip


def populate(builder: Builder) -> None:
    """A centre, a tenderer with electors, an agency, a regulator with supervisors and three bidders, all with keys."""
    builder.founding("centre1", "东西湖区公共资源交易中心", uscc("12", REGION, 1), REGION)
    builder.opening_key(builder.ring["centre1"], "custodian")
    builder.stage.act("centre1", "cert.make_seal")
    bodies = (("regulator", "东西湖区公共资源交易监督管理局", "11"), ("tenderer", "东西湖区水务建设有限公司", "91"),
              ("agency", "江汉招标代理有限公司", "91"))  # fmt: skip
    for place, (kind, name, head) in enumerate(bodies, 2):
        user = builder.org(kind, name, uscc(head, REGION, place), kind, REGION, "centre1")
        if kind != "agency":
            builder.opening_key(user, "custodian")
    for number, name in enumerate(("武汉江源建设集团有限公司", "湖北长丰市政工程有限公司", "汉水建筑股份有限公司"), 1):
        user = builder.org(f"bidder{number}", name, uscc("91", REGION, 10 + number), "bidder", REGION, "centre1")
        if number > 1:  # the first makes its key in the browser
            builder.opening_key(user, "bidder")
    for number in range(1, 9):
        builder.person("tenderer", f"elector{number}", f"定标委员{number:02d}", [Role.ELECTOR], REGION)
    for number in (1, 2):
        builder.person("regulator", f"supervisor{number}", f"监督员{number}", [Role.REGULATOR], REGION)


WINDOWS: list[BrowserContext] = []  # opened and not closed yet


@dataclass
class Live:
    """`stage` acts over HTTP as anyone of the ring; `open` is a browser page with that person logged in."""

    base: str
    folder: Path
    acts: Acts
    ring: Ring
    stage: HttpStage
    browser: Browser
    manifests: dict[str, sealing.Manifest] = field(default_factory=dict)
    letters: dict[str, bytes] = field(default_factory=dict)  # bidder → PDF that it seals in place of the usual letter
    parts: dict[str, list[Part]] = field(default_factory=dict)  # bidder → what else it seals

    def open(
        self, who: str, path: str, *, phone: bool = False, language: str = "zh_CN", profile: Path | None = None
    ) -> Page:
        """A page in a window of its own, which keeps its files in memory; with `profile` on disk, as people's do."""
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        ways: Any = {"viewport": size, "accept_downloads": True, "reduced_motion": "reduce"}
        if profile is None:
            context = self.browser.new_context(**ways)
        else:
            context = self.browser.browser_type.launch_persistent_context(profile, **chromium.OPTIONS, **ways)
        context.set_default_timeout(PATIENCE)
        WINDOWS.append(context)
        cookies = [{"name": "gh_language", "value": language, "url": self.base}]
        if who:
            token = self.stage.session(who).cookies[identity.COOKIE]
            cookies.append({"name": identity.COOKIE, "value": token, "url": self.base})
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(self.base + path)
        return page

    def sign(self, page: Page, who: str) -> None:
        """Confirm the open dialog; the passphrase is asked for when the key is still locked in this browser."""
        page.locator("#gh-sign[open]").wait_for()
        field = page.locator("#gh-passphrase")
        if field.is_visible():
            field.fill(self.ring[who].passphrase)
        page.locator("#gh-sign button[value=sign]").click()

    def key_file(self, who: str, folder: Path) -> Path:
        """The key file its holder saved when the organisation's decryption key was made."""
        user, path = self.ring[who], folder / f"{who}.json"
        assert user.opening is not None
        path.write_bytes(keys.key_file(user.opening, user.org, user.passphrase))
        return path

    def hand_in(self, page: Page, who: str, pdf: Path, price: str) -> bytes:
        """A bid filled in, sealed and signed on the bid desk; the receipt as the browser saved it."""
        for name, value in (("price", price), ("manager_name", "张建国"), ("manager_certificate", "鄂1420260001")):
            page.locator(f"form[data-bid] [name={name}]").fill(value)
        page.locator("#bid-pdf").set_input_files(pdf)
        with page.expect_download() as saved:
            page.locator("form[data-bid] .btn-lg").click()
            self.sign(page, who)
        return Path(saved.value.path()).read_bytes()

    # -- a tender brought to a stage, by acts over HTTP --------------------------------------------------------------

    def planned(self, name: str = "东西湖区某污水处理厂配套管网工程") -> str:
        agency = self.ring["agency"].org
        made = self.stage.act(
            "tenderer", "project.create", name=name, region=REGION, category="A08 施工", regime="R1",
            procedure="open-works", funds="state", estimate="5800", unit="万元", agency_org=agency,
            lot={"no": "001", "name": "施工标段", "duration_days": 365},
        )  # fmt: skip
        return str(made["case"])

    def drafted(self, **more: Any) -> str:
        case = self.planned()
        self.stage.act("tenderer", "plan.publish", case)
        self.stage.act("agency", "project.register", case, approval_no="发改审批〔2026〕1号", agency_contract="委托1号")
        self.stage.act("agency", "file.compile", case)
        draft = {
            "ceiling": "6000", "bid_bond": "80", "validity_days": 90, "issue_days": 5, "bidding_days": 21,
            "evaluation": EVALUATION, "award": AWARD, "settings": {"fallback": True, "window_minutes": 30},
        } | more  # fmt: skip
        self.stage.act("agency", "file.save", case, **draft)
        return case

    def announced(self, **more: Any) -> str:
        case = self.drafted(**more)
        warned = self.stage.act("agency", "file.save", case)["breaches"]
        accept = sorted({one["rule"] for one in warned if one["action"] == "W"})
        self.stage.act("tenderer", "tender.issue", case, accept_warnings=accept, reason="依据地方规定, 已备案")
        return case

    def bid(self, case: str, who: str, price: str) -> str:
        """Sealed as the bid desk does; the bid's id."""
        user = self.ring[who]
        if user.opening is None:
            Builder(self._local(), stored_keys=True).opening_key(user, "bidder")
        assert user.opening is not None
        with self.acts.reading() as session:
            row = case_of(session, case)
            custodians = {r: suite.load_spki(suite.unb64(one["spki"], "spki"))
                          for r, one in (row.settings.get("custodians") or {}).items()}  # fmt: skip
        usual = Paper("投标函", issuer=user.name, demo=True).section("报价").text(f"报价 {price} 万元").build().bytes
        letter = self.letters.get(who, usual)
        said = sheet.Sheet(price, 365, "合格", {"name": "张建国", "certificate": "鄂1420260001"})
        parts = [Part.of_bytes(sheet.PDF, "application/pdf", letter),
                 Part.of_bytes(sheet.SHEET, "application/json", sheet.compose(said)),
                 *self.parts.get(who, ())]  # fmt: skip
        context, out = sealing.Context("bid", case, secrets.token_hex(8), user.fingerprint), io.BytesIO()
        manifest = sealing.seal(parts, user.opening.public_key(), context, out, custodians or None)
        stored = self.stage.upload(who, out.getvalue())
        self.manifests[context.bid] = manifest
        made = self.stage.act(who, "bid.submit", case, manifest=canon.loads(manifest.data),
                              ciphertext_sha256=stored["sha256"], size=stored["size"])  # fmt: skip
        return str(made["bid"])

    def _local(self) -> LocalStage:
        """The house itself, at the server's moment."""
        clock = self.acts.house.clock
        assert isinstance(clock, DemoClock)
        clock.offset = clocks.make(self.acts.house.config).offset  # type: ignore[attr-defined]
        return LocalStage(self.acts, prove, self.ring, lambda: None)

    def sealed(self, case: str) -> dict[str, str]:
        """Three bids, then the deadline; {bidder: bid}."""
        bids = {f"bidder{n}": self.bid(case, f"bidder{n}", price) for n, price in enumerate(PRICES, 1)}
        self.past_deadline(case)
        return bids

    def past_deadline(self, case: str) -> None:
        with self.acts.reading() as session:
            deadline = case_of(session, case).deadline
        self.stage.move_to(deadline + timedelta(seconds=1))

    def begin(self, case: str) -> None:
        """The three bidders sign in, the centre opens the hall."""
        for number in range(1, 4):
            self.stage.act(f"bidder{number}", "opening.signin", case)
        self.stage.act("centre1", "opening.begin", case)

    def compared(self, case: str, bid: str) -> None:
        """Until the server has hashed the stored file anew."""
        self.stage.act("centre1", "opening.check", case, bid=bid)
        for _ in range(200):
            found = self.stage.ask("", "opening.hall", case)["troubles"]
            if any(one["bid"] == bid and one["compared_at"] for one in found):
                return
            time.sleep(0.05)
        raise AssertionError("the stored file was not compared")

    def unlock(self, case: str, who: str, bid: str) -> None:
        key = sealing.unwrap_file_key(self.manifests[bid], self.ring[who].opening)
        self.stage.act(who, "opening.unlock", case, file_key=suite.b64(key))

    def opened(self, **more: Any) -> tuple[str, dict[str, str]]:
        case = self.announced(**more)
        bids = self.sealed(case)
        self.begin(case)
        for who, bid in bids.items():
            self.unlock(case, who, bid)
        self.stage.act("centre1", "opening.close", case)
        self.settled(case)
        return case, bids

    def settled(self, case: str) -> None:
        """Until the server's timer has published the prices."""
        for _ in range(200):
            with self.acts.reading() as session:
                if case_of(session, case).state != "OPENING":
                    return
            time.sleep(0.05)
        raise AssertionError("the opening was not settled")

    def evaluated(self, **more: Any) -> tuple[str, dict[str, str]]:
        """The evaluation's result is handed over as its room would (tests of that room play it in full)."""
        case, bids = self.opened(**more)
        order = list(bids.values())
        totals = dict(zip(order, ("93.12", "90.47", "91.80"), strict=True))
        ranked = more.get("award", AWARD)["ranked"]
        result = {"outcome": "evaluated", "ranked": ranked, "candidates": order, "totals": totals, "members": [],
                  "reported_at": self.stage.now().isoformat(), "report_sha256": "0" * 64,
                  "remarks": {order[0]: "施工组织合理; 工期保证措施较弱"}}  # fmt: skip
        self._local().acts.act(walk_to_report, SYSTEM, case, result)
        return case, bids


    def convened(self, case: str) -> list[str]:
        """The meeting is convened and its committee drawn by three parties; logins of those with a vote."""
        people = {who: self.ring[who].person for who in ("tenderer", "centre1", "regulator")}
        made = self.stage.act(
            "tenderer", "award.open", case, pool=[self.ring[f"elector{n}"].person for n in range(1, 9)],
            supervisors=[self.ring["supervisor1"].person, self.ring["supervisor2"].person],
            parties={"tenderer": people["tenderer"], "centre": people["centre1"], "supervisor": people["regulator"]},
        )  # fmt: skip
        self.draw(case, made["draw"])
        seats = self.stage.ask("tenderer", "award.room", case)["seats"]
        return [self.ring.by_person(one["person"]).login for one in seats if one["kind"] == "elector"]

    def draw(self, case: str, draw: str) -> None:
        secret = {party: secrets.token_bytes(32) for party in ("tenderer", "centre", "supervisor")}
        for act, shown in (("commit", "list"), ("reveal", "commitments")):
            for party, who in (("tenderer", "tenderer"), ("centre", "centre1"), ("supervisor", "regulator")):
                listed = self.stage.ask(who, "draw.list", case)["draws"]
                seen = next(one for one in listed if one["draw"] == draw)[shown]
                value = (
                    draws.commitment_value(party, draw, secret[party]) if act == "commit" else secret[party].hex()
                )
                said = {"act": act, "draw": draw, shown: seen, "party": party, "value": value}
                key = self.ring[who].key
                assert key is not None
                signature = suite.b64(suite.sign_raw(key, typed.compose(draws.TEXT, said)))
                self.stage.act(who, f"draw.{act}", case, draw=draw, value=value, signature=signature)

    def gathered(self, case: str) -> list[str]:
        """Everybody has signed in and pledged: the first ballot is open."""
        electors = self.convened(case)
        for who in (*electors, "supervisor1", "supervisor2"):
            self.stage.act(who, "award.signin", case)
            self.stage.act(who, "award.pledge", case, pledge=True)
        return electors


def letter(path: Path) -> Path:
    """A bid's PDF."""
    path.write_bytes(Paper("投标函", demo=True).section("报价").text("见开标一览表").build().bytes)
    return path


def passphrase_of(page: Page) -> str:
    """The passphrase shown once for a new key, its end typed back."""
    dialog = page.locator("#gh-new-key[open]")
    shown = dialog.locator("[data-passphrase]").inner_text()
    dialog.locator("[name=repeat]").fill(shown[-4:])
    return shown


def make_key(page: Page, path: Path) -> str:
    """A decryption key made in this browser; its file is saved before anything goes on. Its passphrase."""
    page.locator("form[data-enrol=decrypt] button").click()
    passphrase = passphrase_of(page)
    with page.expect_download() as saved:
        page.locator("#gh-new-key button[value=sign]").click()
    saved.value.save_as(path)
    return passphrase


def case_of(session: Any, case: str) -> Case:
    return session.get_one(Case, case)


def walk_to_report(tx: Tx, case: str, result: dict[str, Any]) -> None:
    """The steps of the evaluation, each by its own row of the machine."""
    for act in ("committee.set", "evaluation.begin"):
        set_state(tx, case, act)
    accept_report(tx, case, result)


def house_of(settings: Config) -> Acts:
    rooms.modules()
    engine = open_engine(settings.database_url)
    StagedFile.metadata.create_all(engine)
    blobs = Blobs(settings.data_dir / "blobs")
    return Acts(engine, House(clocks.make(settings), Ledger(), Hub(), blobs, settings))


@cache
def _laid(fill: Callable[[Builder], None]) -> Path:
    """A folder with everybody registered, made once in a process; its keys and its clock stand beside its rows."""
    folder = Path(tempfile.mkdtemp(prefix="gongheng-world-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _clock(folder, START)
    acts, ring = house_of(config.read({"DEMO": "1", "DATA_DIR": str(folder)})), Ring()
    fill(Builder(LocalStage(acts, prove, ring, lambda: timers.run_once(acts)), stored_keys=True))
    ring.save(folder / "ring.json")
    (folder / "until").write_text(acts.house.clock.now().isoformat())
    acts.engine.dispose()
    return folder


def _clock(folder: Path, moment: datetime) -> None:
    ahead = moment - datetime.now(CST)
    (folder / "demo-clock").write_text(str(int(ahead / timedelta(milliseconds=1))))


def make_world(folder: Path, fill: Callable[[Builder], None] = populate) -> tuple[Acts, Ring]:
    """A fresh data folder whose clock stands a few seconds after START, with everybody registered."""
    laid = _laid(fill)
    shutil.copytree(laid, folder, dirs_exist_ok=True)
    _clock(folder, datetime.fromisoformat((laid / "until").read_text()))
    return house_of(config.read({"DEMO": "1", "DATA_DIR": str(folder)})), Ring.load(laid / "ring.json")


def wait_for(base: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urlopen(f"{base}/api/v1/time", timeout=2):
                return
        except OSError:
            assert server.poll() is None, "the server ended"
            time.sleep(0.1)
    raise AssertionError("the server did not answer")


@contextmanager
def serving(folder: Path, fill: Callable[[Builder], None] = populate) -> Iterator[Live]:
    """A server on a world of its own, and a browser. The driver's event loop ends with it."""
    assert (ROOT / "web/static/dist/pages/case.js").is_file(), "the browser side is not built: run `npm run build`"
    port = free_port()
    acts, ring = make_world(folder, fill)
    base = f"http://127.0.0.1:{port}"
    env = os.environ | {"DEMO": "1", "DATA_DIR": str(folder), "PORT": str(port)}
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen([sys.executable, "-m", "web.serve"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_for(base, server)
        with sync_playwright() as playwright:
            browser, before = playwright.chromium.launch(**chromium.OPTIONS), len(WINDOWS)
            stage = HttpStage(base, ring)
            yield Live(base, folder, acts, ring, stage, browser)
            stage.close()
            browser.close()
            del WINDOWS[before:]
    finally:
        server.terminate()
        server.wait(20)
        log.close()
        acts.engine.dispose()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One server for the pages of a file; every test brings its own tender."""
    with serving(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture(autouse=True)
def windows() -> Iterator[None]:
    """A test leaves no window behind: its clock would tick, and its page ask the server, until the file is through."""
    before = len(WINDOWS)
    yield
    while len(WINDOWS) > before:
        WINDOWS.pop().close()
