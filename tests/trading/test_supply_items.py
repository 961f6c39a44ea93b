"""Items: templates, drafts, review, listing, change, pictures, marks, and what buyers may buy."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from core import ledger
from core.access import SYSTEM
from core.clock import CST
from core.faults import Unusable
from core.jobs import DueJob
from core.rules import Refused
from tests.trading.supply_world import (
    BUYER,
    CENTRE,
    CITY,
    COMPUTERS,
    DAY,
    DESKTOP,
    DISTRICT,
    ELSEWHERE,
    FIELDS,
    FIRST,
    ITEM,
    LOST,
    NEW,
    NOW,
    REGULATOR,
    SECOND,
    Mall,
    image,
    mall,
    rules_of,
)  # fmt: skip
from trading.mall import items, listing, pictures, queries, rules
from trading.mall.facts import Asked, SpecField
from trading.mall.machine import FLAG  # fmt: skip
from trading.mall.machine import ITEM as MACHINE
from trading.mall.templates import MOST_FIELDS, asked_of
from web.pages import mall_desk

__all__ = ["mall"]
BOOK = rules.book_at(NOW)
ASKED = Asked(DESKTOP, tuple(SpecField(one["name"], one["kind"], one["required"], one["unit"], tuple(one["choices"]))
                             for one in FIELDS))  # fmt: skip


@pytest.mark.parametrize("machine", [MACHINE, FLAG])
def test_the_tables_are_sound(machine) -> None:
    assert machine.faults() == []


SEC = timedelta(seconds=1)


def asked(mall: Mall, category: str) -> Asked:
    with mall.world.read() as session:
        return asked_of(session, [category])[category]


def test_a_category_asks_what_those_above_ask_and_may_ask_it_differently(mall: Mall) -> None:
    mall.template()
    own = [{"name": "内存", "kind": "choice", "required": True, "unit": "", "choices": ["16", "32"]},
           {"name": "硬盘", "kind": "text", "required": False, "unit": "", "choices": []}]  # fmt: skip
    mall.template(DESKTOP, own)
    found = asked(mall, DESKTOP)
    assert [(one.name, one.kind, one.of) for one in found.fields] == [
        ("内存", "choice", DESKTOP), ("系统", "choice", COMPUTERS), ("硬盘", "text", DESKTOP)]  # fmt: skip
    assert dict(found.versions) == {COMPUTERS: 1, DESKTOP: 1}
    assert [one.name for one in asked(mall, "A02010108").fields] == ["内存", "系统"]
    mall.template(DESKTOP, [])
    assert dict(asked(mall, DESKTOP).versions) == {COMPUTERS: 1, DESKTOP: 2}
    assert asked(mall, DESKTOP).fields[0].kind == "number"


def test_a_template_that_cannot_be_filled_in_is_not_kept(mall: Mall) -> None:
    wrong: tuple[list[Any], ...] = (
        [{"name": "a.b", "kind": "text"}],
        [{"name": "a", "kind": "date"}],
        [{"name": "a", "kind": "choice", "choices": ["x"]}],
        [{"name": "a", "kind": "choice", "choices": ["x", "x"]}],
        [{"name": "a", "kind": "text"}, {"name": "a", "kind": "number"}],
        [{"name": f"f{n}", "kind": "text"} for n in range(MOST_FIELDS + 1)],
        ["a"],
    )
    for one in wrong:
        with pytest.raises(Unusable):
            mall.do(CENTRE, "mall_template.save", category=DESKTOP, fields=one)


def test_fields_of_all_levels_together_are_bounded(mall: Mall) -> None:
    many = [{"name": f"f{n}", "kind": "text"} for n in range(MOST_FIELDS)]
    mall.do(CENTRE, "mall_template.save", category=COMPUTERS, fields=many)
    with pytest.raises(Unusable, match="above"):
        mall.do(CENTRE, "mall_template.save", category=DESKTOP, fields=[{"name": "one more", "kind": "text"}])
    with pytest.raises(Refused) as lost:
        mall.do(CENTRE, "mall_template.save", category=LOST, fields=[])
    assert rules_of(lost) == ["ITEM-DOUBTFUL"]


@pytest.mark.parametrize(
    ("specs", "wrong"),
    [
        ({"内存": "16"}, []),
        ({"内存": "16.5", "系统": "麒麟"}, []),
        ({"内存": "-0.5"}, []),
        ({}, ["specs.内存"]),
        ({"内存": "十六"}, ["specs.内存"]),
        ({"内存": "16."}, ["specs.内存"]),
        ({"内存": "１６"}, ["specs.内存"]),
        ({"内存": "16", "系统": "其他"}, ["specs.系统"]),
        ({"内存": "16", "颜色": "黑"}, ["specs.颜色"]),
        ({"内存": "16", "颜色": ""}, []),
    ],
)
def test_a_specification_is_what_its_template_asks(specs: dict, wrong: list) -> None:
    assert [one.field for one in rules.specs_fit(specs, ASKED, BOOK)] == wrong


def test_without_a_template_anything_may_be_said() -> None:
    assert rules.specs_fit({"颜色": "黑"}, Asked(DESKTOP), BOOK) == []


def test_saved_handed_in_refused_changed_listed(mall: Mall) -> None:
    mall.enter()
    mall.template()
    item = mall.draft(specs={})
    with pytest.raises(Refused) as lacking:
        mall.do(FIRST, "item.submit", items=[item])
    assert rules_of(lacking) == ["ITEM-SPEC"]
    mall.change(item, specs={"内存": "16"})
    mall.do(FIRST, "item.submit", items=[item])
    with pytest.raises(Refused) as waiting:
        mall.change(item, price="90")
    assert rules_of(waiting) == ["STATE"]
    mall.do(FIRST, "item.withdraw", item=item)
    mall.do(FIRST, "item.submit", items=[item])
    with pytest.raises(Unusable, match="reason"):
        mall.do(CENTRE, "item.review", items=[item], approve=False)
    mall.do(CENTRE, "item.review", items=[item], approve=False, reason="图片不清")
    assert (mall.row(item).state, mall.row(item).reason) == ("refused", "图片不清")
    mall.do(FIRST, "item.submit", items=[item])
    mall.do(CENTRE, "item.review", items=[item], approve=True)
    row = mall.row(item)
    assert (row.state, row.version, row.listed_at, row.filed_at, row.reason) == ("listed", 2, NOW, None, "")
    assert mall.past(item) == ["100"]
    assert [kind for kind in mall.kinds(f"item:{item}") if kind == "item.listed"] == ["item.listed"]


def test_several_are_reviewed_at_once_or_none(mall: Mall) -> None:
    mall.enter()
    one, two = mall.draft(), mall.draft(sku="K-2")
    mall.do(FIRST, "item.submit", items=[one])
    with pytest.raises(Refused) as refused:
        mall.do(CENTRE, "item.review", items=[one, two], approve=True)
    assert rules_of(refused) == ["STATE"]
    assert mall.row(one).state == "pending"
    with pytest.raises(Unusable):
        mall.do(CENTRE, "item.review", items=[], approve=True)
    with pytest.raises(Unusable):
        mall.do(CENTRE, "item.review", items=["x"] * 101, approve=True)


def test_an_item_stays_within_the_entry(mall: Mall) -> None:
    mall.enter()
    for changes, rule in (
        ({"category": "A05010201"}, "SUP-CATEGORY"), ({"category": LOST}, "ITEM-DOUBTFUL"),
        ({"regions": [ELSEWHERE]}, "ITEM-REGION"), ({"regions": ["420000"]}, "ITEM-REGION"),  # wider than the entry
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            mall.draft(**changes)
        assert rule in rules_of(refused)


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"price": "0"}, "price"), ({"price": "0.001"}, "price"), ({"price": "1e12"}, "price"), ({"price": 1.5}, "price"),
    ({"price": "NaN"}, "price"), ({"stock": -1}, "stock"), ({"stock": "many"}, "stock"), ({"name": ""}, "name"),
    ({"name": "x" * 201}, "name"), ({"regions": []}, "regions"), ({"regions": "420112"}, "regions"),
    ({"regions": ["1"]}, "regions"), ({"category": "A99"}, "category"), ({"elsewhere_url": "javascript:1"}, "url"),
    ({"specs": ["x"]}, "specs"), ({"specs": {"a": 1}}, "specs: text"), ({"pictures": ["x"]}, "pictures"),
    ({"pictures": ["a" * 64]}, "upload"), ({"certificates": [{"mark": "energy"}]}, "certificates"),
    ({"certificates": [{"mark": "gold", "number": "1", "until": "2027-01-01"}]}, "certificates"),
    ({"colour": "red"}, "colour"), ({"item": "nobody"}, "item"),
)  # fmt: skip


def test_what_cannot_be_read_is_said(mall: Mall) -> None:
    mall.enter()
    for changes, field in WRONG:
        with pytest.raises(Unusable, match=field):
            mall.draft(**changes)


def test_a_number_is_the_suppliers_own_and_once(mall: Mall) -> None:
    mall.enter()
    mall.enter(SECOND)
    item = mall.draft()
    mall.draft(SECOND)
    with pytest.raises(Refused) as twice:
        mall.draft()
    assert rules_of(twice) == ["ITEM-SKU"]
    for act in ("item.withdraw", "item.delist"):
        with pytest.raises(Unusable, match="no such item of yours"):
            mall.do(SECOND, act, item=item)
    with pytest.raises(Unusable, match="no such item of yours"):
        mall.do(SECOND, "item.save", **(ITEM | {"item": item}))
    with pytest.raises(Refused) as stranger:
        mall.draft(NEW)
    assert rules_of(stranger) == ["SUP-ACTIVE"]


def test_a_listed_item_keeps_what_it_is_and_tells_what_changes(mall: Mall) -> None:
    mall.enter()
    mall.template()
    item = mall.listed()
    for changes in ({"brand": "另一"}, {"model": "T2"}, {"category": "A02010108"}):
        with pytest.raises(Refused) as refused:
            mall.change(item, **changes)
        assert rules_of(refused) == ["ITEM-SAME"]
    with pytest.raises(Refused) as lacking:
        mall.change(item, specs={})
    assert rules_of(lacking) == ["ITEM-SPEC"]
    mall.change(item)
    assert mall.row(item).version == 2, "nothing changed"
    mall.change(item, stock=9, price="95.50")
    assert (mall.row(item).version, mall.past(item)) == (3, ["100", "95.5"])
    with mall.world.read() as session:
        last = list(ledger.entries(session, f"item:{item}"))[-1]
    assert (last.kind, last.body["changed"], last.body["price"]) == ("item.changed", ["price", "stock"], "95.5")
    mall.do(FIRST, "item.delist", item=item)
    assert mall.kinds(f"item:{item}")[-1] == "item.delisted"
    mall.change(item, brand="另一")
    mall.do(FIRST, "item.submit", items=[item])
    mall.do(CENTRE, "item.review", items=[item], approve=True)
    assert mall.past(item) == ["100", "95.5"], "the same price is not said again"


def test_a_newer_template_sends_an_item_back_to_its_supplier(mall: Mall) -> None:
    mall.enter()
    mall.template()
    item = mall.draft()
    mall.do(FIRST, "item.submit", items=[item])
    mall.template(fields=[*FIELDS, {"name": "硬盘", "kind": "text", "required": False}])
    with pytest.raises(Refused) as old:
        mall.do(CENTRE, "item.review", items=[item], approve=True)
    assert rules_of(old) == ["ITEM-TEMPLATE"]
    mall.do(FIRST, "item.withdraw", item=item)
    mall.do(FIRST, "item.submit", items=[item])
    mall.do(CENTRE, "item.review", items=[item], approve=True)


def test_a_mark_is_lost_on_the_day_after_its_certificate(mall: Mall) -> None:
    mall.enter()
    until = NOW.date() + 3 * DAY
    paper = [{"mark": "energy", "number": "CQC1", "until": until.isoformat()}]
    item = mall.listed(certificates=paper)
    assert mall.row(item).marks == ["energy"]
    mall.stage.at(NOW + 3 * DAY)
    assert mall.stage.ring("item.mark_ended", item) == {}
    mall.stage.at(NOW + 4 * DAY)
    assert mall.stage.ring("item.mark_ended", item) == {"lost": ["energy"]}
    assert (mall.row(item).marks, mall.kinds(f"item:{item}")[-1]) == ([], "item.changed")
    assert mall.stage.ring("item.mark_ended", item) == {}
    with pytest.raises(Refused) as late:
        mall.change(item, price="99")
    assert rules_of(late) == ["ITEM-CERTIFICATE"]
    paper[0]["until"] = "2027-01-01"
    mall.change(item, certificates={"energy": paper[0] | {"mark": "energy"}, "environment": {}})
    assert mall.row(item).marks == ["energy"]


@pytest.mark.parametrize(("days", "expected"), [(0, ["energy"]), (-1, [])])
def test_the_last_day_of_a_certificate_counts(days: int, expected: list) -> None:
    day = NOW.date()
    paper = [{"mark": "energy", "number": "1", "until": (day + days * DAY).isoformat()}]
    assert rules.marks_of(paper, day) == expected
    assert bool(rules.certificates_valid(paper, day, BOOK)) == (not expected)


def test_pictures_are_drawn_anew(mall: Mall) -> None:
    mall.enter()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    digest = mall.picture(kind="JPEG", exif=exif.tobytes(), size=(2400, 1200))
    data = mall.world.acts.house.blobs.get(digest)
    with Image.open(io.BytesIO(data)) as drawn:
        assert (drawn.format, drawn.size, dict(drawn.getexif())) == ("JPEG", (1600, 800), {})
    assert b"home" not in data
    item = mall.listed(pictures=[digest])
    assert mall.row(item).pictures == [digest]
    mall.enter(SECOND)
    with pytest.raises(Unusable, match="upload"):
        mall.draft(SECOND, pictures=[digest])  # another's picture
    with mall.world.read() as session:
        assert pictures.known(session, digest) and not pictures.known(session, "a" * 64)


def test_what_is_no_picture_is_not_shown(mall: Mall) -> None:
    wrong = (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read"), (b"", "cannot be read"),
        (image()[:200], "cannot be read"), (image(kind="GIF"), "cannot be read"),
        (image((199, 400)), "PICTURE-EDGE"), (bytes(5 * rules.MB + 1), "PICTURE-SIZE"),
    )  # fmt: skip
    for data, what in wrong:
        digest = mall.bring(FIRST, data)
        with pytest.raises((Unusable, Refused), match=what):
            pictures.take(mall.world.acts, mall.stage.people[FIRST], digest)


def test_a_picture_is_brought_by_its_own_supplier(mall: Mall) -> None:
    digest = mall.bring(SECOND, image())
    with pytest.raises(Unusable, match="upload"):
        pictures.take(mall.world.acts, mall.stage.people[FIRST], digest)
    with pytest.raises(Refused):
        pictures.take(mall.world.acts, mall.stage.people[BUYER], mall.bring(BUYER, image()))


@pytest.mark.parametrize(("size", "fits"), [(5 * rules.MB, True), (5 * rules.MB + 1, False)])
def test_five_megabytes_and_no_more(size: int, fits: bool) -> None:
    assert (rules.picture_fits("PNG", size, 200, 200, BOOK) == []) is fits


@pytest.mark.parametrize(("count", "fits"), [(8, True), (9, False)])
def test_eight_pictures_and_no_more(count: int, fits: bool) -> None:
    assert (rules.pictures_few(count, BOOK) == []) is fits


def why(mall: Mall, item: str, quantity: int = 1, region: str = DISTRICT) -> list[str]:
    with mall.world.read() as session:
        found = listing.unsellable(session, {item: quantity}, region, NOW)
        shown = listing.sellable(session, [item, "nobody"])
    assert set(shown) <= {item}
    return [one.rule for one in found.get(item, [])]


def test_items_of_a_suspended_supplier_are_neither_shown_nor_sold(mall: Mall) -> None:
    supplier = mall.enter()
    item = mall.listed()
    with mall.world.read() as session:
        assert set(listing.sellable(session, [item])) == {item}
    assert why(mall, item) == why(mall, item, 5) == []
    assert why(mall, item, 6) == ["ITEM-STOCK"]
    assert why(mall, item, 1, CITY) == ["SUP-REGION"]  # the item goes to the district alone
    assert why(mall, "nobody") == ["ITEM-LISTED"]
    mall.do(REGULATOR, "supplier.suspend", supplier=supplier, days=1, reason="调查")
    assert why(mall, item) == ["SUP-ACTIVE"]
    with mall.world.read() as session:
        assert listing.sellable(session, [item]) == {}
    mall.do(REGULATOR, "supplier.lift", supplier=supplier, reason="查清")
    mall.do(FIRST, "item.delist", item=item)
    assert why(mall, item) == ["ITEM-LISTED"]


def test_stock_is_taken_and_given_back_and_its_end_is_told(mall: Mall) -> None:
    mall.enter()
    item = mall.listed()
    act = mall.world.acts.act
    act(listing.take, SYSTEM, {item: 3})
    assert mall.kinds(f"item:{item}")[-1] == "item.listed"
    with pytest.raises(Refused) as short:
        act(listing.take, SYSTEM, {item: 3})
    assert rules_of(short) == ["ITEM-STOCK"]
    act(listing.take, SYSTEM, {item: 2})
    assert (mall.row(item).stock, mall.row(item).sold, mall.kinds(f"item:{item}")[-1]) == (0, 5, "item.changed")
    act(listing.give_back, SYSTEM, {item: 2})
    assert (mall.row(item).stock, mall.row(item).sold) == (2, 3)
    assert mall.kinds(f"item:{item}")[-2:] == ["item.changed", "item.changed"]


def test_what_an_entry_no_longer_holds_is_taken_down(mall: Mall) -> None:
    supplier = mall.enter(categories=[COMPUTERS, "A05000000"])
    kept, gone = mall.listed(), mall.listed(sku="K-2", category="A05010201", specs={})

    def hear(kind: str) -> None:
        with mall.world.read() as session:
            entries = [one for one in ledger.entries(session, f"supplier:{supplier}") if one.kind == kind]
        items.entry_changed(mall.world.acts, entries[-1])

    mall.do(FIRST, "supplier.change", categories=[COMPUTERS], regions=[CITY], promise="三日内送达")
    mall.do(CENTRE, "supplier.decide", supplier=supplier, approve=True)
    hear("supplier.changed")
    assert (mall.row(kept).state, mall.row(gone).state) == ("listed", "delisted")
    assert mall.kinds(f"item:{gone}")[-1] == "item.delisted"
    mall.do(REGULATOR, "supplier.remove", supplier=supplier, reason="围标")
    mall.stage.at(NOW + 365 * DAY)
    mall.do(FIRST, "supplier.apply", categories=[COMPUTERS], regions=[CITY], promise="三日内送达")
    hear("supplier.applied")
    assert mall.row(kept).state == "delisted", "it comes back through a review only"


def test_lists_go_by_keys_without_a_gap(mall: Mall) -> None:
    mall.enter()
    for n in range(7):
        mall.stage.at(NOW + timedelta(minutes=n))
        mall.draft(sku=f"K-{n}")
    org = mall.stage.people[FIRST].org
    with mall.world.read() as session:
        for state, expected in (("", [f"K-{n}" for n in range(7)]), ("draft", [f"K-{n}" for n in reversed(range(7))])):
            seen: list[str] = []
            after = ""
            while part := queries.own_items(session, org, state=state, after=after, limit=3):
                seen += [one.sku for one in part]
                after = part[-1].id
            assert seen == expected
        assert [one.sku for one in queries.own_items(session, org, text="K-3")] == ["K-3"]


WHO = {
    "item.save": FIRST, "item.submit": FIRST, "item.withdraw": FIRST, "item.delist": FIRST, "item.review": CENTRE,
    "mall_template.save": CENTRE, "flag.answer": FIRST, "flag.decide": CENTRE, "patrol.draw": CENTRE,
    "item.mark_ended": "",
}  # fmt: skip


def test_each_act_is_closed_to_everybody_else(mall: Mall) -> None:
    for act, allowed in WHO.items():
        for who in {CENTRE, REGULATOR, BUYER, FIRST} - {allowed}:
            with pytest.raises(Refused) as refused:
                mall.do(who, act)
            assert rules_of(refused) == ["ACCESS"], (act, who)


# -- the centre's working days ----------------------------------------------------------------------------------------


def test_three_working_days_for_the_centre_and_the_timer_after_them(mall: Mall) -> None:
    mall.enter()
    item, done = mall.draft(), mall.draft(sku="K-2")
    due = datetime(2026, 5, 12, 23, 59, 59, tzinfo=CST)  # Friday 8 May is not counted; Saturday 9 May is worked
    said = mall.do(FIRST, "item.submit", items=[item, done])
    assert (said["due"], mall.row(item).due, mall.row(done).due) == (due.isoformat(), due, due)
    mall.do(CENTRE, "item.review", items=[done], approve=True)
    org, filed = mall.stage.people[FIRST].org, NOW.isoformat()
    mall.stage.at(due)
    assert mall.stage.ring("item.overdue", org, filed=filed) == {"late": 0}
    mall.stage.at(due + SEC)
    assert mall.stage.ring("item.overdue", org, filed=filed) == {"late": 1}
    assert mall.row(item).late_at == due + SEC and mall.row(done).late_at is None
    assert mall.stage.ring("item.overdue", org, filed=filed) == {"late": 0}  # on record once
    assert mall.kinds(f"item:{item}").count("item.review_overdue") == 1
    mall.do(CENTRE, "item.review", items=[item], approve=True)
    row = mall.row(item)
    assert (row.state, row.filed_at, row.due, row.late_at) == ("listed", None, None, None)
    with mall.world.read() as session:
        listed = [one.body.get("late") for one in ledger.entries(session, f"item:{item}") if one.kind == "item.listed"]
    assert listed == [True]


def test_the_timer_of_an_earlier_handing_in_says_nothing_of_a_later_one(mall: Mall) -> None:
    mall.enter()
    item = mall.draft()
    mall.do(FIRST, "item.submit", items=[item])
    mall.do(FIRST, "item.withdraw", item=item)
    assert mall.row(item).due is None
    mall.stage.at(NOW + 3 * DAY)
    mall.do(FIRST, "item.submit", items=[item])
    mall.stage.at(datetime(2026, 5, 13, 0, 0, tzinfo=CST))
    assert mall.stage.ring("item.overdue", mall.stage.people[FIRST].org, filed=NOW.isoformat()) == {"late": 0}
    assert mall.row(item).due == datetime(2026, 5, 14, 23, 59, 59, tzinfo=CST)


def test_what_waits_is_listed_by_its_due_day_and_late_refusals_say_so(mall: Mall) -> None:
    mall.enter()
    first = mall.draft()
    mall.do(FIRST, "item.submit", items=[first])
    mall.stage.at(NOW + DAY)
    second = mall.draft(sku="K-2")
    mall.do(FIRST, "item.submit", items=[second])
    with mall.world.read() as session:
        assert [row.id for row, _ in queries.pending(session)] == [first, second]
        assert [row.id for row, _ in queries.pending(session, first)] == [second]
        tasks = [one for one in mall_desk.work(session, mall.stage.people[CENTRE], NOW) if "items" in one["title"]]
        assert [(one["due"], one["values"]["n"], one["values"]["late"]) for one in tasks] == [
            (mall.row(first).due, 2, 0)
        ]
    late = datetime(2026, 5, 13, tzinfo=CST)
    with mall.world.read() as session:
        tasks = [one for one in mall_desk.work(session, mall.stage.people[CENTRE], late) if "items" in one["title"]]
        assert tasks[0]["values"] == {"n": 2, "late": 1} and "overdue" in tasks[0]["title"]
    mall.stage.at(late)
    mall.do(CENTRE, "item.review", items=[first], approve=False, reason="图片不清")
    with mall.world.read() as session:
        last = ledger.entries(session, f"item:{first}")[-1]
    assert (last.kind, last.body["late"], mall.row(first).due) == ("item.refused", True, None)


def test_a_large_file_is_noted_in_pieces_each_item_once(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "NOTED", 2)
    mall.enter()
    mall.template()
    rows = [ITEM | {"sku": f"F-{n}"} for n in range(5)]
    mall.load(rows, submit=True)
    with mall.world.read() as session:
        waiting = [row for row, _ in queries.pending(session)]
        jobs = session.query(DueJob).filter_by(act="item.overdue").all()
        assert len(waiting) == 5 and len(jobs) == 1  # one timer of the whole file
    mall.stage.at(waiting[0].due + SEC)
    org, filed = mall.stage.people[FIRST].org, NOW.isoformat()
    assert [mall.stage.ring("item.overdue", org, filed=filed)["late"] for _ in range(4)] == [2, 2, 1, 0]
    with mall.world.read() as session:
        jobs = session.query(DueJob).filter_by(act="item.overdue").all()
    assert [one.at for one in jobs[1:]] == [waiting[0].due + SEC] * 2  # a full piece asks for the next one at once
    assert all(mall.kinds(f"item:{row.id}").count("item.review_overdue") == 1 for row in waiting)
