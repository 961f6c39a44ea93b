"""Passages that bids share: found with their pages, the tender's own text taken out, judged by nobody but people."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import jobs
from core.access import SYSTEM
from core.doors import TABLE
from core.paper import Paper
from core.rules import Refused
from evaluation.aid import alike, texts
from evaluation.aid.models import CaseReading
from tests.evaluation.house import SMALL, House
from tests.evaluation.test_aid import PDF, hand_in, read, stage
from trading.project.models import CaseDocument

CHARS = "".join(chr(0x4E00 + n) for n in range(0, 6000, 7))
TENDER = (
    "投标人应当在中标通知书发出之日起三十日内与招标人签订合同并提交履约保证金否则视为放弃中标资格其投标保证金不予退还"
)
PASSAGE = (
    "管道闭水试验前须封堵两端并浸泡二十四小时水位高出上游管内顶二米以上渗水量按规范附表逐段记录由监理旁站签认后方可回填"
)


def words(seed: int, count: int) -> str:
    own = random.Random(seed)
    return "".join(own.choice(CHARS) for _ in range(count))


def pdf(*pages: str) -> bytes:
    paper = Paper("技术文件", subtitle="", issuer="", demo=True)
    for number, text in enumerate(pages, 1):
        paper.section(f"第{number}部分").text(text)
    return paper.build().bytes


# -- the comparison itself --------------------------------------------------------------------------------------------


def grams(*bids: list[str], tender: str = "", scale: int = 1) -> alike.Grams:
    found = alike.Grams(scale)
    found.leave_out(tender)
    for pages in bids:
        found.add(pages)
    return found


@pytest.mark.certify("A-149")
@pytest.mark.parametrize("scale", [1, 3])
def test_one_passage_on_one_page_in_two_hundred_is_found_with_its_pages(scale):
    one = [words(n, 900) for n in range(200)]
    other = [words(1000 + n, 900) for n in range(200)]
    third = [words(5000 + n, 900) for n in range(200)]
    one[17] = one[17][:400] + PASSAGE * 3 + one[17][400:]
    other[163] += PASSAGE * 3
    found = grams(one, other, third, scale=scale)
    (pair, *rest) = found.pairs()
    assert pair[:2] == (0, 1) and all(n < pair[2] / 10 for _, _, n in rest)
    assert found.pages([(0, 1)])[0, 1][0] == (17, 163)
    assert alike.longest_run(one[17], other[163], set()) == alike.normal(PASSAGE * 3)


def test_the_tenders_own_text_says_nothing():
    bids = [[words(n, 300) + TENDER + words(n + 50, 300)] for n in range(3)]
    assert grams(*bids, tender=f"总则。{TENDER}。").pairs() == []
    assert len(grams(*bids).pairs()) == 3


def test_what_most_of_many_bids_say_is_nobodys_own():
    law, own = "为了规范建设工程施工质量验收统一标准保证工程质量制定本标准", words(999, 60)
    bids = [[words(n, 300) + law] for n in range(7)]
    bids[0][0] += own
    bids[4][0] += own
    found = grams(*bids)
    assert [pair[:2] for pair in found.pairs()] == [(0, 4)]


def test_layout_tells_no_passages_apart():
    wide = PASSAGE.replace("二十四", "24")
    broken = "，\n ".join([wide[n : n + 9] for n in range(0, len(wide), 9)]).replace("24", "２４")
    assert alike.normal(wide) == alike.normal(broken)


@given(st.text(alphabet="一二三四五六七八九十甲乙丙丁", max_size=60), st.integers(1, 5))
def test_a_kept_gram_is_kept_in_every_text(text, scale):
    """What a sample keeps of a passage does not depend on what stands around it."""
    kept = set(alike.grams(text, scale))
    assert kept <= set(alike.grams(f"前{text}后", scale)) and kept <= set(alike.grams(text, 1))


@pytest.mark.parametrize(("pages", "scale"), [(0, 1), (1500, 1), (1501, 2), (161_000, 108)])
def test_above_what_memory_holds_a_part_is_kept(pages, scale):
    assert alike.scale_of(pages) == scale


# -- in a case --------------------------------------------------------------------------------------------------------


@pytest.fixture
def handed(house) -> House:
    """甲 and 丙 share a passage, all three answer one clause of the tender; 乙 is a scan."""
    house.build(pool=6, sites=SMALL)
    blobs = house.world.acts.house.blobs
    sha = blobs.put(pdf(TENDER)).sha256

    def run(tx):
        row = CaseDocument(case_id=house.case, kind="tender_file", title="招标文件", sha256=sha, size=1,
                           audience="bidders", stage="ANNOUNCED", created_at=tx.now, by_person="")  # fmt: skip
        tx.session.add(row)

    house.write(run)
    hand_in(house, "甲", {"bid.pdf": (PDF, pdf(words(1, 700), words(2, 700) + PASSAGE, TENDER))})
    hand_in(house, "乙", {"bid.pdf": (PDF, pdf())})
    hand_in(house, "丙", {"bid.pdf": (PDF, pdf(words(3, 500))),
                          "技术.pdf": (PDF, pdf(words(4, 500), TENDER, words(5, 200) + PASSAGE))})  # fmt: skip
    read(house)
    return house


def texts_of(house: House) -> dict:
    with house.world.read() as session:
        return session.get_one(CaseReading, (house.case, 1)).texts


@pytest.mark.certify("A-149")
@pytest.mark.rule("C8", "refused")
@pytest.mark.rule("C8/run", "refused")
def test_a_shared_passage_stands_there_with_both_pages(handed):
    with handed.world.read() as session:
        assert [job.act for job in jobs.due(session, handed.world.clock.now())] == ["aid.alike"]
    assert texts_of(handed) == {}
    texts.read(handed.world.acts, handed.case)
    (pair,) = texts_of(handed)["pairs"]
    assert pair["bids"] == [handed.bids["甲"], handed.bids["丙"]]
    place = pair["places"][0]
    assert place["run"] >= len(PASSAGE) and PASSAGE in place["text"] and "招标人签订合同" not in place["text"]
    assert float(pair["share"]) > 1


@pytest.mark.rule("C8", "allowed")
@pytest.mark.rule("C8/run", "allowed")
def test_short_runs_and_single_words_are_no_sign(handed):
    hand_in(handed, "丙", {"bid.pdf": (PDF, pdf(words(6, 900) + PASSAGE[:29] + words(7, 100)))})
    read(handed)
    texts.read(handed.world.acts, handed.case)
    assert texts_of(handed)["pairs"] == []
    hand_in(handed, "丙", {"bid.pdf": (PDF, pdf(*(words(20 + n, 900) for n in range(8)), PASSAGE))})
    read(handed)
    texts.read(handed.world.acts, handed.case)
    assert texts_of(handed)["pairs"], "30 characters and more"


def test_members_see_it_and_it_decides_nothing(handed):
    texts.read(handed.world.acts, handed.case)
    handed.names = handed.sit(sites=SMALL)
    found = handed.ask(handed.names[0], "room.aid")
    (sign,) = [one for one in found["signs"] if one["rule"] == "C8"]
    assert sign["level"] == "CLUE" and set(sign["bids"]) == {handed.bids["甲"], handed.bids["丙"]}
    assert found["texts"]["read"][handed.bids["甲"]] > 1000
    assert handed.ask(handed.names[0], "room.view")["rejected"] == {}
    with pytest.raises(Refused, match="MEMBER"):
        handed.ask("regulator", "room.aid")
    stage(handed, "SUMMARY")
    assert handed.ask("regulator", "room.aid")["texts"]["pairs"]


def test_broken_files_and_a_new_reading(handed):
    hand_in(handed, "甲", {"bid.pdf": (PDF, b"%PDF-1.7 nothing")})
    read(handed)
    assert texts_of(handed) == {}, "compared anew"
    assert handed.world.acts.act(TABLE["aid.alike"].fn, SYSTEM, handed.case, {}) == {"bids": 3}
    assert texts_of(handed)["read"][handed.bids["甲"]] == 0 and texts_of(handed)["pairs"] == []


def test_nothing_is_compared_before_the_bids_are_read(house):
    house.build(pool=6, sites=SMALL)
    assert texts.read(house.world.acts, house.case) == {}
