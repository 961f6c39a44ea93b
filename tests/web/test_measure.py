"""Measuring a line: bytes go both ways and are thrown away, bounded for each person and for all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.access import Role
from core.uploads import Turned
from tests.web.conftest import NOW, Front
from web import measure
from web.app import create_upload_app
from web.measure import AT_ONCE, BUDGET, MOST, SPAN, Meter

WAY = "/uploads/measure"


def turned(code: str) -> object:
    return pytest.raises(Turned, match=code)


def test_bytes_go_both_ways_and_nothing_stays(front: Front) -> None:
    client = front.client(Role.EXPERT)
    sent = client.post(WAY, data=bytes(100_000), content_type="application/octet-stream")
    assert (sent.status_code, sent.json) == (200, {"bytes": 100_000})
    came = client.get(f"{WAY}?bytes=100000")
    assert came.status_code == 200 and len(came.data) == 100_000
    assert len(set(came.data)) > 200, "noise, which nothing on the way can make smaller"
    assert list(front.app.extensions["gongheng.uploads"].folder.iterdir()) == []


def test_the_process_of_uploads_measures_too_and_its_pages_may_read_it(front: Front) -> None:
    app = create_upload_app(replace(front.acts.house.config, upload_port=8001), 8000)
    app.extensions["gongheng"].acts.house = replace(app.extensions["gongheng"].acts.house, clock=front.clock)
    client = Front(app, front.clock).client(Role.BIDDER)
    ours = {"Host": "localhost:8001", "Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-site"}
    answer = client.get(f"{WAY}?bytes=1000", headers=ours)
    assert (answer.status_code, len(answer.data)) == (200, 1000)
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:8000"
    assert client.post(WAY, data=b"x" * 10, headers=ours).json == {"bytes": 10}
    asked = client.options(WAY, headers=ours)
    assert asked.status_code == 204 and "X-Gongheng" in asked.headers["Access-Control-Allow-Headers"]
    app.extensions["gongheng"].acts.engine.dispose()


@pytest.mark.parametrize(("size", "status"), [(0, 413), (1, 200), (MOST, 200), (MOST + 1, 413)])
def test_one_measurement_has_its_bounds(front: Front, size: int, status: int) -> None:
    client = front.client(Role.BIDDER)
    assert client.get(f"{WAY}?bytes={size}").status_code == status
    assert client.post(WAY, data=bytes(size)).status_code == status


@pytest.mark.parametrize("text", ["", "-1", "many", "1e6", "９", "9" * 30])
def test_what_is_no_number_of_bytes_is_refused(front: Front, text: str) -> None:
    answer = front.client(Role.BIDDER).get(f"{WAY}?bytes={text}")
    assert answer.status_code == 413 and answer.json["required"] == str(MOST)


def test_only_people_who_are_logged_in_measure(front: Front) -> None:
    for answer in (front.client().get(f"{WAY}?bytes=10"), front.client().post(WAY, data=b"x")):
        assert answer.status_code == 403
    assert front.client(Role.BIDDER, header=False).post(WAY, data=b"x").status_code == 403, "forged by another page"


def test_a_person_has_so_many_bytes_in_ten_minutes() -> None:
    meter = Meter()
    meter.end(meter.begin("a", BUDGET - 1, NOW))
    meter.end(meter.begin("a", 1, NOW))
    with turned("MEASURED"):
        meter.begin("a", 1, NOW)
    meter.end(meter.begin("b", 1, NOW))
    with turned("MEASURED"):
        meter.begin("a", 1, NOW + SPAN - timedelta(milliseconds=1))
    meter.end(meter.begin("a", BUDGET, NOW + SPAN))


def test_so_many_measure_at_once_and_a_place_that_is_not_given_back_is_free_by_itself(monkeypatch) -> None:
    meter, now = Meter(), [100.0]
    monkeypatch.setattr(measure.time, "monotonic", lambda: now[0])
    turns = [meter.begin(str(n), 1, NOW) for n in range(AT_ONCE)]
    with turned("CROWDED"):
        meter.begin("z", 1, NOW)
    meter.end(turns[0])
    meter.begin("z", 1, NOW)
    now[0] += measure.LONGEST - 0.001
    with turned("CROWDED"):
        meter.begin("y", 1, NOW)
    now[0] += 0.001
    meter.begin("y", 1, NOW)


def test_a_refusal_says_why_in_words_and_numbers(front: Front) -> None:
    meter: Meter = front.app.extensions["gongheng.meter"]
    meter.end(meter.begin("p-bidder", BUDGET, NOW))
    answer = front.client(Role.BIDDER).get(f"{WAY}?bytes=1")
    assert (answer.status_code, answer.json["required"]) == (429, str(BUDGET))
    assert "十分钟" in answer.json["error"]
    for n in range(AT_ONCE):
        meter.begin(str(n), 1, NOW)
    assert front.client(Role.EXPERT).get(f"{WAY}?bytes=1").status_code == 503
