"""The case of the repository from its plan to the notices; what its `expect` block says is what came out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest

from certs import authority, drawdesk, draws, issuer, pdfcheck, receipts, suite
from core import canon
from core.faults import Fault, Unusable
from core.ledger import Entry
from evaluation.vault import vault
from methods import scoring, vote
from tests.certs import pdf_tools
from tests.stories.play import Life
from trading.opening import sheet
from trading.project.models import CaseDocument
from verifier.commands import run_verify


@pytest.fixture(scope="module")
def life(begin_shared) -> Life:
    """One whole life; every test here only looks at it."""
    life = begin_shared()
    life.to_opened()
    life.signed_record = life.sign_waiting("opening_record")
    life.document = life.to_report()
    life.award_document = life.award()
    life.result(life.publish())
    return life


def _root(life: Life) -> bytes:
    return authority.of(life.acts.house.config).chain[-1]


def _accepted(life: Life, kind: str) -> pdfcheck.Report:
    (pdf,) = life.papers(kind)
    return pdfcheck.accept(pdf, [_root(life)])


def test_the_expect_block_is_met(life: Life) -> None:
    expect, result = life.file["expect"], life.row().result
    assert life.state() == "NOTIFIED"
    assert result["benchmark"] == expect["benchmark"]
    assert life.named(result["price_scores"]) == expect["price_scores"]
    totals = life.named(result["totals"])
    assert totals == expect["totals"]
    assert sorted(totals, key=lambda name: -float(totals[name])) == expect["ranking"]
    assert life._name(life.row().winner_bid) == expect["winner"]
    assert {"evaluated": "awarded"}.get(result["outcome"], result["outcome"]) == expect["outcome"]
    assert len(_accepted(life, "evaluation_report").signatures) == expect["signatures_on_report"]


def test_the_report_is_closed_by_members_then_leader_then_seal(life: Life) -> None:
    report = _accepted(life, "evaluation_report")
    fields = [one.field for one in report.signatures]
    leader = next(one["certificate"] for one in report.record["committee"] if one["leader"])
    assert (fields[-1], len(set(fields))) == ("seal", 8)
    by_field = {one["field"]: one["fingerprint"] for one in report.record["signers"]}
    assert by_field[fields[-2]] == life.stage.ring[life.leader].fingerprint
    assert leader == life.stage.ring[life.members[0]].fingerprint, "member-1 of the file, at the main venue"
    assert [one.at for one in report.signatures] == sorted(one.at for one in report.signatures)
    assert (report.record["ranked"], report.record["ranking"]) == (False, None)
    assert "ranking" not in report.record["scoring"]["result"]


def test_members_fill_the_sites_in_file_order_and_keep_their_scores(life: Life) -> None:
    record = _accepted(life, "evaluation_report").record
    per_site = life.file["remote"]["members_by_site"]
    assert [one["site"] for one in record["committee"]] == [
        site["region"] for site in life.file["sites"] for _ in range(per_site[site["region"]])
    ]
    told = record["scoring"]["input"]["scores"]
    assert {member: life.named(given) for member, given in told.items()} == life.file["scores"]


def test_anyone_scores_and_counts_again_from_the_signed_records(life: Life) -> None:
    told = _accepted(life, "evaluation_report").record["scoring"]
    again = scoring.score(told["input"])
    assert {key: again[key] for key in ("benchmark", "price_scores", "totals")} == {
        key: told["result"][key] for key in ("benchmark", "price_scores", "totals")
    }
    award = _accepted(life, "award_report").record
    assert vote.count(award["vote"]["input"]) == award["vote"]["result"]
    assert life._name(award["winner"]) == "甲"
    assert len(award["seats"]) == 7


@pytest.mark.skipif(bool(pdf_tools.fonts_missing()), reason=pdf_tools.fonts_missing())
def test_the_award_report_is_signed_by_five_and_two_and_sealed(life: Life) -> None:
    report = _accepted(life, "award_report")
    roles = [one.role for one in report.signatures]
    assert sorted(roles) == ["elector"] * 5 + ["seal"] + ["supervisor"] * 2
    assert roles[-1] == "seal"


def test_the_opening_record_is_signed_by_who_was_there(life: Life) -> None:
    assert {"centre1", "bidder1", "bidder2", "bidder3"} <= set(life.signed_record)
    assert "bidder4" not in life.signed_record
    with life.acts.reading() as session:
        filed = session.query(CaseDocument).filter_by(case_id=life.case, kind="opening_record").one().signing_doc
    head = next(e.body for e in life.entries() if e.kind == "paper.sealed" and e.body["document"] == filed)
    record, _ = pdfcheck.machine_record(life.acts.house.blobs.get(head["sha256"]))
    assert {one["price"] for one in record["bids"]} == {one["price"] for one in life.file["bidders"]}


def test_all_three_draws_replay(life: Life) -> None:
    """Experts, seating and award committee, each by three parties; the drawn are those who sat; no conflict."""
    root = issuer.load(_root(life))
    with life.acts.reading() as session:
        rows = {one.purpose: one for one in drawdesk.of_case(session, life.case)}
        records = {purpose: canon.loads_canonical(canon.dumps(one.record)) for purpose, one in rows.items()}
        names = dict(rows["experts"].names)
    assert set(records) == {"experts", "seating", "award-committee"}
    for record in records.values():
        draws.replay(record, [root])
        assert len({one["value"] for one in record["reveals"]}) == 3
        with pytest.raises((Fault, Unusable)):
            draws.replay(record | {"reveals": record["reveals"][:2] + record["reveals"][:1]}, [root])
    filed = [canon.loads_canonical(data) for data in life.papers("draw_record")]
    assert records["experts"] in filed and records["seating"] in filed
    experts = records["experts"]
    barred = {one["id"] for one in experts["excluded"]}
    assert sorted(one["rule"] for one in experts["excluded"]) == ["AVOID-BIDDER"] * 3 + ["AVOID-TENDERER"]
    drawn = {one for one in canon.dumps(experts["result"]).decode().split('"') if one in names}
    assert len(experts["candidates"]) == 32 and drawn and not drawn & barred
    people = {vault().open(life.case, names[one])["person"] for one in drawn}
    assert {life.stage.ring[login].person for login in life.members} <= people


def test_every_stream_recomputes_to_its_head(life: Life) -> None:
    counted = {name: life.recompute(name) for name in life.streams()}
    assert counted[f"case:{life.case}"] > 150
    assert counted[f"sealed:{life.case}"] >= 6
    assert {name.partition(":")[0] for name in counted} >= {"case", "sealed", "org", "pool", "venue", "platform"}
    platform = life.acts.house.config.ca_dir / "platform.crt"
    key = cast(suite.PublicKey, issuer.load(platform.read_bytes()).public_key())
    for name, receipt in life.receipts.items():
        found = receipts.verify(canon.dumps(receipt), {suite.spki_id(key): key})
        entry = next(e for e in life.entries(f"sealed:{life.case}") if e.body.get("bid") == life.bids[name])
        assert (found.bid, found.entry_hash) == (life.bids[name], entry.leaf_hash)


def _texts_of_bidders(life: Life) -> set[str]:
    users = [life.stage.ring[login] for login in life.bidders.values()]
    people = {text for user in users for text in (user.person, user.org, user.name, user.fingerprint)}
    listed = {text for one in life.file["bidders"] for text in (one["name"], one["uscc"])}
    return people | set(life.bids.values()) | listed


def test_nothing_in_the_ledger_tells_who_bid_before_the_opening(life: Life) -> None:
    """Every stream but the sealed one, from the announcement to the moment before the hall opens."""
    telling = _texts_of_bidders(life)
    case = life.entries()
    issued = next(e.at for e in case if e.kind == "tender.issued")
    begun = next(e.at for e in case if e.kind == "opening.begun")

    def before(name: str) -> list[Entry]:
        return [e for e in life.entries(name) if issued <= e.at < begun]

    seen = [e for name in life.streams() if not name.startswith("sealed:") for e in before(name)]
    assert {"tender.issued", "tender.sealed"} <= {e.kind for e in seen}
    for entry in seen:
        text = canon.dumps([entry.leaf, entry.body, entry.actor]).decode()
        assert not [one for one in telling if one in text], (entry.kind, text)
        assert "count" not in text and not re.search(r'"(bids|bidders|number)":', text), text
    sealed = before(f"sealed:{life.case}")
    assert [e.kind for e in sealed].count("bid.received") == 3, "they are there, in the sealed stream alone"


def test_prices_stand_nowhere_before_the_hall_closes(life: Life) -> None:
    case = life.entries()
    opened = next(e.index for e in case if e.kind == "opening.opened")
    early = canon.dumps([e.body for e in case[:opened]]).decode()
    assert not [one["price"] for one in life.file["bidders"] if f'"{one["price"]}"' in early]
    assert sheet.SHEET not in early


def test_notices_carry_the_way_to_check_them(life: Life) -> None:
    for kind in ("plan", "notice", "opening_record", "candidate_notice", "result_notice", "award_notice"):
        assert len(life.papers(kind)) == 1, kind
    with life.acts.reading() as session:
        public = session.query(CaseDocument).filter_by(case_id=life.case, audience="public")
        assert {one.kind for one in public} >= {"candidate_notice", "result_notice", "award_notice"}
    (notice,) = life.papers("award_notice")
    assert notice.startswith(b"%PDF-")


@pytest.mark.skipif(bool(pdf_tools.fonts_missing()), reason=pdf_tools.fonts_missing())
@pytest.mark.parametrize("edition", ["supervisor", "public"])
def test_the_case_file_verifies_offline(life: Life, edition: str, tmp_path: Path) -> None:
    life.stage.act("regulator", "log.checkpoint")
    made = life.stage.act("regulator", "casefile.export", life.case, edition=edition)
    data = life.acts.house.blobs.get(made["sha256"])
    (tmp_path / "casefile.zip").write_bytes(data)
    (tmp_path / "trust.json").write_bytes(canon.dumps(made["trust"]))
    outcome = run_verify([tmp_path / "casefile.zip"])
    assert outcome.status == 0, outcome.text
    spoiled = bytearray(data)
    spoiled[len(data) // 2] ^= 1
    (tmp_path / "casefile.zip").write_bytes(bytes(spoiled))
    assert run_verify([tmp_path / "casefile.zip"]).status != 0


def test_every_signature_key_stayed_with_its_holder(life: Life) -> None:
    """No private key of any person or organisation lies in the database, the blobs or the server's folder."""
    held = [key for user in life.stage.ring.users.values() for key in (user.key, user.opening) if key is not None]
    secrets_of = [key.private_numbers().private_value.to_bytes(32, "big") for key in held]
    files = [p for p in life.folder.rglob("*") if p.is_file() and p.name != "ring.json"]
    for path in files:
        data = path.read_bytes()
        for secret in secrets_of:
            assert secret not in data and secret.hex().encode() not in data, path
            assert suite.b64(secret)[:42].encode() not in data, path
