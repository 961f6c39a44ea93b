"""Parts of a bid in the tender file; kinds of versions; the lots of a project."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from certs import authority, receipts
from core import canon
from core.faults import Unusable
from tests.trading.stage import START
from tests.trading.test_bill import COMPONENTS
from trading.bidding.models import Bid
from trading.bidding.queries import bid_desk
from trading.document import components
from trading.procedures.open_works import fields
from trading.project.models import Case


def test_parts_are_saved_and_read_back_with_their_defaults(stage) -> None:
    case = stage.drafting(settings={"components": [{"id": "a", "name": "投标函"}]})
    with stage.world.read() as session:
        assert session.get(Case, case).settings["components"] == [
            {"id": "a", "name": "投标函", "required": True, "format": "pdf", "most_mb": 0}
        ]
    stage.do("代理", "file.save", case, settings={"fallback": False})
    with stage.world.read() as session:
        assert len(session.get(Case, case).settings["components"]) == 1, "what is not sent stays"
    assert components.read({"components": list(fields.COMPONENTS)}) == list(fields.COMPONENTS)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": "甲/乙"}, {"name": "bid"}, {"name": ".甲"}, {"name": "甲" * 61}, {"id": "A"}, {"id": ""},
        {"format": "exe"}, {"most_mb": -1}, {"most_mb": 2049}, {"required": "yes"}, {"more": 1},
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_asked_for_is_refused(change) -> None:
    good = {"id": "a", "name": "甲" * 60, "most_mb": 2048}
    assert components.read({"components": [good]})
    with pytest.raises(Unusable):
        components.read({"components": [good | change]})


def test_two_parts_of_one_name_are_refused() -> None:
    one = {"id": "a", "name": "甲"}
    for other in ({"id": "a", "name": "乙"}, {"id": "b", "name": "甲"}):
        with pytest.raises(Unusable):
            components.read({"components": [one, other]})


@pytest.mark.certify("A-99")
def test_a_supplement_is_a_whole_new_version_and_every_version_stays_sealed(stage) -> None:
    case = stage.announced(settings={"components": COMPONENTS})
    who = "投标人甲"
    given = (None, None, "supplement", "replacement")
    made = []
    for kind in given:
        one = stage.seal(case, who, {"bid.pdf": b"%PDF-1.7", "price.json": b"{}"})
        said = stage.do(who, "bid.submit", case, **one.payload(stage.world), **({"kind": kind} if kind else {}))
        made.append((one, said["receipt"]))
    with stage.world.read() as session:
        bids = list(session.scalars(select(Bid).where(Bid.case_id == case).order_by(Bid.version)))
        kept = [stage.world.acts.house.blobs.has(bid.ciphertext_sha256) for bid in bids]
    kinds = ["bid", "replacement", "supplement", "replacement"]
    assert [(bid.kind, bid.state) for bid in bids] == [*((k, "replaced") for k in kinds[:-1]), (kinds[-1], "received")]
    assert kept == [True] * 4
    platform = authority.of(stage.world.acts.house.config).platform_key.public_key()
    for (_, receipt), kind in zip(made, kinds, strict=True):
        verified = receipts.verify(canon.dumps(receipt), {receipt["key_id"]: platform})
        assert verified.kind == ("" if kind == "bid" else kind)
    with pytest.raises(Unusable):
        receipts.verify(canon.dumps(made[2][1] | {"kind": "other"}), {made[2][1]["key_id"]: platform})


def test_after_a_withdrawal_a_bid_is_a_bid_whatever_it_is_called(stage) -> None:
    case = stage.announced()
    first = stage.bid(case, "投标人甲")
    stage.do("投标人甲", "bid.withdraw", case, bid=first.manifest.context.bid)
    one = stage.seal(case, "投标人甲", {"bid.pdf": b"%PDF-1.7"})
    said = stage.do("投标人甲", "bid.submit", case, **one.payload(stage.world), kind="supplement")
    assert said["version"] == 2 and "kind" not in said["receipt"]
    two = stage.seal(case, "投标人甲", {"bid.pdf": b"%PDF-1.7"})
    with pytest.raises(Unusable, match="kind"):
        stage.do("投标人甲", "bid.submit", case, **two.payload(stage.world), kind="other")


@pytest.mark.certify("A-95")
def test_each_lot_of_a_project_is_bid_for_by_itself(stage) -> None:
    first, second = two_lots(stage)
    made = stage.bid(first, "投标人甲")
    with stage.world.read() as session:
        now, me, other = stage.world.clock.now(), stage.people["投标人甲"], stage.people["投标人乙"]
        (there,) = bid_desk(session, second, me, now)["lots"]
        (here,) = bid_desk(session, first, me, now)["lots"]
        (theirs,) = bid_desk(session, second, other, now)["lots"]
    assert (there["case"], there["version"], there["open"], there["may_bid"]) == (first, 1, True, True)
    assert (here["case"], here["version"]) == (second, None)
    assert theirs["version"] is None, "nobody sees another's bid"
    with pytest.raises(Unusable, match="fresh id"):
        stage.do("投标人甲", "bid.submit", first, **made.payload(stage.world))
    stage.bid(second, "投标人甲", "5600")
    with stage.world.read() as session:
        assert session.query(Bid).filter_by(org_id=me.org, state="received").count() == 2


def two_lots(stage) -> tuple[str, str]:
    """Two announced lots of one project, the second added while it was planned."""
    first = stage.planned()
    lot = {"no": "002", "name": "泵站标段", "duration_days": 200}
    second = stage.do("招标人", "lot.add", first, lot=lot, estimate="3000")["case"]
    for case in (first, second):
        stage.at(START)
        stage.drafted(case, bid_bond="50")
        stage.issue(case)
    return first, second
