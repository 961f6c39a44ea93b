"""The mall's desks over HTTP: files of items by form and by program, and what one may not reach by guessing."""

from __future__ import annotations

import io

from core.access import Role
from tests.trading.supply_world import APPLY, ITEM, image
from tests.trading.test_supply_import import row, workbook
from tests.web.conftest import Front, front
from web.api import FILE_LIMIT

__all__ = ["front"]


def act(front: Front, role: Role, act_name: str, /, **payload) -> dict:
    answer = front.client(role).post(f"/api/v1/acts/{act_name}", json={"payload": payload})
    assert answer.status_code == 200, answer.text
    return answer.json["result"]


def entered(front: Front) -> Front:
    made = act(front, Role.BIDDER, "supplier.apply", **APPLY)
    act(front, Role.CENTRE, "supplier.decide", supplier=made["supplier"], approve=True)
    return front


def send(front: Front, data: bytes, **more: str):
    form = {"file": (io.BytesIO(data), "items.xlsx"), **more}
    return front.client(Role.BIDDER).post("/mall/supply/import", data=form, content_type="multipart/form-data")


def test_a_program_sends_items_and_reads_the_report(front: Front) -> None:
    client = entered(front).client(Role.BIDDER)
    wrong = {"items": [ITEM, ITEM | {"sku": "K-2", "price": "-"}], "submit": True}
    answer = client.post("/mall/supply/import", json=wrong)
    assert (answer.status_code, answer.json["faults"], answer.json["created"]) == (200, 1, 0)
    fault = {"line": 2, "column": "price", "key": "price", "found": "-", "rule": ""}
    assert answer.json["report"] == [fault | {"expected": "a decimal number is expected"}]
    answer = client.post("/mall/supply/import", json={"items": [ITEM]})
    assert (answer.json["created"], answer.json["report"]) == (1, [])
    mine = client.get("/api/v1/ask/item.mine").json["result"]["items"]
    assert [(one["sku"], one["price"], one["state"]) for one in mine] == [("K-1", "100", "draft")]
    for body in ("[]", "{", '{"items": 1.5}'):
        answer = client.post("/mall/supply/import", data=body, content_type="application/json")
        assert answer.status_code == 400, answer.text


def test_a_form_sends_a_workbook_and_keeps_what_was_chosen(front: Front) -> None:
    entered(front)
    for data in (b"", b"nothing", workbook([], ["品名"])):
        answer = send(front, data, submit="1")
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text and 'value="1" checked' in answer.text
    answer = send(front, workbook([row(1), row(2, 库存="无")]))
    assert answer.status_code == 303
    page = front.client(Role.BIDDER).get(answer.location)
    assert page.status_code == 200 and page.text.count("data-fault") == 1
    assert front.client(Role.BIDDER).get(f"{answer.location}?start={'9' * 5000}").status_code == 200
    with front.client(Role.BIDDER).get(f"{answer.location}.json") as report:
        assert report.json[0]["line"] == 3
    assert front.client(Role.BIDDER, header=False).post("/mall/supply/import", data={}).status_code == 403


def test_what_is_not_ones_own_is_not_there(front: Front) -> None:
    client = entered(front).client(Role.BIDDER)
    paths = (
        "/mall/supply/items/nobody", "/mall/supply/imports/nobody", "/mall/supply/imports/nobody.json",
        "/mall/supply/items/new?category=A99", "/mall/supply/template.xlsx?category=A99", f"/mall/pictures/{'a' * 64}",
        "/mall/pictures/x", "/mall/patrol/evidence/credit/nobody", "/mall/patrol/evidence/other/nobody",
        "/mall/patrol/samples/2026-13.json",
    )  # fmt: skip
    for path in paths:
        assert client.get(path).status_code == 404, path
    supplier = act(front, Role.BIDDER, "item.save", **ITEM)["item"]
    assert client.get(f"/mall/supply/items/{supplier}").status_code == 200
    for role, path in ((Role.CENTRE, "/mall/review/suppliers/nobody"), (Role.CENTRE, "/mall/patrol/items/nobody"),
                       (Role.CENTRE, "/mall/review/templates?category=A99")):  # fmt: skip
        assert front.client(role).get(path).status_code == 404, path


def test_a_file_that_is_no_picture_of_items_is_not_reached_as_one(front: Front) -> None:
    client = entered(front).client(Role.BIDDER)
    secret = client.post("/api/v1/files", data=b"a sealed thing").json["sha256"]
    assert front.client().get(f"/mall/pictures/{secret}").status_code == 404
    brought = client.post("/api/v1/files", data=image()).json["sha256"]
    made = client.post("/mall/supply/pictures", json={"sha256": brought})
    assert made.status_code == 200
    with front.client().get(f"/mall/pictures/{made.json['sha256']}") as shown:
        assert (shown.status_code, shown.mimetype, shown.data[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    assert front.client().get(f"/mall/pictures/{brought}").status_code == 404
    for body in ({}, {"sha256": "x"}, {"sha256": "b" * 64}, []):
        assert client.post("/mall/supply/pictures", json=body).status_code == 400
    assert FILE_LIMIT > 5 << 20


def test_a_category_is_looked_up_a_few_at_a_time(front: Front) -> None:
    ask = front.client().get
    roots = ask("/api/v1/ask/category.look_up?under=").json["result"]["found"]
    assert [one["code"] for one in roots] == ["A", "B", "C"]
    found = ask("/api/v1/ask/category.look_up?text=设备").json["result"]["found"]
    assert len(found) == 20 and all("设备" in one["name"] for one in found)
    lost = ask("/api/v1/ask/category.look_up?text=A02110202").json["result"]["found"]
    assert [one["doubtful"] for one in lost] == [True]
    assert ask("/api/v1/ask/category.look_up?under=A99").status_code == 400
    assert ask(f"/api/v1/ask/category.look_up?text={'x' * 41}").status_code == 400
    below = ask("/api/v1/ask/region.look_up?under=110000").json["result"]["found"]
    assert all(one["code"].startswith("1101") and one["name"] != "市辖区" for one in below) and below
    assert ask("/api/v1/ask/region.look_up?text=东西湖").json["result"]["found"][0]["code"] == "420112"
