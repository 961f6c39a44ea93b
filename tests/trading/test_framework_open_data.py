"""Framework agreements as open data: what stands in a release at which stage, page by page, and orders beside them."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from core.clock import CST
from core.faults import Unusable
from oversight import ocds, ocds_frameworks
from tests.trading.framework_world import OWNER, SUPPLIERS, Agreements, build
from trading.framework.models import FrameworkMember

PREFIX, SITE = "ocds-000000", "https://example.org"
THREE = dict(zip(SUPPLIERS, ("20.00", "21.00", "22.00", "23.00"), strict=False))


@pytest.fixture
def agreements(world) -> Agreements:
    return build(world)


def told(agreements: Agreements) -> list[dict]:
    with agreements.read() as session:
        return ocds_frameworks.frameworks(session, PREFIX, SITE).releases


def one(agreements: Agreements) -> dict:
    (found,) = told(agreements)
    return found


def test_a_scheme_is_not_told_and_a_solicitation_names_no_responder(agreements: Agreements) -> None:
    agreements.scheme()
    assert told(agreements) == []
    framework = agreements.solicited(items=2, cap=5, qualification="有效营业执照")
    for who, price in THREE.items():
        agreements.respond(framework, who, dict.fromkeys(agreements.items(framework), price))
    row, found = agreements.row(framework), one(agreements)
    tender = found["tender"]
    assert (found["ocid"], found["tag"]) == (f"{PREFIX}-{row.number}", ["tender"])
    assert [party["roles"] for party in found["parties"]] == [["procuringEntity"]]
    assert not {"awards", "contracts", "buyer"} & set(found) and "numberOfTenderers" not in tender
    assert (tender["status"], tender["procurementMethod"], tender["awardCriteria"]) == (
        "active",
        "selective",
        "priceOnly",
    )
    assert tender["tenderPeriod"]["endDate"] == row.deadline.isoformat(timespec="seconds")
    assert tender["contractPeriod"] == {"durationInDays": 365} and tender["eligibilityCriteria"] == "有效营业执照"
    assert tender["techniques"]["frameworkAgreement"] == {
        "method": "withAndWithoutReopeningCompetition", "maximumParticipants": 5}  # fmt: skip
    assert [item["unit"]["value"]["amount"] for item in tender["items"]] == [25.0, 25.0]
    assert [document["documentType"] for document in tender["documents"]] == ["tenderNotice"]


def test_the_review_is_told_with_the_shortlist_and_not_before(agreements: Agreements) -> None:
    framework = agreements.opened(THREE)
    before = one(agreements)
    assert len(before["parties"]) == 1 and "awards" not in before and before["tender"]["status"] == "active"
    agreements.published(framework)
    found = one(agreements)
    inside = agreements.row(framework).result["inside"]
    assert found["tag"] == ["tender", "award"] and "contracts" not in found
    assert found["tender"]["numberOfTenderers"] == len(THREE) > len(inside) == len(found["awards"])
    assert {award["status"] for award in found["awards"]} == {"pending"}
    roles = sorted(party["roles"] for party in found["parties"])
    assert roles == sorted([["procuringEntity"]] + [["tenderer", "supplier"]] * len(inside)
                           + [["tenderer"]] * (len(THREE) - len(inside)))  # fmt: skip
    price = found["awards"][0]["items"][0]["unit"]["value"]
    assert price == {"amount": 20.0, "currency": "CNY"}
    assert found["tender"]["status"] == "complete"


def test_who_signs_has_a_contract_and_who_does_not_loses_the_award(agreements: Agreements) -> None:
    framework = agreements.opened(THREE)
    agreements.published(framework)
    inside = set(agreements.row(framework).result["inside"])
    with agreements.read() as session:
        orgs = {row.org_id for row in session.query(FrameworkMember) if row.id in inside}
    chosen = [who for who in THREE if agreements.actor(who).org in orgs]
    for who in chosen[:-1]:
        agreements.sign_agreement(framework, who)
    agreements.move(agreements.row(framework).sign_until)
    agreements.work()
    row, found = agreements.row(framework), one(agreements)
    assert row.state == "ACTIVE" and found["tag"] == ["tender", "award", "contract"]
    assert sorted(award["status"] for award in found["awards"]) == ["active"] * (len(chosen) - 1) + ["cancelled"]
    assert [c["awardID"] for c in found["contracts"]] == [a["id"] for a in found["awards"] if a["status"] == "active"]
    for contract in found["contracts"]:
        assert contract["status"] == "active"
        assert contract["period"]["endDate"][:10] == row.ends_on.isoformat()
    agreements.do(OWNER, "framework.remove", framework, member=agreements.member(framework, chosen[0]).id,
                  cause="quality", reason="抽检不合格")  # fmt: skip
    first = one(agreements)["contracts"][0]
    assert (first["status"], first["period"]["endDate"][:10]) == (
        "terminated", agreements.now.astimezone(CST).date().isoformat())  # fmt: skip


def test_an_applicant_of_an_open_agreement_is_told_when_it_is_listed(agreements: Agreements) -> None:
    framework = agreements.solicited(kind="open", ground="all_qualified")
    member = agreements.do(SUPPLIERS[0], "framework.apply", framework, statement="符合条件")["member"]
    assert len(one(agreements)["parties"]) == 1
    agreements.do(OWNER, "framework.check", framework, member=member, **{"pass": True})
    assert len(one(agreements)["parties"]) == 1
    agreements.do(OWNER, "framework.list", framework, member=member)
    found = one(agreements)
    assert found["parties"][1]["roles"] == ["tenderer", "supplier"] and len(found["contracts"]) == 1
    assert found["tender"]["status"] == "active" and "numberOfTenderers" not in found["tender"]
    assert found["tender"]["tenderPeriod"]["endDate"][:10] == agreements.row(framework).ends_on.isoformat()


def test_pages_hold_each_agreement_once_in_as_many_statements(agreements: Agreements, monkeypatch) -> None:
    monkeypatch.setattr(ocds_frameworks, "PAGE", 2)
    for _ in range(5):
        agreements.solicited()
    numbers, after, said = [], "", []
    event.listen(agreements.stage.world.acts.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    while True:
        said.clear()
        with agreements.read() as session:
            page = ocds_frameworks.frameworks(session, PREFIX, SITE, after=after)
        assert len(said) <= 7
        numbers += [found["tender"]["id"] for found in page.releases]
        after = page.after
        if not after:
            break
    assert len(numbers) == 5 and numbers == sorted(set(numbers))
    with agreements.read() as session, pytest.raises(Unusable, match="after"):
        ocds_frameworks.frameworks(session, PREFIX, SITE, after="' OR 1")


def test_an_order_names_its_agreement_and_is_no_framework_itself(agreements: Agreements) -> None:
    framework = agreements.ready(dict(list(THREE.items())[:3]), ways=["direct"])
    agreements.do(SUPPLIERS[1], "framework.accept", agreements.pick(framework, SUPPLIERS[1]))
    with agreements.read() as session:
        (found,) = ocds.orders(session, PREFIX, year=agreements.now.year).releases
    agreement = one(agreements)
    assert found["relatedProcesses"] == [
        {"id": "1", "relationship": ["framework"], "scheme": "ocid", "identifier": agreement["ocid"]}]  # fmt: skip
    assert found["tender"]["techniques"]["hasFrameworkAgreement"] is False
    assert agreement["tender"]["techniques"]["frameworkAgreement"] == {"method": "withoutReopeningCompetition"}
