"""The doors for programs: files, channels, the clock, the description of the API, the timestamp service."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO

import pytest
from asn1crypto import algos, tsp

from core import canon
from core.access import SYSTEM, Role
from core.staged import StagedFile
from methods.bill import MOST_LINES, Bill, Line, compose
from web import api, channels


def test_a_staged_file_is_named_by_its_digest_and_owner(front):
    data = b"bid" * 100_000
    answer = front.client(Role.BIDDER).post("/api/v1/files", data=data)
    assert answer.json == {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    with front.acts.reading() as session:
        row = session.get(StagedFile, (answer.json["sha256"], "p-bidder"))
        assert row is not None and row.size == len(data)
    assert front.client().post("/api/v1/files", data=data).status_code == 403


def test_a_file_beyond_the_limit_is_refused(front, monkeypatch):
    monkeypatch.setattr(api, "FILE_LIMIT", 1000)
    answer = front.client(Role.BIDDER).post("/api/v1/files", data=b"x" * 1001)
    assert answer.status_code == 413


def test_a_bill_of_the_most_lines_passes_and_no_other_act_is_so_large(front):
    """Five thousand lines with eight hundred characters of description each."""
    line = Line("", "040101002001", "挖沟槽土方", "土" * 800, "m3", "1", "")
    bill = Bill((("土石方工程", tuple(replace(line, no=str(n)) for n in range(1, MOST_LINES + 1))),))
    body = canon.dumps({"case": "", "payload": {"bill": compose(bill), "name": "清单.xlsx"}})
    assert api.ACT_LIMIT < len(body) < api.LARGE_ACTS["file.bill"]
    answers = {
        (role, name): front.client(role).post(f"/api/v1/acts/{name}", data=body).status_code
        for role, name in ((Role.TENDERER, "file.bill"), (Role.BIDDER, "file.bill"), (Role.TENDERER, "file.save"))
    }
    assert answers[Role.TENDERER, "file.bill"] not in (413, 403), "as far as the case, which does not exist"
    assert answers[Role.BIDDER, "file.bill"] == 403
    assert answers[Role.TENDERER, "file.save"] == 413


@pytest.mark.parametrize(
    ("channel", "role", "open_"),
    [
        ("hall:c1", Role.PUBLIC, True),
        ("room:c1", Role.CENTRE, False),
        ("room:c1", Role.AUDITOR, True),
        ("room:c1", Role.BIDDER, False),
        ("room:c1", Role.ADMIN, False),
        ("watch:c1", Role.AUDITOR, True),
        ("watch:c1", Role.TENDERER, False),
        ("me:p-bidder", Role.BIDDER, True),
        ("me:p-bidder", Role.AUDITOR, False),
        ("nothing:c1", Role.AUDITOR, False),
        ("hall:", Role.AUDITOR, False),
    ],
)
def test_who_hears_a_channel(front, channel, role, open_):
    answer = front.client(role).get(f"/api/v1/live/{channel}")
    assert answer.status_code == (200 if open_ else 403)


def test_catching_up_by_number(front):
    def say(tx) -> None:
        for number in range(3):
            tx.publish("hall:c1", "read", {"number": number})

    front.acts.act(say, SYSTEM)
    answer = front.client().get("/api/v1/live/hall:c1?after=1").json
    assert [event["seq"] for event in answer["events"]] == [2, 3] and answer["last"] == 3
    assert front.client().get("/api/v1/live/hall:c1?after=-1").status_code == 400


def test_no_presence_in_a_hall():
    assert "hall" not in channels.PRESENT


def test_no_presence_in_a_room():
    """Staff of every venue hear it: they would read the names of members at all other sites (招标投标法 art. 37)."""
    assert "room" not in channels.PRESENT


def test_the_clock_is_the_houses(front):
    assert front.client().get("/api/v1/time").json["now"] == "2026-03-02T09:00:00+08:00"


def test_the_description_names_every_act_with_a_door(front):
    document = front.client().get("/api/v1/openapi.json").json
    assert document["paths"]["/api/v1/acts/org.register"]["post"]["x-roles"] == ["public"]
    assert document["openapi"].startswith("3.1")


def test_a_timestamp_for_anyone(front):
    request = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "hashed_message": hashlib.sha256(b"x").digest(),
            },
            "cert_req": True,
        }
    )
    answer = front.client(header=False).post("/tsa", data=request.dump())
    assert answer.mimetype == "application/timestamp-reply"
    assert tsp.TimeStampResp.load(answer.data)["status"]["status"].native == "granted"


def test_verifying_on_the_page(front):
    answer = front.client().post("/verify", data={"file": (BytesIO(b"{}"), "x.json")})
    assert answer.status_code == 200 and "无法判断" in answer.get_data(as_text=True)
