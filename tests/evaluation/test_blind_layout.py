"""The layout of a blind part: what the file demands, each sign with its page, under the code, rejecting nothing."""

from __future__ import annotations

import io
import time
from typing import Any

import pypdfium2
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from core.faults import Unusable
from evaluation.blind import desk, layout, looks, pdf
from evaluation.blind.layout import Look, Run
from evaluation.committee.models import Committee
from evaluation.report import papers, record
from evaluation.sitting.models import Sitting
from tests.evaluation.house import EVALUATION, SMALL, vote
from tests.evaluation.test_blind_parts import BROKEN, entries, mapping, points
from trading.document import drafts, judging
from trading.document import layout as demands
from trading.opening.models import OpenedBid
from trading.procedures import of

SONG = "STSong-Light"
USUAL = demands.read({})
TEXT = "施工组织设计的各项措施"


class Made:
    """A PDF page by page; a page keeps the usual layout but for what is said."""

    def __init__(self) -> None:
        pdfmetrics.registerFont(UnicodeCIDFont(SONG))
        self.out = io.BytesIO()
        self.page = canvas.Canvas(self.out)

    def add(self, font: str = SONG, size: float = 14, gap: float = 28, left: float = 90, lines: int = 20, extra=None):
        self.page.setFont(font, size)
        for n in range(lines):
            self.page.drawString(left, 740 - gap * n, TEXT if font == SONG else "measures")
        if extra:
            self.page.setFont(SONG, 14)
            extra(self.page)
        self.page.showPage()
        return self

    @property
    def bytes(self) -> bytes:
        self.page.save()
        return self.out.getvalue()


def picture(page: Any) -> None:
    page.drawImage(ImageReader(Image.new("RGB", (8, 8), "black")), 200, 300, 40, 40)


def red(page: Any) -> None:
    page.setFillColorRGB(1, 0, 0)
    page.drawString(90, 180, TEXT)


def bar(page: Any) -> None:
    page.setFillColorRGB(0, 0, 1)
    page.rect(90, 150, 50, 10, fill=1, stroke=0)


def unseen(page: Any) -> None:
    page.drawString(90, 180, TEXT, mode=3)


def form(page: Any) -> None:
    """A line of 14 points, drawn at half size from within a form."""
    page.beginForm("inner")
    page.setFont(SONG, 14)
    page.drawString(180, 360, TEXT)
    page.endForm()
    page.scale(0.5, 0.5)
    page.doForm("inner")


def found(data: bytes, **demand: Any) -> list[tuple[str, str, list[int]]]:
    read = looks.looks(pdf.stripped(data)[0])
    return [(one["kind"], one["found"], one["pages"]) for one in layout.signs(read, demands.read(demand))]


@pytest.mark.rulebook("3.8 layout")
def test_a_right_file_has_no_sign() -> None:
    blank = Made().add().add(lines=2, extra=lambda page: page.drawString(10, 830, "   "))
    assert found(blank.bytes) == []


@pytest.mark.rulebook("3.8 layout")
@pytest.mark.parametrize(
    ("wrong", "sign"),
    [
        ({"font": "Courier"}, ("font", "other")),
        ({"font": "Helvetica"}, ("font", "Arial")),
        ({"size": 12}, ("size", "12")),
        ({"gap": 20}, ("spacing", "20")),
        ({"left": 30}, ("margin", "")),
        ({"extra": lambda page: page.drawString(90, 815, TEXT)}, ("header", "")),
        ({"extra": lambda page: page.drawString(290, 30, "2")}, ("footer", "")),
        ({"extra": red}, ("colour", "#ff0000")),
        ({"extra": bar}, ("colour", "#0000ff")),
        ({"extra": picture}, ("picture", "")),
        ({"extra": unseen}, ("hidden", "")),
        ({"extra": form}, ("size", "7")),
    ],
)
def test_each_departure_is_shown_with_its_page(wrong: dict[str, Any], sign: tuple[str, str]) -> None:
    assert found(Made().add().add(**wrong).add().bytes) == [(*sign, [2])]


@pytest.mark.parametrize(
    ("demand", "wrong"),
    [
        ({"fonts": ["宋体", "Arial"]}, {"font": "Helvetica"}),
        ({"sizes": ["14", "12"]}, {"size": 12}),
        ({"spacing": ""}, {"gap": 20}),
        ({"margin_mm": "10"}, {"left": 30}),
        ({"headers": "allowed"}, {"extra": lambda page: page.drawString(90, 815, TEXT)}),
        ({"colours": "any"}, {"extra": red}),
        ({"pictures": "allowed"}, {"extra": picture}),
    ],
)
def test_what_the_file_allows_is_no_sign(demand: dict[str, Any], wrong: dict[str, Any]) -> None:
    data = Made().add(**wrong).bytes
    assert found(data) and found(data, **demand) == []


def run(**changes: Any) -> Run:
    return Run(**({"font": SONG, "size": 14.0, "colour": (0, 0, 0), "left": 90, "bottom": 400, "right": 300, "top": 414,
                   "base": 402} | changes))  # fmt: skip


@pytest.mark.parametrize(
    ("inside", "outside", "kind"),
    [
        ({"size": 14.5}, {"size": 14.51}, "size"), ({"size": 13.5}, {"size": 13.49}, "size"),
        ({"colour": (64, 64, 64)}, {"colour": (64, 64, 65)}, "colour"),
        ({"left": 65.2}, {"left": 65.1}, "margin"), ({"right": 530.0}, {"right": 530.1}, "margin"),
        ({"bottom": 764, "top": 778}, {"bottom": 764.4, "top": 778.4}, "header"),
        ({"bottom": 64, "top": 78}, {"bottom": 63.7, "top": 77.7}, "footer"),
    ],
)  # fmt: skip
def test_what_programs_differ_by_is_no_departure(inside: Any, outside: Any, kind: str) -> None:
    def kinds(changes: Any) -> list[str]:
        return [one["kind"] for one in layout.signs([Look(595.28, 841.89, (run(**changes),))], USUAL)]

    assert (kinds(inside), kinds(outside)) == ([], [kind])


@pytest.mark.parametrize(("gap", "signs"), [(28, 0), (29, 0), (27, 0), (29.5, 1), (26.5, 1)])
def test_the_middle_distance_of_lines_counts(gap: float, signs: int) -> None:
    """A heading's gap and an index on the same line do not move it; under four lines say nothing."""
    bases = [700 - gap * n for n in range(8)] + [703, 460 - 28 * 3]
    lines = tuple(run(base=base) for base in bases)
    assert len(layout.signs([Look(595, 842, lines)], USUAL)) == signs
    assert layout.signs([Look(595, 842, lines[:3])], USUAL) == []


@pytest.mark.parametrize(
    ("name", "family"),
    [("ABCDEF+SimSun", "宋体"), ("NSimSun", "宋体"), ("宋体,Bold", "宋体"), ("STFangsong", "仿宋"),
     ("FangSong_GB2312", "仿宋"),
     ("TimesNewRomanPS-BoldMT", "Times New Roman"), ("Times-Roman", "Times New Roman"), ("KaiTi", "楷体"),
     ("SimHei", "黑体"), ("武汉某公司专用体", "other"), ("", "other")],
)  # fmt: skip
def test_a_font_is_named_by_its_family_never_by_its_own_name(name: str, family: str) -> None:
    assert layout.family(name) == family


def test_many_findings_do_not_flood_the_list() -> None:
    made = [Look(595, 842, (run(size=20.0 + n),)) for n in range(40)]
    signs = layout.signs(made, USUAL)
    assert len(signs) == layout.MOST_FOUND + 1
    assert (signs[-1]["found"], signs[-1]["count"]) == ("", 35)
    assert len(signs[-1]["pages"]) == layout.MOST_PAGES_NAMED
    assert sum(one["count"] for one in signs) == 40


@pytest.mark.rulebook("3.8 layout")
def test_a_huge_file_is_looked_at_in_bounded_time() -> None:
    """1,100 pages, and one page of 20,000 runs of one sign each: the rest is said, not gone through."""
    many = Made()
    for _ in range(1100):
        many.add(lines=6)
    full = Made().add(extra=lambda page: [page.drawString(90 + n % 400, 100 + n % 600, "字") for n in range(20_000)])
    began = time.process_time()
    assert found(many.bytes) == [("rest", "", [1000])]
    assert ("rest", "", [1]) in found(full.bytes, spacing="")
    assert time.process_time() - began < 20


def test_a_broken_one_is_said_in_words() -> None:
    for data in (BROKEN, b"", b"%PDF-1.4 nothing"):
        with pytest.raises(Unusable, match="not a readable PDF"):
            looks.looks(data)


# -- the tender file --------------------------------------------------------------------------------------------------


def blind_of(**told: Any) -> dict[str, Any]:
    value = EVALUATION | {"blind": {"part": "plan", "criteria": ["plan"], "layout": told}}
    return drafts.evaluation(value, of("open-works"), "6000", ceiling=True)


@pytest.mark.rulebook("3.8 layout")
def test_the_file_says_what_is_demanded_and_by_which_ground_it_is_voted() -> None:
    kept = blind_of()
    assert kept["blind"]["layout"] == USUAL
    said = judging.printed(kept, [{"id": "plan", "name": "施工组织设计", "format": "pdf"}])[-1]
    for words in ("字体为宋体、Times New Roman", "四号（14 磅）", "固定值 28 磅", "25 毫米", "不得有页眉", "黑色",
                  "不得插入图片", "评标委员会表决"):  # fmt: skip
        assert words in said
    assert [one["id"] for one in kept["reject_grounds"]][-2:] == ["BLIND", "BLIND-LAYOUT"]
    again = drafts.evaluation(kept, of("open-works"), "6000", ceiling=True)
    assert again == kept, "saved again nothing changes"
    free = blind_of(spacing="", headers="allowed", colours="any", pictures="allowed")
    assert drafts.evaluation(free, of("open-works"), "6000", ceiling=True)["blind"]["layout"]["spacing"] == ""
    said = judging.printed(free, [])[-1]
    assert not any(words in said for words in ("行距", "页眉", "黑色", "图片"))


@pytest.mark.parametrize("wrong", [
    {"fonts": []}, {"fonts": ["Comic Sans"]}, {"fonts": ["宋体", "宋体"]}, {"fonts": "宋体"}, {"sizes": []},
    {"sizes": ["4.9"]}, {"sizes": ["72.1"]}, {"sizes": ["14", "14.0"]}, {"sizes": ["x"]}, {"sizes": [14.123]},
    {"spacing": "7.99"}, {"spacing": "100.1"}, {"margin_mm": "9.99"}, {"margin_mm": "60.1"}, {"headers": "some"},
    {"colours": "red"}, {"pictures": "few"}, {"more": "1"},
])  # fmt: skip
def test_a_demand_that_nobody_can_meet_is_refused_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unusable, match=next(iter(wrong))):
        blind_of(**wrong)


# -- the room ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def room(house):
    """甲 as demanded, 乙 with another size on its second page, 丙 with a file that is no PDF."""
    told = {"part": "plan", "criteria": ["plan"], "layout": USUAL}
    ground = dict(demands.GROUND)
    house.build(pool=6, sites=SMALL, evaluation=EVALUATION | {"blind": told, "reject_grounds": [ground]})
    blobs = house.world.acts.house.blobs
    files = {"甲": Made().add().bytes, "乙": Made().add().add(size=12).bytes, "丙": b"%PDF-1.4 nothing"}

    def run(tx):
        for name, data in files.items():
            row = tx.session.get(OpenedBid, house.bids[name])
            row.attachments = [{"name": "plan.pdf", "sha256": blobs.put(data).sha256, "size": 1,
                                "media": "application/pdf"}]  # fmt: skip
            row.contents = {"parts": [{"id": "plan", "file": "plan.pdf"}], "findings": [], "count": 0}

    house.write(run)
    house.names = house.sit(sites=SMALL)
    desk.prepare(house.world.acts, house.case)
    return house


SIGN = [{"kind": "size", "found": "12", "pages": [2], "count": 1}]


@pytest.mark.rulebook("3.8 layout")
def test_signs_are_shown_under_the_code_and_the_committee_votes(room) -> None:
    named = mapping(room)
    view = room.ask(room.names[0], "room.view")
    shown = {bid["id"]: bid["blind"] for bid in view["bids"]}
    assert {name: shown[code]["layout"] for name, code in named.items()} == {"甲": [], "乙": SIGN, "丙": []}
    assert shown[named["丙"]]["problem"] == "unreadable"
    heard = str(entries(room, "blind.prepared"))
    assert not any(bid in heard for bid in room.bids.values())
    for name in room.names:
        points(room, name)
    view = room.ask(room.names[0], "room.view")
    assert room.stage == "PRELIM" and view["rejected"] == {}  # a sign rejected nobody
    assert view["layout_found"][room.bids["乙"]] == SIGN
    room.mark(room.names[0], {"乙": "BLIND-LAYOUT"})
    for name in room.names[1:]:
        room.mark(name)
    vote(room, 3, "BLIND-LAYOUT", "乙")
    assert room.ask(room.names[0], "room.view")["rejected"] == {room.bids["乙"]: "BLIND-LAYOUT"}
    with room.world.read() as session:
        sitting = session.query(Sitting).one()
        built = record.plain(record.read(session, session.get(Committee, sitting.committee_id), sitting, 1))
    pages = pypdfium2.PdfDocument(papers.build(built, demo=True).bytes)
    text = "".join("".join(page.get_textpage().get_text_bounded() for page in pages).split())
    assert "版式检查" in text and "第2页字号不符（12磅）" in text
