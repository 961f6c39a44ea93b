"""The frame of every document: no character the font lacks, the same bytes twice, boxes where drawn."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pypdfium2
import pytest

from certs import stamps
from core import paper_fonts
from core.faults import Unusable
from core.paper import WIDE, Paper, PaperResult, SignatureBox, chinese_number
from tests.certs.pdf_tools import fonts_missing, tool

needs_fonts = pytest.mark.skipif(bool(fonts_missing()), reason=fonts_missing())


def full(rows: int = 60, title: str = "评标报告") -> PaperResult:
    made = Paper(title, subtitle="副标题", issuer="交易中心", number="E4201", digest="3f9a1c2b", demo=True)
    made.section("基本情况").text("第一段。\n第二行").subsection("(一)范围").note("说明").text("左齐", indent=False)
    made.facts([("项目", "管网"), ("限价", "6,000.00 万元"), ("地点", "武汉")], columns=2)
    made.section("汇总").table(
        ["投标人", "总分"], [[f"第{n}家", "95.55"] for n in range(rows)], align=["left", "right"]
    )
    made.qr("https://demo.example/verify/3f9a", "扫码核验")
    boxes = ["member-1", SignatureBox("leader", "组长"), SignatureBox("seal", "中心", seal=True)]
    return made.section("签署").signatures(boxes, note="签名:").build()


def pages(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return texts


@needs_fonts
def test_same_calls_give_the_same_bytes():
    assert full().bytes == full().bytes
    assert full().bytes != full(61).bytes


@needs_fonts
def test_every_page_is_numbered_named_and_marked():
    made = full()
    texts = pages(made.bytes)
    assert len(texts) == made.pages >= 3
    for number, text in enumerate(texts, 1):
        assert f"第 {number} 页 共 {made.pages} 页" in text
        assert "评标报告 · E4201 · 3f9a1c2b" in text and "演示数据" in text
    assert sum("投标人" in text for text in texts) >= 2  # the head is repeated
    assert "一、基本情况" in texts[0]


@needs_fonts
def test_only_demo_papers_carry_the_mark():
    assert "演示" not in "".join(pages(Paper("公告").text("正文").build().bytes))


@needs_fonts
def test_boxes_lie_on_their_page_and_do_not_touch():
    made = full()
    assert [box.field for box in made.boxes] == ["member-1", "leader", "seal"]
    for box in made.boxes:
        assert 0 <= box.page < made.pages and 0 < box.x1 < box.x2 < 596 and 60 < box.y1 < box.y2 < 790
        assert f"{'中心' if box.field == 'seal' else ''}" in pages(made.bytes)[box.page]
    seal = made.boxes[-1]
    assert round(seal.x2 - seal.x1) == round(seal.y2 - seal.y1) == round(stamps.SEAL_SIDE)
    for one in made.boxes:
        for two in made.boxes:
            apart = one.x2 <= two.x1 or two.x2 <= one.x1 or one.y2 <= two.y1 or two.y2 <= one.y1
            assert one is two or one.page != two.page or apart


@needs_fonts
@pytest.mark.parametrize("place", ["title", "text", "cell", "fact", "label", "footer"])
def test_a_character_the_font_lacks_is_named_wherever_it_stands(place):
    bad = "王𠮷"
    with pytest.raises(Unusable, match=r"'𠮷' \(U\+20BB7\)"):
        made = Paper(bad if place == "title" else "报告", number=bad if place == "footer" else "")
        made.text(bad if place == "text" else "甲").facts([("姓名", bad if place == "fact" else "甲")])
        made.table(["姓名"], [[bad if place == "cell" else "甲"]])
        made.signatures([SignatureBox("a", bad if place == "label" else "甲")])


@needs_fonts
@pytest.mark.parametrize("text", ["a\tb", "a\x00b", "\u202eabc", "a\u200bb"])
def test_characters_that_hide_or_turn_text_are_refused(text):
    with pytest.raises(Unusable, match="no character"):
        Paper("报告").text(text)


@needs_fonts
def test_rare_characters_above_ffff_are_extracted_as_themselves():
    assert "欧阳𠂇𠂉𠃌" in "".join(pages(Paper("报告").text("欧阳𠂇𠂉𠃌到场").build().bytes))


@needs_fonts
def test_markup_in_data_is_text():
    assert "<b>甲</b> & 乙" in "".join(pages(Paper("报告").text("<b>甲</b> & 乙").build().bytes))


@needs_fonts
def test_a_cell_taller_than_a_page_and_a_long_word_still_print():
    made = Paper("报告").table(["理由", "数"], [["很长的理由。" * 900, "1"], ["x" * 400, "2"]], widths=[5, 1]).build()
    assert made.pages >= 3
    assert "".join(pages(made.bytes)).count("很长的理由") >= 800


@needs_fonts
@pytest.mark.skipif(not tool("pdffonts"), reason="pdffonts (poppler-utils) is not installed")
def test_every_font_is_embedded(tmp_path):
    (tmp_path / "p.pdf").write_bytes(full().bytes)
    (tmp_path / "n.pdf").write_bytes(
        stamps.name_stamp("欧阳娜娜", "ab12cd34ef567890", datetime(2026, 3, 25, tzinfo=UTC))
    )
    (tmp_path / "s.pdf").write_bytes(stamps.seal_stamp("武汉市公共资源交易中心", demo=True))
    for name in ("p.pdf", "n.pdf", "s.pdf"):
        shown = subprocess.run(["pdffonts", name], cwd=tmp_path, capture_output=True, text=True).stdout
        rows = shown.splitlines()[2:]
        assert rows and all("Noto" in row and " yes yes yes " in row for row in rows), shown


@needs_fonts
def test_wrong_shapes_are_refused():
    paper = Paper("报告")
    for wrong in (
        lambda: paper.table(["甲", "乙"], [["1"]]),
        lambda: paper.table([], []),
        lambda: paper.facts([]),
        lambda: paper.signatures(["组长"]),
        lambda: paper.signatures(["a", "a"]),
        lambda: chinese_number(0),
    ):
        with pytest.raises(Unusable):
            wrong()
    paper.build()
    with pytest.raises(Unusable, match="built once"):
        paper.build()


def test_section_numbers():
    found = [chinese_number(n) for n in (1, 9, 10, 11, 20, 21, 99)]
    assert found == ["一", "九", "十", "十一", "二十", "二十一", "九十九"]


def test_missing_fonts_name_the_command_to_run(tmp_path, monkeypatch):
    monkeypatch.setattr(paper_fonts, "BUILT", tmp_path)
    with pytest.raises(Unusable, match="make setup"):
        paper_fonts.folder({})
    for name in paper_fonts.FILES.values():
        (tmp_path / name).write_bytes(b"")
    assert paper_fonts.folder({"GONGHENG_FONTS": str(tmp_path / "no")}) == tmp_path
    assert WIDE > 400
