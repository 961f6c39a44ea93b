"""tus 1.0 as its specification and our own limits ask, over the whole app."""

from __future__ import annotations

import base64
import hashlib
from collections import namedtuple
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from accounts.models import LoginSession
from core import staged
from core.access import SYSTEM, Actor, Role
from core.staged import StagedFile, Upload
from core.uploads import Uploads
from tests.web.conftest import Front
from tests.web.tus import BODY, Tus, told
from web.app import create_upload_app

DATA = bytes(range(256)) * 4096  # 1 MiB
SHA = hashlib.sha256(DATA).hexdigest()
BIDDER = Actor("p-bidder", "人员", "org-bidder", "单位", frozenset({Role.BIDDER}))


def tus(front, role: Role = Role.BIDDER) -> Tus:
    return Tus(front.client(role))


def begun(front, size: int = len(DATA), **meta: str) -> Tus:
    one = tus(front)
    assert one.create(size, **meta).status_code == 201
    return one


def files(front) -> Uploads:
    return front.app.extensions["gongheng.uploads"]


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def test_a_file_comes_in_pieces_and_is_named_by_its_digest(front) -> None:
    one = begun(front, filename="标书.sealed")
    assert one.head().headers["Upload-Offset"] == "0"
    answer = one.patch(0, DATA[:300_000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "300000")
    assert "GMT" in answer.headers["Upload-Expires"] and "X-Content-SHA256" not in answer.headers
    head = one.head()
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("300000", str(len(DATA)))
    assert head.headers["Upload-Metadata"] == told(filename="标书.sealed")
    assert head.headers["Cache-Control"] == "no-store"
    last = one.patch(300_000, DATA[300_000:])
    assert (last.status_code, last.headers["X-Content-SHA256"]) == (204, SHA)
    assert front.acts.house.blobs.get(SHA) == DATA
    assert list(files(front).folder.iterdir()) == [], "moved, not copied"
    with front.acts.reading() as session:
        row = session.get(StagedFile, (SHA, "p-bidder"))
        assert (row.size, row.org_id) == (len(DATA), "org-bidder")
    again = one.head()
    assert (again.headers["Upload-Offset"], again.headers["X-Content-SHA256"]) == (str(len(DATA)), SHA)
    assert one.patch(0, DATA).status_code == 409


def test_what_the_server_can_do_is_told_to_anyone(front) -> None:
    answer = front.client().open("/uploads", method="OPTIONS")
    assert answer.status_code == 204 and answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    extensions = set(answer.headers["Tus-Extension"].split(","))
    assert extensions == {"creation", "creation-with-upload", "checksum", "termination", "expiration"}
    assert answer.headers["Tus-Max-Size"] == str(4 << 30)
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256,sha1"


def test_creation_may_bring_the_first_bytes_or_all(front) -> None:
    one = tus(front)
    answer = one.create(len(DATA), DATA[:1000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "1000")
    assert one.patch(1000, DATA[1000:]).headers["X-Content-SHA256"] == SHA
    whole = tus(front).create(len(DATA), DATA)
    assert (whole.status_code, whole.headers["X-Content-SHA256"]) == (201, SHA)


def test_an_empty_file_is_complete_at_once(front) -> None:
    one = tus(front)
    answer = one.create(0)
    assert (answer.status_code, answer.headers["X-Content-SHA256"]) == (201, hashlib.sha256(b"").hexdigest())
    assert one.head().headers["Upload-Offset"] == "0"


BAD: dict[str, tuple[dict[str, object], int]] = {
    "wrong offset": ({"Upload_Offset": 5}, 409),
    "no offset": ({"Upload_Offset": ""}, 400),
    "a negative offset": ({"Upload_Offset": "-1"}, 400),
    "another version": ({"Tus_Resumable": "0.2.2"}, 412),
    "another media type": ({"Content_Type": "application/octet-stream"}, 415),
    "unknown checksum": ({"Upload_Checksum": "md5 AAAA"}, 400),
    "broken checksum": ({"Upload_Checksum": "sha256 *"}, 400),
    "wrong checksum": ({"Upload_Checksum": checksum(b"else")}, 460),
    "wrong sha1": ({"Upload_Checksum": checksum(b"else", "sha1")}, 460),
}


@pytest.mark.parametrize("name", BAD)
def test_a_refused_piece_leaves_nothing(front, name: str) -> None:
    """And the right piece goes in afterwards."""
    headers, status = BAD[name]
    one = begun(front)
    one.patch(0, DATA[:1000])
    answer = one.patch(1000, DATA[1000:9000], **headers)
    assert answer.status_code == status and answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers.get("Tus-Version") == ("1.0.0" if status == 412 else None)
    assert one.head().headers["Upload-Offset"] == "1000"
    assert one.patch(1000, DATA[1000:], Upload_Checksum=checksum(DATA[1000:])).headers["X-Content-SHA256"] == SHA


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_a_piece_with_its_checksum(front, algorithm: str) -> None:
    one = begun(front)
    assert one.patch(0, DATA, Upload_Checksum=checksum(DATA, algorithm)).headers["X-Content-SHA256"] == SHA


def test_more_than_was_said_is_refused_before_it_is_read(front) -> None:
    one = begun(front, 1000)
    assert one.patch(0, DATA[:1001]).status_code == 413
    assert one.patch(0, DATA[:1000]).status_code == 204


def test_without_a_length_the_body_is_read_to_its_end_and_no_further(front) -> None:
    """As a chunked body comes: the server's own reader ends it."""
    one = begun(front, 1000)
    headers = {"Tus-Resumable": "1.0.0", "Content-Type": BODY, "Upload-Offset": "0"}
    for data, status, offset in ((DATA[:1001], 413, "0"), (DATA[:600], 204, "600")):
        answer = front.client(Role.BIDDER).open(
            one.where, method="PATCH", input_stream=BytesIO(data), headers=headers
        )
        assert (answer.status_code, one.head().headers["Upload-Offset"]) == (status, offset)


def test_the_largest_file_is_what_was_told(front, monkeypatch) -> None:
    one = tus(front)
    most = 4 << 30
    answer = one.create(most + 1)
    assert (answer.status_code, answer.json["required"], answer.json["found"]) == (413, str(most), str(most + 1))


def test_one_person_has_so_many_unfinished_uploads_and_bytes(front, monkeypatch) -> None:
    monkeypatch.setattr(staged, "UNFINISHED", 2)
    begun(front, 10)
    second = begun(front, 10)
    answer = tus(front).create(10)
    assert answer.status_code == 413 and "2" in answer.json["error"]
    assert tus(front, Role.TENDERER).create(10).status_code == 201, "another person has its own count"
    assert second.say("DELETE").status_code == 204
    assert begun(front, 10).patch(0, b"0123456789").status_code == 204
    assert tus(front).create(10).status_code == 201, "a finished one counts no longer"
    monkeypatch.setattr(staged, "UNFINISHED", 9)
    assert tus(front).create(4 << 30).status_code == 201
    assert tus(front).create(4 << 30).status_code == 413


def test_a_full_disk_is_said_before_anything_is_sent(front, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(staged.shutil, "disk_usage", lambda _: usage(0, 0, staged.RESERVE + 999))
    assert tus(front).create(999).status_code == 201
    answer = tus(front).create(1000)
    assert answer.status_code == 507 and answer.json["error"]


def test_a_disk_that_fills_meanwhile_loses_nothing_that_was_acknowledged(front, monkeypatch) -> None:
    one = begun(front)
    one.patch(0, DATA[:1000])

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("core.uploads._write", full)
        assert one.patch(1000, DATA[1000:]).status_code == 507
    assert one.patch(1000, DATA[1000:]).headers["X-Content-SHA256"] == SHA


def test_nobody_else_learns_that_an_upload_exists(front) -> None:
    one = begun(front)
    one.patch(0, DATA[:1000])
    with front.acts.reading() as session:
        before = session.query(Upload).count()
    for role in (Role.TENDERER, Role.CENTRE, Role.ADMIN, Role.AUDITOR, Role.REGULATOR):
        other, nothing = Tus(front.client(role), one.where), Tus(front.client(role), "/uploads/" + "0" * 16)
        for method in ("HEAD", "DELETE"):
            mine, none = other.say(method), nothing.say(method)
            assert (mine.status_code, mine.data) == (none.status_code, none.data) == (404, none.data)
        assert other.patch(1000, b"x").data == nothing.patch(1000, b"x").data
        assert other.patch(1000, b"x").status_code == 404
    assert Tus(front.client(), one.where).head().status_code == 403
    with front.acts.reading() as session:
        assert session.query(Upload).count() == before
    assert one.head().headers["Upload-Offset"] == "1000"


def test_cancelled_is_gone(front) -> None:
    one = begun(front)
    one.patch(0, DATA[:1000])
    assert one.say("DELETE").status_code == 204
    assert [one.head().status_code, one.patch(1000, b"x").status_code, one.say("DELETE").status_code] == [404] * 3
    assert list(files(front).folder.iterdir()) == []
    done = begun(front)
    done.patch(0, DATA)
    assert done.say("DELETE").status_code == 204
    assert front.acts.act(staged.brought, BIDDER, SHA) is False, "no act takes it any more"


def test_an_upload_runs_out_after_its_time(front) -> None:
    one = begun(front)
    one.patch(0, DATA[:1000])
    front.clock.moment += staged.LIFE - timedelta(seconds=1)
    log_in_again(front)
    assert one.head().status_code == 200
    front.clock.moment += timedelta(seconds=1)
    assert [one.head().status_code, one.patch(1000, b"x").status_code] == [404, 404]
    assert staged.sweep(front.acts, files(front), timedelta(0)) == 1
    assert list(files(front).folder.iterdir()) == []


def log_in_again(front) -> None:
    def touch(tx) -> None:
        for row in tx.session.query(LoginSession):
            row.began_at = row.seen_at = tx.now + timedelta(minutes=1)

    front.acts.act(touch, SYSTEM)


def test_two_writers_never_mix_their_bytes(front) -> None:
    """While one holds the upload the other is turned away; what stands is the first one's."""
    one = begun(front)
    upload, store, second = one.where.rsplit("/", 1)[1], files(front), []

    def blocks():
        yield b"first" * 1000
        second.append((one.patch(0, b"other" * 1000).status_code, one.say("DELETE").status_code))
        yield b"again" * 1000

    assert store.append(upload, 0, len(DATA), blocks()) == 10_000
    assert second == [(423, 423)]
    assert store.part(upload).read_bytes() == b"first" * 1000 + b"again" * 1000
    assert one.patch(10_000, b"x").status_code == 204


def test_a_line_that_lets_no_patch_through(front) -> None:
    one = begun(front)
    answer = one.say("POST", "", DATA, X_HTTP_Method_Override="PATCH", Content_Type=BODY, Upload_Offset=0)
    assert answer.headers["X-Content-SHA256"] == SHA
    assert one.say("POST", "", b"", X_HTTP_Method_Override="GET").status_code == 400


@pytest.mark.parametrize("text", ["filename", "filename !", "a YQ==,a YQ==", "purpose eHg=", "x " + "A" * 2000])
def test_metadata_that_cannot_be_read_is_refused(front, text: str) -> None:
    answer = tus(front).say("POST", "/uploads", Upload_Length=5, Upload_Metadata=text)
    assert answer.status_code == (201 if text == "filename" else 400)


@pytest.mark.parametrize("length", ["", "-1", "1e3", "٣", "9" * 16])
def test_a_length_is_a_number(front, length: str) -> None:
    assert tus(front).say("POST", "/uploads", Upload_Length=length).status_code == 400


def test_a_foreign_page_sends_nothing(front) -> None:
    one = begun(front)
    evil = {"Origin": "https://evil.example"}
    assert one.patch(0, DATA, **evil).status_code == 403
    assert Tus(front.client(Role.BIDDER, header=False), one.where).patch(0, DATA).status_code == 403
    answer = front.client().open("/uploads", method="OPTIONS", headers=evil)
    assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")]


@pytest.fixture
def beside(front):
    """The app of the second process, whose pages are on port 8000."""
    app = create_upload_app(replace(front.acts.house.config, upload_port=8001), 8000)
    app.extensions["gongheng"].acts.house = replace(app.extensions["gongheng"].acts.house, clock=front.clock)
    yield Front(app, front.clock)
    app.extensions["gongheng"].acts.engine.dispose()


OURS = {"Host": "localhost:8001", "Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-site"}


def test_only_our_own_pages_reach_the_second_process(beside) -> None:
    for origin, open_ in (("http://localhost:8000", True), ("http://localhost:9", False), ("http://evil:8000", False)):
        headers = OURS | {"Origin": origin}
        asked = beside.client().open("/uploads", method="OPTIONS", headers=headers).headers
        assert asked.get("Access-Control-Allow-Origin") == (origin if open_ else None)
        assert ("PATCH" in asked.get("Access-Control-Allow-Methods", "")) == open_
        one = Tus(beside.client(Role.BIDDER))
        answer = one.create(3, headers=headers)
        assert answer.status_code == (201 if open_ else 403)
        assert (answer.headers.get("Access-Control-Allow-Credentials") == "true") == open_
    assert Tus(beside.client()).create(3, headers=OURS).headers["Access-Control-Allow-Origin"] == OURS["Origin"], (
        "a page must be able to read that its login is over"
    )


def test_the_second_process_has_no_other_door(beside) -> None:
    doors = {str(rule) for rule in beside.app.url_map.iter_rules()}
    assert doors == {"/uploads", "/uploads/<upload>", "/uploads/measure"}
    assert beside.client(Role.BIDDER).get("/workbench").status_code == 404


def test_both_processes_know_one_upload(front, beside) -> None:
    one = begun(front)
    one.patch(0, DATA[:1000])
    other = Tus(beside.client(Role.BIDDER), one.where)
    assert other.patch(1000, DATA[1000:5000]).status_code == 204
    assert one.patch(5000, DATA[5000:]).headers["X-Content-SHA256"] == SHA, "the hash is made anew over what is there"


def test_pages_say_where_to_send_files(front) -> None:
    page = front.client(Role.BIDDER).get("/workbench")
    assert 'data-uploads="/uploads"' in page.text
    front.app.extensions["gongheng"] = replace(
        front.app.extensions["gongheng"], config=replace(front.acts.house.config, upload_port=8001)
    )
    page = front.client(Role.BIDDER).get("/workbench", headers={"Host": "localhost:8000"})
    assert 'data-uploads="http://localhost:8001/uploads"' in page.text
    assert "wss://localhost:8000 http://localhost:8001;" in page.headers["Content-Security-Policy"]
