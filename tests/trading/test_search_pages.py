"""The shop's pages without a browser: what they show to whom, what they say to nonsense, how much they ask."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import event, func, select

from core.access import SYSTEM, Role
from tests.trading.search_world import DESK, NOW, PAPER, item, offer, supplier
from tests.web.conftest import front  # noqa: F401  the same app
from trading.mall import search_index
from trading.mall.models import Item, PriceChange
from trading.mall.shelf.models import Seen
from trading.supplier.models import MallSupplier
from web.front import Permit
from web.shop_parts import Piece
from web.shop_parts import offer as put

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
FIRST, SECOND, THIRD = (f"item{n:012d}" for n in (1, 2, 3))


@pytest.fixture
def mall(front):  # noqa: F811
    """Two printers, a desk, a draft and thirty packs of paper."""
    sha = front.acts.house.blobs.put(PNG).sha256
    text = front.acts.house.blobs.put(b"<script>alert(1)</script>").sha256

    def fill(tx) -> None:
        orgs = [supplier(tx, 1), supplier(tx, 2, regions=("420000", "430000"))]
        rows = [
            item(tx, 1, orgs[0], name="惠普 M126 激光打印机", model="M126", specs={"颜色": "黑", "速度": "20页"},
                 sold=9, marks=["energy"], pictures=[sha, text]),
            item(tx, 2, orgs[1], name="佳能 <b>G3810</b> 打印机", brand="佳能", specs={"颜色": "白", "速度": "20页"},
                 price=Decimal("899.50"), agreement_id="fa1", stock=0),
            item(tx, 3, orgs[1], name="会议桌", brand="圣奥", category=DESK),
            item(tx, 4, orgs[0], name="草稿打印机", state="draft", listed_at=None),
            *(item(tx, 100 + n, orgs[0], name=f"复印纸 {n}", brand="得力", category=PAPER) for n in range(30)),
        ]  # fmt: skip
        offer(tx, *rows)

    front.acts.act(fill, SYSTEM)
    front.sha, front.text = sha, text
    return front


def change(mall, id: str, **values) -> None:
    def run(tx) -> None:
        row = tx.session.get_one(Item, id)
        for key, value in values.items():
            setattr(row, key, value)
        row.changed_at = tx.now
        search_index.refresh(tx.session, [id])

    mall.acts.act(run, SYSTEM)


def names(answer) -> list[str]:
    return re.findall(r'<h3 class="gh-item-name">(.*?)</h3>', answer.text)


def test_anyone_looks_for_goods(mall):
    page = mall.client().get("/mall?q=打印机")
    assert page.status_code == 200
    assert names(page) == ["惠普 M126 激光打印机", "佳能 &lt;b&gt;G3810&lt;/b&gt; 打印机"]
    assert "草稿" not in page.text
    assert names(mall.client().get("/mall?q=m126&category=A02000000&mark=energy&region=420112&way=market")) == [
        "惠普 M126 激光打印机"
    ]


def test_pages_follow_each_other(mall):
    client, address, seen = mall.client(), "/mall?q=复印纸", []
    while address:
        page = client.get(address)
        seen += names(page)
        found = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = found.group(1).replace("&amp;", "&") if found else ""
    assert sorted(seen) == sorted(f"复印纸 {n}" for n in range(30)) and len(seen) == 30


def test_a_choice_is_an_address_and_can_be_let_go(mall):
    page = mall.client().get("/mall?q=打印机").text
    links = [one.replace("&amp;", "&") for one in re.findall(r'href="(/mall\?[^"]+)"', page)]
    chosen = next(one for one in links if f"brand={quote('佳能')}" in one)
    narrowed = mall.client().get(chosen).text
    assert 'aria-current="true"' in narrowed and "G3810" in narrowed and "M126" not in narrowed
    back = re.search(r'class="gh-tokens".*?href="([^"]+)"', narrowed, re.S).group(1).replace("&amp;", "&")
    assert len(names(mall.client().get(back))) == 2


NONSENSE = [
    "q=***", "q=" + "打" * 10_000, "category=X1", "order=no", "mark=green", "band=x", "band=99", "least=abc",
    "least=-1",
    "most=1.005", "region=42", "region=999999", "after=x", "most=9999999999999",
    "&".join(f"brand={n}" for n in range(30)),
]  # fmt: skip


def test_nonsense_gets_a_page_that_helps(mall):
    for query in NONSENSE:
        answer = mall.client().get(f"/mall?{query}")
        assert answer.status_code == 400, query
        assert 'role="alert"' in answer.text and 'href="/mall"' in answer.text and "Traceback" not in answer.text
        assert len(answer.text) < 60_000


def test_what_was_typed_stays_in_the_field(mall):
    assert 'value="***"' in mall.client().get("/mall?q=***").text
    nothing = mall.client().get("/mall?q=不存在的东西&brand=佳能")
    assert nothing.status_code == 200 and 'value="不存在的东西"' in nothing.text and "gh-empty" in nothing.text


def test_injections_are_words_or_nothing(mall):
    for q in ("* OR NEAR(", '"><script>alert(1)</script>', "' OR 1=1 --", "\x00", "%00", "<b>打印"):
        answer = mall.client().get("/mall", query_string={"q": q})
        assert answer.status_code in (200, 400), q
        assert "<script>alert" not in answer.text


def test_an_empty_mall_says_so(front):  # noqa: F811
    answer = front.client().get("/mall")
    assert answer.status_code == 200 and "gh-empty" in answer.text


def priced(tx, days: int, price: str) -> None:
    row = PriceChange(item_id=FIRST, at=NOW + timedelta(days=days), price=Decimal(price), by="")
    tx.session.add(row)


def test_an_item_shows_all_that_is_public(mall):
    for days, price in ((0, "100.00"), (9, "88.00")):
        mall.acts.act(priced, SYSTEM, days, price)
    change(mall, FIRST, price=Decimal("88.00"))
    page = mall.client().get(f"/mall/items/{FIRST}")
    assert page.status_code == 200
    for words in ("¥88.00", "¥100.00", "20页", "第1号供应商", "data-prices", "湖北省武汉市东西湖区", "A4黑白打印机"):
        assert words in page.text, words
    assert "&lt;b&gt;" in mall.client().get(f"/mall/items/{SECOND}").text


def test_what_is_not_offered_any_more_says_so_and_what_never_was_is_not_there(mall):
    change(mall, FIRST, state="blocked", reason="价格虚高")
    page = mall.client().get(f"/mall/items/{FIRST}").text
    assert "alert-warning" in page and "价格虚高" not in page
    for path in ("/mall/items/item000000000004", "/mall/items/none", "/mall/items/item000000000004/pictures/x"):
        assert mall.client().get(path).status_code == 404


def test_items_of_a_suspended_supplier_are_not_offered(mall):
    def suspend(tx) -> None:
        tx.session.query(MallSupplier).filter_by(org_id="supplier0000001").one().state = "suspended"

    mall.acts.act(suspend, SYSTEM)
    assert "M126" not in mall.client().get("/mall?q=打印机").text
    assert "alert-warning" in mall.client().get(f"/mall/items/{FIRST}").text


def test_pictures_are_pictures_of_this_item(mall):
    client = mall.client()
    answer = client.get(f"/mall/items/{FIRST}/pictures/{mall.sha}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", PNG)
    answer.close()
    assert client.get(f"/mall/items/{FIRST}/pictures/{mall.text}").status_code == 404
    assert client.get(f"/mall/items/{SECOND}/pictures/{mall.sha}").status_code == 404


def test_up_to_four_side_by_side(mall):
    client = mall.client()
    ids = [FIRST, SECOND, THIRD, "item000000000100", "item000000000101"]
    for id in ids:
        answer = client.post("/mall/compare", data={"item": id, "keep": "1", "back": "/mall?q=x"})
        assert answer.status_code == 302 and answer.location == "/mall?q=x"
    page = client.get("/mall/compare").text
    assert "M126" not in page and "复印纸 1<" in page and "G3810" in page
    both = client.get(f"/mall/compare?item={FIRST}&item={SECOND}&item=gone").text
    rows = re.findall(r'<tr class="gh-differs"><th scope="row">(.*?)<', both)
    assert "颜色" in rows and "速度" not in rows and len(rows) >= 4
    client.post("/mall/compare", data={"item": THIRD, "keep": "0"})
    assert "会议桌" not in client.get("/mall/compare").text
    assert client.post("/mall/compare", data={"item": "../x", "keep": "1"}).status_code == 400
    assert mall.client().get("/mall/compare").status_code == 200


def test_a_form_leads_back_into_the_shop_only(mall):
    for back in ("https://evil.example/mall", "//evil.example", "/mallicious", "/mall/\\evil", "/mall\r\nX: y"):
        answer = mall.client().post("/mall/compare", data={"item": FIRST, "keep": "1", "back": back})
        assert answer.location == "/mall", back


def test_favourites_and_looks_are_a_buyers_own(mall):
    buyer = mall.client(Role.TENDERER)
    for id in (FIRST, THIRD):
        buyer.get(f"/mall/items/{id}")
        assert buyer.post("/mall/favourites", data={"item": id, "keep": "1"}).status_code == 302
        assert buyer.post("/mall/favourites", data={"item": id, "keep": "1"}).status_code == 302
        mall.clock.moment = mall.clock.now().replace(minute=mall.clock.now().minute + 1)
    assert names(buyer.get("/mall/shelves/favourites")) == ["会议桌", "惠普 M126 激光打印机"]
    assert names(buyer.get("/mall/shelves/seen")) == ["会议桌", "惠普 M126 激光打印机"]
    buyer.post("/mall/favourites", data={"item": THIRD, "keep": "0"})
    assert names(buyer.get("/mall/shelves/favourites")) == ["惠普 M126 激光打印机"]
    assert buyer.post("/mall/favourites", data={"item": "none", "keep": "1"}).status_code == 400
    assert buyer.get("/mall/shelves/other").status_code == 404
    assert buyer.get("/mall/shelves/seen?after=x").status_code == 400
    assert mall.client(Role.BIDDER).get("/mall/shelves/favourites").status_code == 403
    assert mall.client().get("/mall/shelves/favourites").status_code == 302


def test_a_visitor_and_a_supplier_leave_no_trace(mall):
    for who in (None, Role.BIDDER, Role.AUDITOR):
        assert mall.client(who).get(f"/mall/items/{FIRST}").status_code == 200
    with mall.acts.reading() as session:
        assert session.scalar(select(func.count()).select_from(Seen)) == 0


def test_shelves_go_on_page_by_page(mall):
    buyer = mall.client(Role.TENDERER)
    for n in range(30):
        buyer.post("/mall/favourites", data={"item": f"item{100 + n:012d}", "keep": "1"})
    first = buyer.get("/mall/shelves/favourites")
    more = re.search(r'rel="next" href="([^"]+)"', first.text).group(1)
    rest = buyer.get(more)
    assert len(names(first)) == 24 and len(set(names(first) + names(rest))) == 30


def test_pages_ask_little_however_much_they_show(mall):
    asked: list[str] = []
    event.listen(mall.acts.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    client = mall.client()
    for path, most in (("/mall", 12), ("/mall?q=打印&region=420112&brand=佳能", 14), (f"/mall/items/{FIRST}", 6),
                       (f"/mall/compare?item={FIRST}&item={SECOND}&item={THIRD}", 2)):  # fmt: skip
        client.get(path)
        asked.clear()
        client.get(path)
        assert len(asked) <= most, (path, asked)


def test_other_pages_put_their_pieces_beside_an_item(mall, monkeypatch):
    monkeypatch.setattr("web.shop_parts._PIECES", {"item": {}, "compare": {}})
    env = mall.app.jinja_env
    env.loader = ChoiceLoader([DictLoader({"cart.html": "<b>into the cart: {{ item.sku }}</b>"}), env.loader])
    put("item", Piece("cart.html", Permit((Role.TENDERER,))))
    assert "into the cart: S1<" in mall.client(Role.TENDERER).get(f"/mall/items/{FIRST}").text
    assert "into the cart" not in mall.client().get(f"/mall/items/{FIRST}").text
    with pytest.raises(KeyError):
        put("nowhere", Piece("x.html", Permit((Role.PUBLIC,))))
