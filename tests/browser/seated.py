"""A committee brought to its seats by acts alone, and a bid of a thousand pages: what tests of the room begin with."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from accounts.actions_people import add_person
from accounts.proof import prove
from core.access import Role
from tests.browser.conftest import REGION, Live
from web.demo.local import LocalStage
from web.demo.ring import User
from web.demo.world import Builder

MEMBERS, POOL = 5, 12
CHAPTERS = ("投标函及附录", "营业执照", "安全生产许可证", "施工组织设计")


def thick(pages: int, *, picture: int = 0) -> bytes:
    """A PDF whose pages all hang on one node, with text, an outline, and a picture of `picture` bytes a page."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    out, noise = io.BytesIO(), random.Random(1)
    paper = canvas.Canvas(out)
    for number in range(1, pages + 1):
        paper.setFont("STSong-Light", 14)
        paper.drawString(72, 780, f"第{number}页 page {number}")
        for line in range(20):
            paper.drawString(72, 750 - 18 * line, f"混凝土浇筑与养护措施 {number}-{line + 1}")
        if picture:
            side = max(8, int((picture / 1.5) ** 0.5))
            drawn = io.BytesIO()
            Image.frombytes("RGB", (side, side), noise.randbytes(side * side * 3)).save(drawn, "JPEG", quality=60)
            drawn.seek(0)
            paper.drawImage(ImageReader(drawn), 72, 72, 250, 250)
        step = max(1, pages // len(CHAPTERS))
        if (number - 1) % step == 0 and (number - 1) // step < len(CHAPTERS):
            name = CHAPTERS[(number - 1) // step]
            paper.bookmarkPage(name)
            paper.addOutlineEntry(name, name, 0)
        paper.showPage()
    paper.save()
    return out.getvalue()


@dataclass
class Seated:
    """A sitting in PRELIM; the first of `members` leads. `bids`: {login of the bidder: bid}."""

    live: Live
    case: str
    bids: dict[str, str]
    members: list[str]


def experts(live: Live, prefix: str) -> list[str]:
    builder = Builder(LocalStage(live.acts, prove, live.ring, lambda: None), stored_keys=True)
    builder.number = 7000
    for number in range(1, POOL + 1):
        login = f"{prefix}{number}"
        contact = builder.contact(login, f"评审专家{number:02d}", REGION, [Role.EXPERT]) | {"pool": True}
        answer = builder.stage.acts.act(add_person, builder.stage.actor("centre1"), contact, builder.hash)
        user = User(login, contact["name"], answer["person"], "", (Role.EXPERT,), "Gongheng-2026-demo")
        builder.ring.add(user)
        builder.enrol(user)
        builder.stage.act(
            "centre1", "expert.admit", person=user.person, region=REGION, specialities=["A0801"], title="高级工程师",
            level="senior", years=12, born_year=1970 + number, employer_name=f"武汉设计院{number}", employer_uscc="",
        )  # fmt: skip
    return [f"{prefix}{number}" for number in range(1, POOL + 1)]


def seated(live: Live, case: str, bids: dict[str, str]) -> Seated:
    """From opened bids to a leader: venue, draw, seats, sign-in, pledge and election."""
    stage = live.stage
    pool = experts(live, "reader")
    begin = stage.now() + timedelta(hours=2)
    until = begin + timedelta(hours=9)
    centre = stage.act("centre1", "venue.open", name="东西湖区公共资源交易中心", region=REGION)["centre"]
    plan = [{"cell": f"1-{n}", "label": f"10{n}", "x": 2 * n, "y": 0} for n in range(1, 10)]
    made = stage.act("centre1", "venue.add_room", name="评标室1", purpose="evaluation", seats=plan)
    booking = stage.act("agency", "venue.request", case, centre=centre, part="main", from_at=begin.isoformat(),
                        until_at=until.isoformat(), seats=MEMBERS)["booking"]  # fmt: skip
    stage.act("centre1", "venue.accept", case, booking=booking)
    stage.act("agency", "draw.request", case, experts=MEMBERS, members_by_site={REGION: MEMBERS},
              specialities=["A0801"], spares_by_site={REGION: 1}, at=begin.isoformat(),
              until=until.isoformat())  # fmt: skip
    parties = {"tenderer": live.ring["tenderer"].person, "centre": live.ring["centre1"].person,
               "supervisor": live.ring["regulator"].person}  # fmt: skip
    live.draw(case, stage.act("agency", "draw.freeze", case, parties=parties)["draw"])
    members = [who for who in pool if invited(live, who)]
    for who in members:
        stage.act(who, "invitation.answer", case, answer="accept")
    stage.move_to(begin - timedelta(minutes=5))
    seats = list(made["seats"].values())
    stage.act("centre1", "seat.check", case, seats=seats, camera=True, screen=True, microphone=True, clock=True)
    live.draw(case, stage.act("centre1", "seating.freeze", case, parties=parties)["draw"])
    for who in members:
        stage.act(who, "sitting.signin", case)
        shown = stage.ask(who, "room.view", case)["bidders"]
        stage.act(who, "pledge.sign", case, no_conflict=True, pledge=True, bidders=[one["org"] for one in shown])
    leader = stage.ask(members[0], "room.view", case)["member"]
    for who in members:
        stage.act(who, "leader.vote", case, **{"for": leader})
    return Seated(live, case, bids, members)


def invited(live: Live, who: str) -> bool:
    return any(one["state"] == "invited" for one in live.stage.ask(who, "invitation.mine")["invitations"])
