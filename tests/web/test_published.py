"""What pages run is published by digest: once for every change, and what is served is what was published."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from core import canon, ledger, merkle
from core.access import SYSTEM, Role
from oversight import checkpoints
from tests.web.conftest import Front
from web import published, wiring
from web.published import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "dist", tmp_path / "src", tmp_path / "templates")
    for path in (made.built / "pages/bid.js", made.drawn / "icon.svg", made.templates / "base.html"):
        path.parent.mkdir(parents=True)
        path.write_text(path.name)
    return made


def start(front: Front, places: Places) -> list[dict[str, object]]:
    """A start over these files; what is published then, newest first."""
    listed = published.listing(places)
    front.acts.act(lambda tx: published.publish(tx, listed), SYSTEM)
    with front.acts.reading() as session:
        return published.publications(session)


def test_only_a_change_makes_a_new_entry(front, places):
    first = start(front, places)
    assert [(one["version"], one["count"]) for one in first] == [(1, 4)]
    assert start(front, places) == first
    for number, path in enumerate((places.built / "pages/bid.js", places.templates / "base.html"), 2):
        path.write_text("changed")
        now = start(front, places)
        assert ([one["version"] for one in now], now[1]["digest"]) == (list(range(number, 0, -1)), now[1]["digest"])
        assert now[0]["digest"] == canon.sha256_hex(published.listing(places)) != now[1]["digest"]
    (places.built / "pages/more.js").write_text("")
    assert start(front, places)[0]["count"] == 5


def test_a_list_that_returns_is_published_again(front, places):
    """The order of lists is the history: who went back to older files did so at a time of its own."""
    page = places.built / "pages/bid.js"
    before = start(front, places)[0]
    page.write_text("changed")
    start(front, places)
    page.write_text("bid.js")
    back = start(front, places)
    assert (back[0]["digest"], back[0]["version"]) == (before["digest"], 3)


def test_every_start_publishes_and_the_service_serves_exactly_that(front):
    house = front.acts.house
    wiring.admit(front.acts, house.config)
    wiring.admit(front.acts, house.config)
    public = front.client()
    (one,) = public.get("/pages.json").json
    data = public.get(f"/pages/{one['digest']}.json").data
    assert hashlib.sha256(data).hexdigest() == one["digest"]
    listed = dict(json.loads(data))
    assert len(listed) == one["count"] > 50
    assert {"/static/pages/bid.js", "/static/crypto/hasher.js", "/static/icon.svg", "/seal.py"} <= set(listed)
    for name, digest in listed.items():
        if name.startswith("/") and not name.endswith((".ttf", ".map")):
            with public.get(name) as answer:
                assert hashlib.sha256(answer.data).hexdigest() == digest, name
    assert f"seal.py SHA-256 {listed['/seal.py']}" in public.get("/verify").text
    assert listed["/seal.py"] in front.client(Role.BIDDER).get("/verify").text


def test_the_entry_stands_under_the_next_checkpoint(front, places):
    """What a stranger needs: leaf, position, and a path to a root that regulators cosign."""
    (one,) = start(front, places)
    front.acts.act(checkpoints.take, SYSTEM)
    with front.acts.reading() as session:
        leaves = [merkle.leaf_hash(canon.dumps(entry.leaf)) for entry in ledger.entries(session, "platform")]
        head = ledger.head(session, "platform")
        point = checkpoints.newest(session)
        signed = (point.size, point.root)
    leaf = merkle.leaf_hash(canon.dumps(one["leaf"]))
    assert leaf.hex() == one["entry"]
    merkle.verify_inclusion(
        leaf, one["index"], head["size"], merkle.inclusion_proof(leaves, one["index"]), bytes.fromhex(head["root"])
    )
    assert signed == (head["size"], head["root"])


def test_no_other_blob_comes_out_by_its_digest(front, places):
    start(front, places)
    kept = front.acts.house.blobs.put(b"a sealed bid")
    assert front.client().get(f"/pages/{kept.sha256}.json").status_code == 404
    assert front.client().get("/pages/nothing.json").status_code == 404
