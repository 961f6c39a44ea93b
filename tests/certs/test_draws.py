from __future__ import annotations

import copy
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from certs import draws, issuer, lots, suite, vrf
from core import canon
from core.faults import Fault, Unusable
from tests.certs import drawing
from tests.certs.drawing import KEYS, NOW, ROOT, committed, drawn, expert_pool, frozen, secret_of
from tests.certs.test_seating import four_sites


def chi_square_p(statistic: float, freedom: int) -> float:
    """Upper tail, by the series of the lower incomplete gamma function (Abramowitz & Stegun 6.5.29)."""
    a, x = freedom / 2, statistic / 2
    term = total = 1 / a
    step = a
    while term > total * 1e-15:
        step += 1
        term *= x / step
        total += term
    return 1 - total * math.exp(a * math.log(x) - x - math.lgamma(a))


def seeds(count: int) -> list[bytes]:
    return [hashlib.sha512(f"seed {number}".encode()).digest() for number in range(count)]


def test_chi_square_tail_against_tables() -> None:
    assert chi_square_p(3.841, 1) == pytest.approx(0.05, abs=1e-4)
    assert chi_square_p(124.342, 100) == pytest.approx(0.05, abs=1e-4)


def test_two_thousand_draws_are_even_and_never_touch_an_excluded_one() -> None:
    record = frozen()
    site_of, gone = record["constraints"]["site_of"], {one["id"] for one in record["excluded"]}
    counts: Counter[str] = Counter()
    every: set[str] = set()
    for seed in seeds(2000):
        result = lots.PURPOSES["experts"](record, seed)
        found = [row["id"] for row in result["members"] + result["spares"]]
        assert len(set(found)) == 11 and all(site_of[row["id"]] == row["site"] for row in result["members"])
        counts.update(row["id"] for row in result["members"])
        every.update(found)
    assert not every & gone
    statistic, freedom = 0.0, 0
    for row in record["constraints"]["sites"]:
        pool = [one for one in record["candidates"] if site_of[one] == row["site"] and one not in gone]
        expected = 2000 * row["take"] / len(pool)
        # drawn without replacement: the counts of one site vary less, by (n − q) / (n − 1)
        scale = (len(pool) - 1) / (len(pool) - row["take"])
        statistic += scale * sum((counts[one] - expected) ** 2 / expected for one in pool)
        freedom += len(pool) - 1
    assert 0.001 < chi_square_p(statistic, freedom) < 0.999


def test_the_stream_is_the_plain_shake_stream() -> None:
    stream, raw = lots.Stream(b"s", "l"), hashlib.shake_256(b"gongheng-draw-1\nl\ns").digest(8 * 500)
    for number in range(500):
        assert stream.below(1 << 63) == int.from_bytes(raw[8 * number : 8 * number + 8], "big") % (1 << 63)


def mutations(record: draws.Record) -> list[tuple[str, Callable[[Any], None]]]:
    """One change each, as a dishonest keeper of the record might make it."""
    other = "0" * 64

    def swap(one: Any, key: str) -> None:
        one[key][0], one[key][1] = one[key][1], one[key][0]

    def resign(one: Any) -> None:
        value = draws.commitment_value("centre", one["draw"], bytes(32))
        one["commitments"][0]["value"] = value

    return [
        ("a candidate changed", lambda one: one["candidates"].__setitem__(0, other)),
        ("a candidate removed", lambda one: one["candidates"].pop()),
        ("a candidate added", lambda one: one["candidates"].insert(0, other)),
        ("candidates in another order", lambda one: swap(one, "candidates")),
        ("an exclusion dropped", lambda one: one["excluded"].pop()),
        ("an exclusion's rule changed", lambda one: one["excluded"][0].update(rule="E-99")),
        ("a constraint changed", lambda one: one["constraints"]["sites"][0].update(spares=2)),
        ("a commitment changed", resign),
        ("a commitment's signature changed", lambda one: one["commitments"][1].update(signature="A" * 86 + "==")),
        ("a commitment's proof changed", lambda one: one["commitments"][1].update(
            proof={"stream": "case:1", "index": 1, "leaf": other})),
        ("a commitment removed", lambda one: one["commitments"].pop()),
        ("a reveal changed", lambda one: one["reveals"][2].update(value=other)),
        ("a reveal removed", lambda one: one["reveals"].pop()),
        ("reveals in another order", lambda one: swap(one, "reveals")),
        ("a party's key changed", lambda one: one["parties"][0].update(key=one["parties"][1]["key"])),
        ("another draw id", lambda one: one.update(draw="draw-x")),
        ("another fallback key", lambda one: one.update(fallback_key=other)),
        ("a fallback beside three reveals", lambda one: one.update(fallback={"proof": "00" * 80})),
        ("the result in another order", lambda one: swap(one["result"], "members")),
        ("another member", lambda one: one["result"]["members"][0].update(id=one["result"]["spares"][0]["id"])),
        ("a spare dropped", lambda one: one["result"]["spares"].pop()),
    ]  # fmt: skip


def test_twenty_records_replay_and_no_change_does() -> None:
    for number in range(20):
        record = json.loads(canon.dumps(drawn(frozen(f"draw-{number}"), ("tenderer",) if number % 5 == 4 else ())))
        assert draws.replay(record).result == record["result"]
        for name, change in mutations(record):
            if record["fallback"] and "beside three" in name:
                continue
            broken = copy.deepcopy(record)
            try:
                change(broken)
            except IndexError:
                continue  # no third reveal in a record with a withheld one
            with pytest.raises((Fault, Unusable)):
                draws.replay(broken)
                pytest.fail(name)


def test_keys_are_checked_only_against_roots() -> None:
    record = drawn(frozen())
    assert draws.replay(record).holders is None
    holders = draws.replay(record, [ROOT]).holders
    assert holders is not None and "CN=tenderer" in holders["tenderer"]
    stranger = issuer.load(issuer.create("other", NOW, demo=True).root_cert)
    with pytest.raises(Fault, match="no trusted root"):
        draws.replay(record, [stranger])
    bare = [row | {"certificates": []} for row in drawing.PARTY_ROWS]
    with pytest.raises(Fault, match="not certified"):
        draws.replay(drawn(frozen(parties=bare)), [ROOT])
    leaf_only = [row | {"certificates": row["certificates"][:1]} for row in drawing.PARTY_ROWS]
    with pytest.raises(Fault, match="no trusted root"):
        draws.replay(drawn(frozen(parties=leaf_only)), [ROOT])


def test_a_leaf_certificate_issues_nothing() -> None:
    """A bidder's own certificate must not vouch for a party."""
    rows = copy.deepcopy(drawing.PARTY_ROWS)
    rows[0]["certificates"].insert(1, rows[1]["certificates"][0])
    with pytest.raises(Fault, match="not issued by the one above"):
        draws.replay(drawn(frozen(parties=rows)), [ROOT])


def test_a_withheld_reveal_is_replaced_and_never_redrawn() -> None:
    full, short = drawn(frozen()), drawn(frozen(), ("supervisor",))
    assert short["result"] != full["result"]
    assert draws.replay(short, [ROOT]).withheld == ("supervisor",)
    record = committed(frozen())
    shown = [draws.reveal(record, "centre", secret_of("draw-1", "centre"), KEYS["centre"])]
    with pytest.raises(Fault, match="nothing stands in"):
        draws.complete(record, shown)
    with pytest.raises(Fault, match="VRF"):
        draws.complete(record, shown, {"proof": vrf.prove(drawing.VRF_SECRET, b"another draw")[0].hex()})
    with pytest.raises(Unusable, match="registered before"):
        draws.fallback(record, bytes(32))
    done = draws.complete(record, shown, draws.fallback(record, drawing.VRF_SECRET))
    assert draws.replay(done).withheld == ("supervisor", "tenderer")


def test_commitments_bind_the_list_and_reveals_bind_the_commitments() -> None:
    record, other = frozen(), frozen(excluded=[])
    made = [draws.commit(record, party, secret_of("draw-1", party), key) for party, key in KEYS.items()]
    with pytest.raises(Fault, match="centre, commitments"):
        draws.with_commitments(other, made)
    with pytest.raises(Fault, match="missing"):
        draws.with_commitments(record, made[:2])
    done = committed(record)
    wrong = draws.reveal(done, "centre", bytes(32), KEYS["centre"])
    with pytest.raises(Fault, match="not what it committed to"):
        draws.complete(done, [wrong])
    foreign = draws.reveal(done, "centre", secret_of("draw-1", "centre"), KEYS["tenderer"])
    with pytest.raises(Fault, match="centre, reveals"):
        draws.complete(done, [foreign])


def test_the_signed_text_is_typed() -> None:
    record = frozen()
    text = draws.commitment_text(record, "centre", "ab" * 32)
    assert text.decode().split("\n")[:3] == ["gongheng/draw/1", "act=commit", "draw=draw-1"]
    assert f"list={draws.list_hash(record)}" in text.decode()
    with pytest.raises(Unusable, match="32 bytes"):
        draws.commitment_value("centre", "draw-1", b"short")


def test_one_party_cannot_be_two() -> None:
    rows = copy.deepcopy(drawing.PARTY_ROWS)
    rows[0]["key"] = rows[1]["key"]
    with pytest.raises(Fault, match="same key"):
        frozen(parties=rows)


def test_input_order_does_not_matter() -> None:
    ids, excluded, _ = expert_pool()
    assert frozen(candidates=ids[::-1], excluded=excluded[::-1]) == frozen()


def test_specialities_and_employers_are_kept() -> None:
    ids, _, constraints = expert_pool()
    firms = {one: f"firm-{number % 9}" for number, one in enumerate(ids)}
    record = frozen(constraints=constraints | {"specialities": ["A0802"], "employer_of": firms, "kept": []},
                    excluded=[])  # fmt: skip
    with pytest.raises(Fault, match="cannot fill 11 places"):
        lots.PURPOSES["experts"](record, seeds(1)[0])
    firms = {one: f"firm-{number % 13}" for number, one in enumerate(ids)}
    record = frozen(constraints=constraints | {"specialities": ["A0802", "A0803"], "employer_of": firms, "kept": []})
    for seed in seeds(50):
        result = lots.PURPOSES["experts"](record, seed)
        found = [row["id"] for row in result["members"] + result["spares"]]
        assert len({firms[one] for one in found}) == len(found)
        assert all(constraints["specialities_of"][one] != ["A0801"] for one in found)


def test_a_choice_never_blocks_a_later_place() -> None:
    orders = {"a": ["a1", "a2"], "b": ["b1"]}
    groups = {"a1": "x", "a2": "y", "b1": "x"}
    assert lots._fill(["a", "b"], orders, groups, set()) == ["a2", "b1"]
    with pytest.raises(Fault, match="cannot fill"):
        lots._fill(["a", "b"], orders, groups, {"x"})


def test_a_replacement_draws_only_its_own() -> None:
    first = drawn(frozen())
    used = {row["id"] for rows in first["result"].values() for row in rows}
    members = first["result"]["members"]
    gone, stay = members[1], [row["id"] for row in members if row is not members[1]]
    sites = [{"site": gone["site"], "take": 1, "spares": 0}]
    record = draws.freeze_replacement(
        first, "draw-1b", used, first["constraints"] | {"sites": sites, "kept": sorted(stay)},
        drawing.PARTY_ROWS, vrf.public_key(drawing.VRF_SECRET),
    )  # fmt: skip
    second = drawn(record)
    new = second["result"]["members"]
    assert len(new) == 1 and new[0]["site"] == gone["site"] and new[0]["id"] not in used
    assert draws.replay(second, [ROOT], first).result == second["result"]
    with pytest.raises(Fault, match="does not name"):
        draws.replay(second, None, drawn(frozen("draw-2")))
    readmitted = drawn(frozen("draw-1c", excluded=first["excluded"][:-1],
                              replaces={"draw": "draw-1", "list": draws.list_hash(first)}))  # fmt: skip
    with pytest.raises(Fault, match="readmits"):
        draws.replay(readmitted, None, first)


def test_the_other_purposes() -> None:
    pool = [f"elector-{number}" for number in range(10)]
    award = drawn(frozen(purpose="award-committee", candidates=pool, excluded=[{"id": "elector-3", "rule": "A-1"}],
                         constraints={"take": 5, "spares": 2}))  # fmt: skip
    chosen = award["result"]["members"] + award["result"]["spares"]
    assert len(set(chosen)) == 7 and "elector-3" not in chosen
    with pytest.raises(Fault, match="the pool has 10, 11 wanted"):
        drawn(frozen(purpose="venues", candidates=pool, excluded=[], constraints={"take": 11, "spares": 0}))
    values = ["0.95", "0.96", "0.97", "0.98", "0.99"]
    k = drawn(frozen(purpose="coefficient", candidates=values, excluded=[], constraints={}))
    assert k["result"]["value"] in values and draws.replay(k).result == k["result"]
    plan = four_sites()
    people = [one["id"] for one in plan["members"]]
    seats = drawn(frozen(purpose="seating", candidates=people, excluded=[], constraints=plan))
    assert len(seats["result"]["seats"]) == 7 and draws.replay(seats).result == seats["result"]
    with pytest.raises(Fault, match="not the candidates"):
        drawn(frozen(purpose="seating", candidates=people[1:], excluded=[], constraints=plan))


def test_coefficients_are_even() -> None:
    values = ["0.95", "0.96", "0.97", "0.98", "0.99"]
    record = frozen(purpose="coefficient", candidates=values, excluded=[], constraints={})
    counts = Counter(lots.PURPOSES["coefficient"](record, seed)["value"] for seed in seeds(2000))
    assert 0.001 < chi_square_p(sum((count - 400) ** 2 / 400 for count in counts.values()), 4) < 0.999


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "winner"}, {"draw": "two words"}, {"candidates": [1]}, {"excluded": [{"id": "x"}]},
        {"parties": drawing.PARTY_ROWS[:2]}, {"constraints": {}}, {"fallback_key": b"short"},
    ],
)  # fmt: skip
def test_unusable_draws(change: dict[str, Any]) -> None:
    with pytest.raises((Unusable, TypeError)):
        drawn(frozen(**change))


def test_an_exclusion_must_be_a_candidate() -> None:
    with pytest.raises(Fault, match="not a candidate"):
        frozen(excluded=[{"id": "nobody", "rule": "E-01"}])


def test_salted_ids_differ_by_salt() -> None:
    assert draws.salted_id(b"a" * 16, "p") != draws.salted_id(b"b" * 16, "p")
    assert suite.b64(b"") == ""
