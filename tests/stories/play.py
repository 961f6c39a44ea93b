"""A story on a platform of its own: builds the platform, copies it, and plays a case file to an end."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.proof import prove
from core import canon, codes, ledger
from core.acts import Acts, House
from core.blobs import Blobs
from core.clock import DemoClock
from core.doors import perform
from core.ledger import EntryRow, Ledger
from core.live import Hub
from tests import databases
from trading.procedures.open_goods.story import GoodsStory
from trading.project.models import Case, CaseDocument
from verifier import ledger as lines
from web import clocks, rooms, timers, wiring
from web.demo import world
from web.demo.house import settings_of
from web.demo.local import LocalStage
from web.demo.ring import Ring
from web.demo.room_story import RoomStory

CASES = Path(__file__).parents[2] / "trading/procedures/open_works/cases"
GOODS = CASES.parents[1] / "open_goods" / "cases"
MORE = {name: (f"投标人{name}", codes.make_uscc(f"91420000MA4KY000{n}")) for n, name in enumerate("丁戊", start=4)}
CaseFile = dict[str, Any]


class StillClock(DemoClock):
    """Stands still: two platforms asked the same thing answer at the same moment."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(timedelta(0))
        self.move_to(moment)

    def move_to(self, moment: datetime) -> datetime:
        self.moment, self.offset = moment, moment - datetime.now(UTC)
        return moment

    def now(self) -> datetime:
        return self.moment


def four_sites() -> CaseFile:
    """The case of the repository with small bids and a small pool."""
    case: CaseFile = json.loads((CASES / "four-sites.json").read_text(encoding="utf-8"))
    for one in case["bidders"]:
        one.pop("file_mb", None)
    case["experts"]["pool_per_site"] = 8
    return case


def classroom() -> CaseFile:
    """The goods tender of the repository with a small pool."""
    case: CaseFile = json.loads((GOODS / "classroom.json").read_text(encoding="utf-8"))
    case["experts"]["pool_per_site"] = 8
    return case


def with_bidders(case: CaseFile, prices: dict[str, str]) -> CaseFile:
    """The case with these bidders only; whoever the file does not know gets the scores of 丙."""
    known = {one["id"]: one for one in case["bidders"]} | {
        name: {"id": name, "name": full, "uscc": uscc} for name, (full, uscc) in MORE.items()
    }
    case["bidders"] = [{**known[name], "price": price} for name, price in prices.items()]
    for sheet in case["scores"].values():
        third = sheet["丙"]
        given = {name: sheet.get(name, third) for name in prices}
        sheet.clear()
        sheet.update(given)
    return case


def smaller(case: CaseFile) -> CaseFile:
    """Five members instead of seven, for ends that do not depend on the worked example's totals."""
    case["remote"]["members_by_site"] = {"420112": 1, "420203": 2, "410600": 1, "610900": 1}
    case["experts"]["draw"]["experts"] = 5
    case["scores"] = {f"member-{n}": case["scores"][f"member-{n}"] for n in range(1, 6)}
    return case


def ranked(case: CaseFile) -> CaseFile:
    """Without 评定分离: the committee ranks, the first wins."""
    case["tender"]["award"] = {"separate": False, "candidates": 3, "ranked": True}
    case["award_ballots"] = []
    return case


def build(folder: Path) -> None:
    """The platform every story starts from: all parties of the case, five bidders with keys, the pool."""
    case = four_sites()
    stage = _stage(folder, Ring())
    builder = world.Builder(stage, stored_keys=False)
    world.build(builder, case)
    known = [(one["name"], one["uscc"]) for one in case["bidders"]] + [*MORE.values()]
    for number, (name, uscc) in enumerate(known, start=1):
        user = builder.org(f"bidder{number}", name, uscc, "bidder", case["tender"]["region"], "centre1")
        builder.opening_key(user, "bidder")
    _put_down(stage, folder)


class Life(RoomStory):
    """A story that can be copied as it stands, and asked what became of it."""

    stage: LocalStage
    folder: Path

    @property
    def acts(self) -> Acts:
        return self.stage.acts

    @classmethod
    def begin(cls, folder: Path, case: CaseFile) -> Life:
        life = cls(_stage(folder), case)
        life.folder = folder
        return life

    def fork(self, folder: Path) -> Life:
        """The same platform in another folder at the same point of the story; the first goes on untouched."""
        _put_down(self.stage, self.folder)
        shutil.copytree(self.folder, folder)
        stage, self.stage = self.stage, None  # type: ignore[assignment]
        made = copy.deepcopy(self)
        self.stage, made.stage, made.folder = stage, _stage(folder), folder
        made.stage.move_to(stage.now())
        return made

    def stand_still(self, moment: datetime) -> None:
        self.acts.house = replace(self.acts.house, clock=StillClock(moment))

    # -- stages of a life -----------------------------------------------------------------------------------------

    def announce(self) -> Life:
        self.plan()
        self.register()
        self.compile()
        self.issue()
        return self

    def to_sealed(self) -> str:
        self.announce().bid_all()
        return self.deadline_passes()

    def open(self) -> str:
        super().open()
        self.stage.run_due()
        return self.state()

    def to_opened(self) -> Life:
        assert self.to_sealed() == "SEALED"
        assert self.open() == "OPENED"
        return self

    def to_report(self) -> str:
        """From the opened bids to the sealed report; its document on the desk."""
        self.draw_committee()
        self.seat()
        self.review()
        self.score()
        self.explain()
        return self.report()

    def sign_waiting(self, kind: str) -> list[str]:
        """Everybody whose signature on a document of this kind is waited for signs it; their logins."""
        signed = []
        for login, user in self.stage.ring.users.items():
            if user.key is None:
                continue
            for one in self.stage.ask(login, "paper.waiting")["papers"]:
                if one["kind"] == kind and one["case"] == self.case:
                    self.stage.sign(login, one["document"])
                    signed.append(login)
        return signed

    # -- what became of it ----------------------------------------------------------------------------------------

    def row(self) -> Case:
        with Session(self.acts.engine, expire_on_commit=False) as session:
            return session.get_one(Case, self.case)

    def named(self, values: dict[str, Any]) -> dict[str, Any]:
        """{bid id: value} with the bidders' names of the case file."""
        return {self._name(bid): value for bid, value in values.items()}

    def papers(self, kind: str) -> list[bytes]:
        with self.acts.reading() as session:
            query = select(CaseDocument.sha256).where(CaseDocument.case_id == self.case, CaseDocument.kind == kind)
            found = list(session.scalars(query.order_by(CaseDocument.created_at)))
        return [self.acts.house.blobs.get(one) for one in found]

    def entries(self, stream: str = "") -> list[ledger.Entry]:
        with self.acts.reading() as session:
            return ledger.entries(session, stream or f"case:{self.case}")

    def recompute(self, stream: str) -> int:
        """The stranger's reading of a whole stream against its stored head; the number of its entries."""
        with self.acts.reading() as session:
            found, head = ledger.entries(session, stream), ledger.head(session, stream)
        rows = [lines.line(one.leaf, one.salt, one.body, one.actor) for one in found]
        return len(lines.read(lines.lines(rows), canon.dumps({stream: head})).entries)

    def streams(self) -> list[str]:
        with self.acts.reading() as session:
            return sorted(set(session.scalars(select(EntryRow.stream))))

    def send(self, who: str, act: str, case: str, proof: dict[str, str] | None, /, **payload: Any) -> dict[str, Any]:
        """An act with the proof of an earlier sending (or none), as a client sends it again after a cut line."""
        return perform(self.acts, self.stage.prover, self.stage.actor(who), act, case, payload, proof)


class GoodsLife(GoodsStory, Life):
    """The same for a tender of government procurement."""


def life_of(case: CaseFile) -> type[Life]:
    return GoodsLife if case["procedure"] == "open-goods" else Life


def _put_down(stage: LocalStage, folder: Path) -> None:
    """Everything of the platform on disk: keys, clock, and the database in one file (its last connection closes)."""
    stage.ring.save(folder / "ring.json")
    house = stage.acts.house
    assert isinstance(house.clock, DemoClock)
    if not isinstance(house.clock, StillClock):
        clocks.move(house.config, house.clock, house.clock.now() + timedelta(seconds=1))
    stage.acts.engine.dispose()


def _stage(folder: Path, ring: Ring | None = None) -> LocalStage:
    """The rooms wired as the server wires them, without its pages."""
    settings = settings_of(folder)
    clock = clocks.make(settings)
    assert isinstance(clock, DemoClock)
    if ring is not None:  # a new platform begins with the case
        clock.offset = datetime.fromisoformat(four_sites()["start"]) - datetime.now(UTC)
    house = House(clock, Ledger(), Hub(), Blobs(folder / "blobs"), settings)
    found = rooms.modules()  # first: a room brings its tables
    acts = Acts(databases.opened(settings.database_url), house)
    wiring.connect(settings)
    rooms.listen(found, acts)

    return LocalStage(
        acts, prove, ring if ring is not None else Ring.load(folder / "ring.json"), lambda: timers.run_once(acts)
    )
