"""The demo world of `make run`: every role, and a tender at every stage, all grown through acts.

The stories run side by side on one clock that only moves forward: the older four close on 23 April, the younger four
on 8 May 2026, which is the world's today.
"""

from __future__ import annotations

import copy
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from certs import keys
from core import canon
from core.access import SYSTEM, Role
from core.clock import CST
from trading.record.rules import COLUMNS
from web import timers, wiring
from web.demo import world, year
from web.demo.goods_story import GoodsRoom, story_of
from web.demo.house import local_stage, settings_of
from web.demo.local import LocalStage
from web.demo.mall import Mall
from web.demo.play import CASES, GOODS_CASES, read_case
from web.demo.room_story import RoomStory
from web.demo.trade import HANDLER, SUPPLIER, Trade

Payload = dict[str, Any]
SERVICES = "D02 服务"
# name, category, days for bidding: what the portal shows of each story
TENDERS: dict[str, tuple[str, str, int]] = {
    "notified": ("东西湖区某污水处理厂配套管网工程(施工)", "A08 施工", 21),
    "publicity": ("东西湖区某小学扩建工程(施工)", "A08 施工", 21),
    "voting": ("东西湖区某道路排水改造工程(施工)", "A08 施工", 21),
    "evaluated": ("东西湖区某公园景观提升工程(施工)", "A08 施工", 21),
    "purchased": ("东西湖区某中学计算机教室设备采购", "D01 货物", 21),
    "failed": ("东西湖区某社区养老服务中心改造工程(施工)", "A08 施工", 21),
    "scoring": ("东西湖区某河道综合治理工程(施工)", "A08 施工", 36),
    "drawn": ("东西湖区某卫生院门诊楼工程(施工)", "A08 施工", 36),
    "examining": ("东西湖区某政务大楼物业管理服务采购", SERVICES, 36),
    "opened": ("东西湖区某产业园道路工程(施工)", "A08 施工", 36),
    "sealed": ("东西湖区某老旧小区改造工程(施工)", "A08 施工", 36),
    "announced": ("东西湖区某农村供水管网工程(施工)", "A08 施工", 21),
    "drafting": ("东西湖区某停车场建设工程(施工)", "A08 施工", 21),
    "planned": ("东西湖区某文化馆维修工程(施工)", "A08 施工", 21),
}
# What a bidder objects to and why: the first is answered, the second waits on the world's today.
OBJECTIONS = (
    ("要求近一年内完成同类工程业绩，时限过短，限制了潜在投标人。", "招标文件资格条件：近一年同类工程业绩。"),
    ("拟派项目经理须常驻工程所在地的要求与招标项目的实际需要不相适应。", "招标文件资格条件：项目经理常驻要求。"),
)
OLD = ("notified", "publicity", "voting", "evaluated", "failed", "purchased")
YOUNG = ("scoring", "drawn", "opened", "examining", "sealed")
GOODS = ("purchased", "examining")


class World:
    """All stories over one stage."""

    def __init__(self, stage: LocalStage, builder: world.Builder, base: Payload, goods: Payload) -> None:
        self.stage, self.builder = stage, builder
        files = {key: self._file(goods if key in GOODS else base, key) for key in TENDERS}
        self.tales = {key: story_of(file["procedure"])(stage, file) for key, file in files.items()}

    @staticmethod
    def _file(base: Payload, key: str) -> Payload:
        file = copy.deepcopy(base)
        name, category, days = TENDERS[key]
        file["tender"] |= {"name": name, "category": category, "bidding_days": days}
        if category == SERVICES:
            file["tender"]["lots"] = [{"no": "001", "name": "物业管理服务", "duration_days": 365}]
        for one in file["bidders"]:
            one["file_mb"] = 0
        if key == "failed":
            file["bidders"] = file["bidders"][:2]
        return file

    def grow(self) -> None:
        for tale in self.tales.values():
            tale.plan()
        for key, tale in self.tales.items():
            if key != "planned":
                tale.register()
                tale.compile()
        for key in (*OLD, *YOUNG):
            self.tales[key].issue()
            self._sign("tenderer")
            self.tales[key].fetch()
        self._answered(self.tales["notified"])
        self._old()
        self._young()
        self.tales["announced"].issue()
        self.tales["announced"].fetch()
        self._object(self.tales["announced"], "bidder3", *OBJECTIONS[1])
        self._templates()
        asked = "招标文件第三章所列工期是否包含冬季停工时间？"
        self.stage.act("bidder2", "question.ask", self.tales["announced"].case, text=asked)

    def _templates(self) -> None:
        """What the agency and the centre keep: evaluation parts of two files, a form of the opening record."""
        for who, key, name in (("agency", "announced", "综合评估法·施工"), ("centre1", "purchased", "综合评分法·货物")):
            self.stage.act(who, "method_template.keep", **{"from": self.tales[key].case, "name": name})
        made = self.stage.act("centre1", "record_template.create", name="房屋市政工程开标记录", columns=sorted(COLUMNS))
        self.stage.act("centre1", "record_template.use", template=made["template"])

    def _object(self, tale: RoomStory, who: str, text: str, grounds: str) -> str:
        act = self.stage.act
        return str(act(who, "objection.raise", tale.case, subject="file", text=text, grounds=grounds)["objection"])

    def _answered(self, tale: RoomStory) -> None:
        """Objected to, answered and clarified on the same day, long before anybody bids."""
        objection = self._object(tale, "bidder2", *OBJECTIONS[0])
        measure = "发布澄清，放宽业绩时限"
        said: Payload = {"text": "异议成立。原要求近一年业绩，改为近三年。", "upheld": True, "measure": measure}
        self.stage.act("agency", "objection.prepare", tale.case, objection=objection, **said)
        self.stage.act("agency", "tender.clarify", tale.case, text="业绩要求由近一年改为近三年。", affects_bids=True)
        self.stage.act("tenderer", "objection.answer", tale.case, objection=objection, **said)

    def _settle(self, tale: RoomStory) -> None:
        """The hall closes; decryption follows as a due job."""
        tale.open()
        timers.run_once(self.stage.acts)

    def _sign(self, *people: str) -> None:
        """Everything that waits for these people's signatures."""
        for who in people:
            for one in self.stage.ask(who, "paper.waiting")["papers"]:
                self.stage.sign(who, one["document"])

    def _sit(self, tale: RoomStory) -> None:
        tale.draw_committee()
        tale.seat()
        tale.review()
        tale.score()
        tale.explain()
        tale.report()

    def _old(self) -> None:
        tales = [self.tales[key] for key in OLD]
        for tale in tales:
            tale.bid()
        for tale in tales:
            tale.deadline_passes()
        for key in OLD[:2]:
            self._settle(self.tales[key])
        self._sign("centre1", "regulator", *self.tales["notified"].bidders.values())
        for key in (*OLD[2:4], "purchased"):
            self._settle(self.tales[key])
        self._sign("centre1", "regulator")
        for key in OLD[:2]:
            self._sit(self.tales[key])
        self.stage.move_to(self.stage.now() + timedelta(days=1))
        for key in OLD[2:4]:
            self._sit(self.tales[key])
        notified, publicity, voting = (self.tales[key] for key in OLD[:3])
        notified.award()
        publicity.award()
        voting.file["award_ballots"] = voting.file["award_ballots"][:1]
        voting.convene()
        self._buy()
        until = notified.publish()
        notified.result(until)
        publicity.publish()

    def _buy(self) -> None:
        """The goods tender to its end: examined, evaluated, settled, contracted, filed."""
        tale = self.tales["purchased"]
        assert isinstance(tale, GoodsRoom)
        self._sit(tale)
        self._sign("agency")
        tale.result(tale.publish())
        tale.contract()

    def _young(self) -> None:
        tales = [self.tales[key] for key in YOUNG]
        for tale in tales:
            tale.bid()
        for tale in tales:
            tale.deadline_passes()
        for key in YOUNG[:4]:
            self._settle(self.tales[key])
        examining = self.tales["examining"]
        assert isinstance(examining, GoodsRoom)
        examining.examine(2)
        for key in YOUNG[:2]:
            self.tales[key].draw_committee()
        self.tales["sealed"].sign_in()  # otherwise it would fail while people look at it
        scoring = self.tales["scoring"]
        scoring.seat()
        scoring.review()
        for name, points in scoring.file["scores"]["member-1"].items():
            for criterion, value in points.items():
                self.stage.act(scoring.members[0], "score.save", scoring.case, bid=scoring.numbers[name],
                               criterion=criterion, points=value)  # fmt: skip
        for key in YOUNG[:2]:
            for login in self.tales[key].members:
                self.builder.store(self.stage.ring[login])


def seed(data_dir: Path) -> None:
    """Everything, then the logins beside it. Refused (FileExistsError) when the world exists."""
    started = time.monotonic()
    base = read_case(CASES / "four-sites.json")
    stage = local_stage(data_dir, datetime(2026, 3, 2, 9, 0, tzinfo=CST))
    wiring.admit(stage.acts, stage.acts.house.config)
    builder = world.Builder(stage, stored_keys=True)
    world.build(builder, base)
    builder.person("centre1", "admin", "系统管理员", [Role.ADMIN], base["tender"]["region"])
    stage.acts.act(year.take_over, SYSTEM)
    goods = read_case(GOODS_CASES / "classroom.json")
    for place, one in enumerate(goods["bidders"], start=1):
        user = builder.org(f"bidder{place}", one["name"], one["uscc"], "bidder", base["tender"]["region"], "centre1")
        builder.opening_key(user, "bidder")
    grown = World(stage, builder, base, goods)
    grown.grow()
    place = base["tender"]["region"]
    mall = Mall(stage, builder, place)
    mall.grow()
    builder.person("tenderer", HANDLER, "采购经办人", [Role.TENDERER], place)
    Trade(stage, place, mall.own(SUPPLIER)).grow()
    builder.filing("newcomer", "某市政工程有限公司", world.uscc("91", place, 900), "bidder", place)
    _hand_out(stage, grown, data_dir)
    stage.acts.close()
    sys.stdout.write(f"· demo world seeded in {time.monotonic() - started:.0f} s\n")


SHOWN = (
    ("tenderer", "招标人"), ("agency", "招标代理"), ("bidder1", "投标人"), ("centre1", "交易中心(主场)"),
    ("centre2", "交易中心(副场)"), (HANDLER, "招标人(采购经办)"), ("regulator", "行业监管"), ("auditor", "审计"),
    ("admin", "系统管理员"),
)  # fmt: skip


def _hand_out(stage: LocalStage, grown: World, data_dir: Path) -> None:
    """Logins and passphrases as text, decryption keys as the key files their holders would have downloaded."""
    folder = data_dir / "keys"
    folder.mkdir(exist_ok=True)
    for user in stage.ring.users.values():
        if user.opening is not None:
            data = keys.key_file(user.opening, user.org, user.passphrase)
            (folder / f"{user.login}-decryption.json").write_bytes(data)
    experts = [(login, "评标专家(评分中)") for login in grown.tales["scoring"].members[:2]]
    experts += [(login, "评标专家(待签到)") for login in grown.tales["drawn"].members[:1]]
    electors = [(login, "定标委员(投票中)") for login in grown.tales["voting"].electors[:2]]
    lines = [f"演示账号  口令均为 {world.PASSWORD}  (签名口令用于签名确认; 解密密钥文件在 {folder})"]
    for login, role in (*SHOWN, *experts, *electors):
        lines.append(f"  {login:<12} 签名口令 {stage.ring[login].passphrase:<26} {role}")
    (data_dir / "demo-logins.txt").write_text("\n".join(lines) + "\n")
    (data_dir / "demo-cases.json").write_bytes(canon.dumps({key: tale.case for key, tale in grown.tales.items()}))


if __name__ == "__main__":
    seed(settings_of(Path(os.environ.get("DATA_DIR", "var"))).data_dir)
