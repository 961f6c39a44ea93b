"""Requests for quotes: sealed until the end, nobody learns who or how many, the lowest that meets the specification."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import authority, receipts, sealing, suite
from core import canon, data
from core.doors import TABLE
from core.faults import Fault, Unusable
from core.ledger import EntryRow
from core.live import LiveEventRow
from tests.trading.buying_world import BUYER, CHAIR, NOW, OTHER, PC, SUPPLIERS, Mall, mall_of
from trading.buying import rules as buying_rules
from trading.buying.models import Budget, SplitFlag
from trading.buying.quotes import contents, queries, rules, settling
from trading.buying.quotes.machine import MACHINE
from trading.buying.quotes.models import Quote
from trading.buying.quotes.rules import Compared
from trading.buying.rulebook import RULES
from trading.order.models import Order

FIRST, SECOND, THIRD = SUPPLIERS
BOOK = RULES.at(NOW.date())


@pytest.fixture
def mall(world) -> Mall:
    found = mall_of(world)
    found.budget("1000000")
    found.free()
    return found


def three(mall: Mall, request: str, *prices: str, **changes) -> dict:
    return {who: mall.quote(request, who, price, **changes.get(who, {}))
            for who, price in zip(SUPPLIERS, prices, strict=False)}  # fmt: skip


def quote_of(mall: Mall, request: str, who: str) -> Quote:
    with mall.world.read() as session:
        return session.query(Quote).filter_by(
            request_id=request, org_id=mall.stage.people[who].org, state="received"
        ).one()  # fmt: skip


def view(mall: Mall, request: str, who: str):
    with mall.world.read() as session:
        return queries.view(session, request, mall.stage.people[who], mall.world.clock.now())


def test_the_machine_is_sound() -> None:
    assert MACHINE.faults() == []
    assert {row.act for row in MACHINE.rows} - set(TABLE) == set()


def test_from_sealed_quotes_to_the_order(mall: Mall) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999.99", "5100")
    mall.compare(request, **made)
    winner = quote_of(mall, request, SECOND)
    assert mall.refused(BUYER, "quote.select", request, quote=quote_of(mall, request, FIRST).id) == ["QUOTE-LOWEST"]
    done = mall.do(BUYER, "quote.select", request, quote=winner.id)
    assert (done["state"], len(done["orders"])) == ("PLACED", 1)
    with mall.world.read() as session:
        order = session.query(Order).one()
        assert (order.source, order.source_id, order.total) == ("quote", request, Decimal("49999.90"))
        assert order.supplier_org == mall.stage.people[SECOND].org
        assert session.query(Budget).one().held == Decimal("49999.90")
    row = mall.row(request)
    assert (row.state, row.result["supplier_name"], row.result["valid"]) == ("ORDERED", SECOND, 3)


# -- sealed until the end ---------------------------------------------------------------------------------------------


def snapshot(mall: Mall, request: str) -> list:
    """All that anybody but a quoting supplier can see or hear of a request."""
    with mall.world.read() as session:
        entries = session.query(EntryRow.stream).filter(EntryRow.stream.not_like("sealed:%")).count()
        events = [(row.channel, row.kind) for row in session.query(LiveEventRow)]
    seen = []
    for who in (BUYER, OTHER, "交易中心", "监管", THIRD, "投标人丁"):
        shown = view(mall, request, who)
        seen.append({key: value for key, value in shown.items() if key not in ("row", "lines")})
    return [entries, events, seen, mall.row(request).state]


def test_before_the_end_nobody_learns_whether_anybody_quoted(mall: Mall) -> None:
    request = mall.request()
    before = snapshot(mall, request)
    three(mall, request, "5000", "4999")
    assert snapshot(mall, request) == before


def test_a_quote_of_another_is_never_shown_before_the_comparison(mall: Mall) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999", "4998")
    assert mall.end(request) == "OPENING"
    mall.unlock(request, **{FIRST: made[FIRST]})
    for who in (BUYER, FIRST, "交易中心", "监管"):
        assert view(mall, request, who)["quotes"] == []
    assert quote_of(mall, request, FIRST).read == {}, "nothing is opened before all are, or the time is over"
    mall.unlock(request, **{who: made[who] for who in (SECOND, THIRD)})
    settling.settle(mall.world.acts, request)
    assert len(view(mall, request, BUYER)["quotes"]) == 3
    assert view(mall, request, FIRST)["quotes"] == [], "suppliers learn of each other with the result"
    assert view(mall, request, "投标人丁")["quotes"] == []
    mall.do(BUYER, "quote.select", request, quote=quote_of(mall, request, THIRD).id)
    assert len(view(mall, request, FIRST)["quotes"]) == 3
    assert view(mall, request, "投标人丁")["quotes"] == []
    assert quote_of(mall, request, FIRST).file_key == "", "keys are forgotten"


def test_late_by_a_moment_is_late(mall: Mall) -> None:
    request = mall.request()
    three(mall, request, "5000", "4999")
    made, ends_at = mall.sealed(request, THIRD, "4000"), mall.row(request).ends_at
    payload = made.payload(mall.world)
    mall.stage.at(ends_at)
    assert mall.refused(THIRD, "quote.submit", request, **payload) == ["QUOTE-LATE"]
    assert mall.refused(FIRST, "quote.withdraw", request, quote=quote_of(mall, request, FIRST).id) == ["QUOTE-LATE"]
    assert mall.refused(BUYER, "quote.cancel", request, reason="迟了") == ["QUOTE-LATE"]
    mall.stage.at(ends_at - timedelta(milliseconds=1))
    mall.do(THIRD, "quote.submit", request, **payload)


def test_a_replacement_counts_and_a_withdrawn_one_does_not(mall: Mall) -> None:
    request = mall.request()
    old = mall.quote(request, FIRST, "1")
    made = three(mall, request, "5000", "4999", "4998")
    mall.do(THIRD, "quote.withdraw", request, quote=quote_of(mall, request, THIRD).id)
    made[THIRD] = mall.quote(request, THIRD, "4997")
    assert mall.end(request) == "OPENING"
    assert mall.refused(FIRST, "quote.unlock", request, file_key=old.file_key) == ["E-04"]
    mall.unlock(request, **made)
    settling.settle(mall.world.acts, request)
    assert [one["quote"].total for one in view(mall, request, BUYER)["quotes"]] == [49970, 49990, 50000]
    with mall.world.read() as session:
        assert sorted(one.version for one in session.query(Quote).filter_by(request_id=request)) == [1, 1, 1, 2, 2]


def test_the_receipt_verifies_and_says_nothing_of_others(mall: Mall) -> None:
    request = mall.request()
    mall.quote(request, FIRST, "5000")
    mall.quote(request, FIRST, "4000")
    key = authority.of(mall.world.acts.house.config).platform_key
    quote = quote_of(mall, request, FIRST)
    found = receipts.verify(canon.dumps(quote.receipt), {suite.spki_id(key): key.public_key()})
    assert (found.lot, found.bid, found.version, found.kind) == (request, quote.id, 2, "replacement")
    assert set(quote.receipt) == {"bid", "ciphertext_sha256", "entry_hash", "key_id", "kind", "lot", "schema",
                                  "server_time", "signature", "size", "version"}  # fmt: skip


def test_a_quote_is_no_bid_and_no_quote_of_another_request(mall: Mall) -> None:
    request, other = mall.request(), mall.request(title="另一项")
    made = mall.sealed(request, FIRST, "5000")
    assert mall.refused(FIRST, "quote.submit", other, **made.payload(mall.world)) == ["QUOTE-SEALED"]
    for change in ({"kind": "bid"}, {"lot": other}):
        dressed = canon.loads(made.manifest.data) | change
        read = sealing.read_manifest(canon.dumps(dressed))
        with pytest.raises(Fault, match="commits to"):
            sealing.check_file_key(suite.unb64(made.file_key, "key"), read.header, read.context)
    with pytest.raises(Unusable):
        sealing.Context("offer", request, "a" * 16, "b" * 64)


def test_shares_are_for_the_requests_custodians_and_no_others(mall: Mall) -> None:
    request = mall.request()
    assert set(mall.row(request).custodians) == {"tenderer", "centre", "regulator"}
    row, stage = mall.row(request), mall.stage
    bare = stage.seal(request, FIRST, {contents.NAME: b"{}"}, kind="bid")
    assert mall.refused(FIRST, "quote.submit", request, **bare.payload(mall.world)) == ["QUOTE-SEALED"]
    with mall.world.read() as session, session.begin():
        session.merge(row)
        session.get_one(type(row), request).custodians = {}
    without = mall.sealed(request, FIRST, "5000")
    with mall.world.read() as session, session.begin():
        session.get_one(type(row), request).custodians = row.custodians
    assert mall.refused(FIRST, "quote.submit", request, **without.payload(mall.world)) == ["QUOTE-SEALED"]


# -- who may quote ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [({"state": "suspended"}, "no active supplier"), ({"categories": ["B"]}, "another category"),
     ({"regions": ["110000"]}, "does not deliver")],
)  # fmt: skip
def test_only_active_suppliers_of_the_category_who_deliver_there(mall: Mall, change: dict, why: str) -> None:
    mall.supplier("投标人丁", **change)
    request = mall.request()
    made = mall.sealed(request, "投标人丁", "5000")
    assert mall.refused("投标人丁", "quote.submit", request, **made.payload(mall.world)) == ["QUOTE-MAY"]
    assert why in view(mall, request, "投标人丁")["reason_not"]


def test_an_invitation_is_for_the_invited_who_are_nobodys_but_the_buyers(mall: Mall) -> None:
    mall.supplier("投标人丁")
    invited = [mall.stage.people[who].org for who in SUPPLIERS]
    request = mall.request(to_whom="suppliers", invited=invited)
    made = mall.sealed(request, "投标人丁", "5000")
    assert mall.refused("投标人丁", "quote.submit", request, **made.payload(mall.world)) == ["QUOTE-MAY"]
    mall.quote(request, FIRST, "5000")
    assert view(mall, request, BUYER)["invited"] == sorted(SUPPLIERS)
    assert view(mall, request, FIRST)["invited"] == view(mall, request, OTHER)["invited"] == []
    with mall.world.read() as session:
        assert [row.id for row in queries.to_quote(session, mall.stage.people[SECOND], NOW)] == [request]
        assert queries.to_quote(session, mall.stage.people[FIRST], NOW) == []


@pytest.mark.parametrize(
    ("to_whom", "named", "broken"),
    [("suppliers", 2, 1), ("suppliers", 3, 0), ("brands", 2, 1), ("brands", 3, 0), ("open", 0, 0)],
)
def test_three_are_asked_at_least(to_whom: str, named: int, broken: int) -> None:
    assert len(rules.enough_asked(to_whom, named, BOOK)) == broken


@pytest.mark.parametrize(
    ("ends", "broken"), [("2026-03-04", ["QUOTE-DAYS/inquiry"]), ("2026-03-05", [])]
)  # the third working day after Monday, 2 March
def test_suppliers_have_their_working_days(ends: str, broken: list[str]) -> None:
    found = rules.long_enough("inquiry", NOW.date(), type(NOW.date()).fromisoformat(ends), 3, data.calendar(), BOOK)
    assert [one.rule for one in found] == broken


def test_the_local_number_of_days_holds(mall: Mall) -> None:
    mall.number("QUOTE-DAYS/comparison", "2")
    assert mall.refused(BUYER, "quote.publish", **publish(kind="comparison", ends_at="2026-03-03T10:00")) == [
        "QUOTE-DAYS/comparison"
    ]
    assert mall.do(BUYER, "quote.publish", **publish(kind="comparison", ends_at="2026-03-04T10:00"))["fallback"]


def publish(**changes):
    line = {"category": PC, "name": "电脑", "spec": "八核", "unit": "台", "quantity": 1}
    plain = {
        "title": "电脑", "kind": "inquiry", "to_whom": "open", "lines": [line], "ceiling": "6000", "funds": "fiscal",
        "delivery_days": 10, "ends_at": "2026-03-06T09:00", "region": "420112", "address": "地址", "receiver": "人",
    }  # fmt: skip
    return plain | changes


@pytest.mark.parametrize(
    "bad",
    [{"lines": []}, {"ceiling": "0"}, {"ceiling": "1.001"}, {"lines": [{"category": "A"}]}, {"ends_at": "soon"},
     {"to_whom": "friends"}, {"delivery_days": 0}, {"region": "999999"}, {"title": "x" * 101}, {"more": 1}],
)  # fmt: skip
def test_a_request_takes_no_nonsense(mall: Mall, bad: dict) -> None:
    with pytest.raises(Unusable):
        mall.do(BUYER, "quote.publish", **publish(**bad))


def test_only_its_buyer_settles_a_request(mall: Mall) -> None:
    request = mall.request()
    mall.compare(request, **three(mall, request, "5000", "4999", "4998"))
    winner = quote_of(mall, request, THIRD).id
    for act, p in (("quote.select", {"quote": winner}), ("quote.close", {"reason": "r"}),
                   ("quote.find", {"quote": winner, "meets": False, "reason": "r"})):  # fmt: skip
        assert mall.refused(OTHER, act, request, **p) == ["ACCESS"]
        assert mall.refused(FIRST, act, request, **p) == ["ACCESS"]


# -- the end, and what comes after ------------------------------------------------------------------------------------


def test_fewer_than_three_are_put_off_once_and_then_need_a_reason(mall: Mall) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999")
    assert mall.end(request) == "QUOTING", "put off"
    row = mall.row(request)
    assert row.extended and row.ends_at.isoformat() == "2026-03-09T09:00:00+08:00", "a working day later: Monday"
    assert mall.end(request) == "OPENING", "once"
    mall.unlock(request, **made)
    settling.settle(mall.world.acts, request)
    winner = quote_of(mall, request, SECOND).id
    assert mall.refused(BUYER, "quote.select", request, quote=winner) == ["QUOTE-VALID"]
    assert mall.do(BUYER, "quote.select", request, quote=winner, reason="独家配件，需求紧急")["state"] == "PLACED"
    assert mall.row(request).result["reason"] == "独家配件，需求紧急"


def test_a_third_one_in_the_extension_makes_it_whole(mall: Mall) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999")
    mall.end(request)
    made[THIRD] = mall.quote(request, THIRD, "4998")
    mall.compare(request, **made)
    assert mall.do(BUYER, "quote.select", request, quote=quote_of(mall, request, THIRD).id)["state"] == "PLACED"


def test_nobody_quoted(mall: Mall) -> None:
    request = mall.request()
    assert (mall.end(request), mall.end(request)) == ("QUOTING", "FAILED")
    assert mall.stage.ring("quote.end", request)["state"] == "FAILED", "twice"


def test_the_timer_asks_the_clock_itself(mall: Mall) -> None:
    request = mall.request()
    mall.stage.at(mall.row(request).ends_at - timedelta(milliseconds=1))
    assert mall.stage.ring("quote.end", request)["state"] == "QUOTING" and not mall.row(request).extended


def test_what_is_not_unlocked_in_time_is_opened_by_two_custodians(mall: Mall) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999", "4998")
    mall.end(request)
    mall.unlock(request, **{who: made[who] for who in (FIRST, SECOND)})
    row, quote = mall.row(request), quote_of(mall, request, THIRD)
    assert (row.custody_until - row.window_until).total_seconds() == 24 * 3600

    def release(who: str, role: str) -> list[str] | dict:
        share = suite.b64(sealing.unwrap_share(made[THIRD].manifest, role, mall.stage.custodian_keys[role]))
        try:
            return mall.do(who, "quote.release", request, quote=quote.id, share=share)
        except Exception as refused:
            return [one.rule for one in refused.breaches]

    assert release(BUYER, "tenderer") == ["QUOTE-CUSTODY"], "not in the supplier's own time"
    mall.stage.at(row.window_until)
    assert mall.refused(THIRD, "quote.unlock", request, file_key=made[THIRD].file_key) == ["QUOTE-WINDOW"]
    assert settling.settle(mall.world.acts, request) == {}, "custodians may still help"
    assert release(OTHER, "tenderer") == ["ACCESS"]
    assert release(BUYER, "centre") == ["E-04"], "a share of another's"
    assert release(BUYER, "tenderer") == {"released": ["tenderer"], "unlocked": False}
    assert release("交易中心", "centre") == {"released": ["centre", "tenderer"], "unlocked": True}
    settling.settle(mall.world.acts, request)
    assert quote_of(mall, request, THIRD).total == 49980 and quote_of(mall, request, THIRD).how == "shares"


def test_what_nobody_unlocks_is_not_compared(mall: Mall) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999", "4998")
    mall.end(request)
    mall.unlock(request, **{FIRST: made[FIRST]})
    mall.stage.at(mall.row(request).custody_until - timedelta(milliseconds=1))
    assert settling.settle(mall.world.acts, request) == {}
    mall.stage.at(mall.row(request).custody_until)
    assert mall.stage.ring("quote.settle", request) == {"compared": 3}
    assert [one["quote"].problem for one in view(mall, request, BUYER)["quotes"]] == ["", *[settling.UNOPENED] * 2]


@pytest.mark.parametrize(
    ("who", "price", "changes", "problem"),
    [("over", "6000.01", {}, settling.OVER), ("at", "6000", {}, ""),
     ("late", "1", {"delivery_days": 11}, settling.LATE),
     ("in time", "1", {"delivery_days": 10}, ""), ("broken", "1", {"body": b"{}"}, "报价文件无法读取"),
     ("huge", "1", {"body": b"9" * 300_000}, "报价文件无法读取")],
)  # fmt: skip
def test_what_is_compared(mall: Mall, who: str, price: str, changes: dict, problem: str) -> None:
    request = mall.request()
    made = three(mall, request, "5000", "4999", price, **{THIRD: changes})
    mall.compare(request, **made)
    found = quote_of(mall, request, THIRD).problem
    assert found.startswith(problem) and bool(found) == bool(problem)


def test_unfit_with_a_reason_and_the_next_is_selected(mall: Mall) -> None:
    request = mall.request()
    mall.supplier("投标人丁")
    made = three(mall, request, "5000", "4999", "4998") | {"投标人丁": mall.quote(request, "投标人丁", "4997")}
    mall.compare(request, **made)
    low = quote_of(mall, request, "投标人丁").id
    with pytest.raises(Unusable):
        mall.do(BUYER, "quote.find", request, quote=low, meets=False)
    mall.do(BUYER, "quote.find", request, quote=low, meets=False, reason="内存不足16G")
    assert mall.refused(BUYER, "quote.select", request, quote=low) == ["QUOTE-LOWEST"]
    mall.do(BUYER, "quote.select", request, quote=quote_of(mall, request, THIRD).id)
    assert mall.row(request).result["unfit"] == ["内存不足16G"]


def test_equal_prices_go_by_receipt_and_the_result_says_so(mall: Mall) -> None:
    request = mall.request()
    mall.compare(request, **three(mall, request, "5000", "5000", "5000"))
    assert mall.refused(BUYER, "quote.select", request, quote=quote_of(mall, request, THIRD).id) == ["QUOTE-LOWEST"]
    mall.do(BUYER, "quote.select", request, quote=quote_of(mall, request, FIRST).id)
    assert mall.row(request).result["tied"] == 2


def test_a_small_firm_is_compared_lower_and_paid_in_full(mall: Mall) -> None:
    assert mall.refused(BUYER, "quote.publish", **publish(deduction=9)) == ["SME-DEDUCT/least"]
    assert mall.refused(BUYER, "quote.publish", **publish(deduction=21)) == ["SME-DEDUCT/least"]
    request = mall.request(deduction=20)
    made = three(mall, request, "4500", "5000", "5600", **{THIRD: {"small_firm": True}})
    mall.compare(request, **made)
    mall.do(BUYER, "quote.select", request, quote=quote_of(mall, request, THIRD).id)
    with mall.world.read() as session:
        assert session.query(Order).one().total == 56000
    mall.do(BUYER, "buyer.settle", regime="enterprise")
    assert mall.refused(BUYER, "quote.publish", **publish(deduction=10, ends_at="2026-03-20T09:00")) == [
        "SME-DEDUCT/most"
    ], "no law of that regime"


def test_a_selection_that_is_refused_goes_back_to_compare(mall: Mall) -> None:
    mall.do(BUYER, "chain.set", least="0", steps=[{"name": "审批", "duty": "manager"}])
    request = mall.request("经办人")
    mall.compare(request, **three(mall, request, "5000", "4999", "4998"))
    winner = quote_of(mall, request, THIRD).id
    purchase = mall.do("经办人", "quote.select", request, quote=winner)["purchase"]
    assert mall.row(request).state == "SELECTED" and mall.row(request).settled_at is None
    assert mall.refused("经办人", "quote.select", request, quote=winner) == ["STATE"]
    mall.do(BUYER, "purchase.refuse", purchase, reason="再议")
    assert mall.row(request).state == "COMPARED"
    again = mall.do("经办人", "quote.select", request, quote=winner)["purchase"]
    mall.suspend(THIRD)
    assert mall.refused(BUYER, "purchase.approve", again) == ["SUP-ACTIVE"]
    mall.do("经办人", "purchase.recall", again)
    mall.do(BUYER, "quote.close", request, reason="成交供应商被暂停")
    assert mall.row(request).state == "FAILED"


def test_quotes_count_for_splitting(mall: Mall) -> None:
    mall.number("BUY-SPLIT", "49979.99", "A")
    request = mall.request()
    mall.compare(request, **three(mall, request, "5000", "4999", "4998"))
    winner = quote_of(mall, request, THIRD).id
    assert mall.refused(BUYER, "quote.select", request, quote=winner) == ["BUY-SPLIT"]
    assert mall.row(request).state == "COMPARED", "nothing happened"
    mall.do(BUYER, "quote.select", request, quote=winner, reason="年度追加")
    with mall.world.read() as session:
        assert session.query(SplitFlag).one().reason == "年度追加"


# -- arithmetic -------------------------------------------------------------------------------------------------------

QUOTES = st.lists(
    st.tuples(st.integers(1, 40), st.booleans(), st.integers(0, 5), st.sampled_from(["", "x"])), max_size=9
)


@given(QUOTES, st.sampled_from([0, 10, 13, 20]))
def test_the_first_is_the_lowest_then_the_earliest(rows: list, percent: int) -> None:
    quotes = [Compared(str(n), Decimal(price), small, NOW + timedelta(seconds=at), unfit=unfit)
              for n, (price, small, at, unfit) in enumerate(rows)]  # fmt: skip
    order = rules.ranked(quotes, percent)
    assert {one.id for one in order} == {one.id for one in quotes if not one.unfit}
    keys = [(one.total * (100 - percent) if one.small_firm else one.total * 100, one.received_at) for one in order]
    assert keys == sorted(keys)
    if order:
        assert rules.tied(order, percent) == [
            one.id for one, key in zip(order[1:], keys[1:], strict=True) if key[0] == keys[0][0]
        ]


KEYS = st.sampled_from(["schema", "lines", "delivery_days", "small_firm", "note", "price"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda x: st.lists(x) | st.dictionaries(KEYS, x),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.binary(max_size=200) | JSON.map(canon.dumps))
def test_whatever_is_sealed_is_read_or_unusable(data: bytes) -> None:
    with pytest.raises(Unusable):
        contents.read(data, [1])


def test_a_quote_prices_every_line_once() -> None:
    offer = contents.Offer(
        (contents.Priced(2, Decimal("0.01"), "b", ""), contents.Priced(1, Decimal("3"), "b", "")), 1, False, ""
    )
    body = contents.compose(offer)
    assert contents.read(body, [1, 2]).total({1: 2, 2: 3}) == Decimal("6.03")
    for positions in ([1], [1, 2, 3], []):
        with pytest.raises(Unusable):
            contents.read(body, positions)
    with pytest.raises(Unusable):
        contents.read(contents.compose(replace(offer, lines=(offer.lines[0],) * 2)), [2])


@pytest.mark.parametrize(
    ("above", "code", "covers"), [("", CHAIR, True), ("A", CHAIR, True), ("A02000000", CHAIR, False), (PC, PC, True)]
)
def test_covers(above: str, code: str, covers: bool) -> None:
    assert buying_rules.covers(above, code) is covers
