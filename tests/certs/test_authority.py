"""Server secrets: made by themselves in a demo only, kept from other eyes, named when they are missing."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certs import authority, checkpoint, issuer, receipts, suite, vrf
from certs.issuer import Subject
from core.faults import Unusable

NOW = authority.DEMO_SINCE
ORG = "0123456789abcdef"


def test_a_demo_makes_its_secrets_once_and_says_demo(config):
    made = authority.Authority(config)
    assert authority.Authority(config).chain == made.chain
    assert "演示" in issuer.common_name(made.chain[-1])
    assert issuer.profile_of(made.platform_certificate) == "platform"
    for path in config.ca_dir.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert authority.of(config) is authority.of(config)


def test_production_refuses_an_empty_folder_and_says_what_to_set(config):
    with pytest.raises(Unusable, match="CA_DIR"):
        authority.Authority(replace(config, demo=False))
    assert not config.ca_dir.exists()


def test_production_runs_on_established_secrets_and_never_on_a_demo_ca(config, tmp_path):
    real = replace(config, demo=False, ca_dir=tmp_path / "real")
    authority.establish(real.ca_dir, "武汉交易平台", NOW, demo=False)
    assert "演示" not in issuer.common_name(authority.Authority(real).chain[-1])
    with pytest.raises(Unusable, match="never overwritten"):
        authority.establish(real.ca_dir, "武汉交易平台", NOW, demo=False)
    with pytest.raises(Unusable, match="demo CA"):
        authority.Authority(replace(real, demo=True))
    authority.Authority(config)
    with pytest.raises(Unusable, match="demo CA"):
        authority.Authority(replace(config, demo=False))


@pytest.mark.parametrize("name", authority.FILES)
def test_a_single_missing_file_is_named_and_never_replaced(config, name):
    authority.Authority(config)
    (config.ca_dir / name).unlink()
    with pytest.raises(Unusable, match=name):
        authority.Authority(config)


def test_trust_lists_the_root_the_log_key_and_the_witnesses(config):
    house = authority.Authority(config)
    witness = checkpoint.key_of(Ed25519PrivateKey.generate(), "regulator", checkpoint.WITNESS).text
    trust = json.loads(json.dumps(house.trust([witness])))
    assert [base64.b64decode(der) for der in trust["ca_roots"]] == [house.chain[-1]]
    key = checkpoint.verifier_key(trust["log_keys"][0])
    body = checkpoint.Checkpoint(house.log_name, 3, b"\1" * 32)
    signed = checkpoint.sign(body, house.log_key)
    assert checkpoint.verify(signed, [key], [], 0).checkpoint == body
    assert trust["witness_keys"] == [witness]
    with pytest.raises(Unusable):
        house.trust(["nonsense"])


def test_receipts_verify_with_the_platform_certificate_of_the_trust_file(config, world):
    house = authority.Authority(config)
    stamp = "2026-03-02T09:00:00+08:00"
    made = receipts.sign(receipts.Receipt("b1", 1, "lot", "0" * 64, 5, stamp, "1" * 64), house.platform_key)
    der = base64.b64decode(house.trust()["platform_certificates"][0])
    with world.read() as session:
        lists = house.crls(session, world.clock.now())
    issuer.check_certificate(der, house.chain, lists, world.clock.now(), "platform")
    key = issuer.load(der).public_key()
    assert receipts.verify(made, {suite.spki_id(key): key}).bid == "b1"


def test_seals_lie_by_organisation_and_certificate(config):
    house = authority.Authority(config)
    seal = house.make_seal(ORG, Subject("演示 章", "中心"), NOW)
    again = authority.Authority(config).seal_of(ORG, seal.fingerprint)
    assert again.certificate == seal.certificate and suite.spki_id(again.key) == suite.spki_id(seal.key)
    for org, fingerprint in ((ORG, "0" * 64), ("f" * 16, seal.fingerprint), ("../" + ORG, seal.fingerprint),
                             (ORG, "../../log"), (ORG.upper(), seal.fingerprint)):  # fmt: skip
        with pytest.raises(Unusable):
            house.seal_of(org, fingerprint)
    for path in Path(config.ca_dir / "seals").rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o777 == 0o600


def test_the_fallback_key_of_a_centre_stays_the_same(config):
    house = authority.Authority(config)
    assert house.fallback_key(ORG) == authority.Authority(config).fallback_key(ORG)
    assert house.fallback_key(ORG) != house.fallback_key("f" * 16)
    proof, _ = vrf.prove(house.fallback_key(ORG), b"x")
    vrf.verify(vrf.public_key(house.fallback_key(ORG)), b"x", proof)
