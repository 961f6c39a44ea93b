"""Certificates: what each profile may do, and every way a certificate stops to hold."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import issuer
from certs.issuer import LocalCA, Subject, check_certificate, fingerprint, profile_of
from core.faults import Fault, Unusable
from tests.certs.pdf_tools import START, World, pem, spki, tool

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def check(world, cert, profile="person-sign", at=START, crls=None):
    check_certificate(cert, world.ca.chain, crls or world.ca.crls(at), at, profile)


@pytest.mark.parametrize("profile", issuer.PROFILES)
def test_profiles_differ_in_usage_and_name_themselves(world, profile):
    cert = world.signer("张三", profile).cert
    usage = issuer.load(cert).extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment == usage.digital_signature == issuer.PROFILES[profile].signs
    assert usage.key_agreement != usage.digital_signature
    assert profile_of(cert) == profile
    check(world, cert, profile)
    for other in set(issuer.PROFILES) - {profile}:
        with pytest.raises(Fault, match="profile"):
            check(world, cert, other)


def test_subject_carries_name_organisation_and_code(world):
    subject = issuer.load(world.signer("欧阳𠂇").cert).subject.rfc4514_string()
    assert "CN=欧阳𠂇" in subject and "USCC-91420112MA4KXXXX0X" in subject and "公衡演示" in subject


@pytest.mark.parametrize(("signs", "kept"), [(21, 21), (22, 21), (40, 21)])
def test_a_company_with_a_long_name_gets_its_certificate(world, signs, kept):
    """64 bytes of common name are 21 Chinese characters; the organisation's own name is never cut."""
    org = "湖北省长江中游水利水电市政基础设施建设工程集团有限责任公司东西湖区第一分公司某项目"[:signs]
    cert = issuer.load(
        world.ca.issue(
            spki(ec.generate_private_key(ec.SECP256R1())), Subject(org, org, "91420112MA4KX0002U"), "org-encrypt", START
        )
    )
    common = cert.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    whole = cert.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value
    assert (common, whole) == (org[:kept], org)


def test_demo_authority_says_so_in_every_certificate(world):
    assert "演示 DEMO" in issuer.load(world.signer("张三").cert).issuer.rfc4514_string()
    real = LocalCA(issuer.create("某平台", START, demo=False, passphrase=b"locked"), passphrase=b"locked")
    assert "演示" not in issuer.load(real.chain[0]).subject.rfc4514_string()


def test_validity_edges(world):
    cert = world.signer("张三", life=DAY).cert
    crls = world.ca.crls(START - DAY)
    check(world, cert, at=START, crls=crls)
    check(world, cert, at=START + DAY, crls=crls)
    for at in (START - timedelta(seconds=1), START + DAY + timedelta(seconds=1)):
        with pytest.raises(Fault, match="not valid at"):
            check(world, cert, at=at, crls=crls)


def test_revocation_counts_from_its_moment():
    world, heard = World(), []
    world.ca._remember = heard.append
    cert = world.signer("张三").cert
    world.ca.revoke(issuer.load(cert).serial_number, "keyCompromise", START + DAY)
    world.ca.revoke(issuer.load(cert).serial_number, "keyCompromise", START + 2 * DAY)
    assert [entry.at for entry in heard] == [START + DAY]
    later = world.ca.crls(START + DAY)
    with pytest.raises(Fault, match="was revoked"):
        check(world, cert, at=START + DAY, crls=later)
    check(world, world.signer("李四").cert, at=START + DAY, crls=later)
    with pytest.raises(Unusable, match="unknown reason"):
        world.ca.revoke(1, "dislike", START)


def test_a_stale_or_foreign_or_absent_list_is_no_answer(world):
    cert, other = world.signer("张三").cert, World()
    for crls in (world.ca.crls(START - 30 * DAY), other.ca.crls(START), world.ca.crls(START)[1:], [b""][:0]):
        with pytest.raises(Fault, match="no revocation list"):
            check_certificate(cert, world.ca.chain, crls, START, "person-sign")


def test_foreign_issuer_and_a_leaf_as_issuer_are_refused(world):
    other = World()
    with pytest.raises(Fault, match="was not issued by"):
        check(other, world.signer("张三").cert)
    leaf, victim = world.signer("张三"), world.signer("李四").cert
    with pytest.raises(Fault, match="was not issued by"):
        check_certificate(victim, [leaf.cert, *world.ca.chain], world.ca.crls(START), START, "person-sign")


def test_only_p256_and_known_profiles(world):
    with pytest.raises(Unusable, match="P-256"):
        world.ca.issue(spki(ec.generate_private_key(ec.SECP384R1())), Subject("张三", "某"), "person-sign", START)
    with pytest.raises(Unusable, match="unknown certificate profile"):
        world.ca.issue(spki(ec.generate_private_key(ec.SECP256R1())), Subject("张三", "某"), "king", START)
    with pytest.raises(Unusable, match="not a public key"):
        world.ca.issue(b"junk", Subject("张三", "某"), "person-sign", START)


def test_serials_are_random_and_fingerprints_are_of_der(world):
    certs = [world.signer("张三").cert for _ in range(20)]
    assert len({issuer.load(cert).serial_number.bit_length() > 100 for cert in certs}) == 1
    assert len({fingerprint(cert) for cert in certs}) == 20


def test_keys_survive_storage_and_a_wrong_passphrase_is_refused():
    material = issuer.create("公衡", START, demo=True, passphrase=b"right")
    first, second = (LocalCA(material, passphrase=b"right") for _ in range(2))
    key = ec.generate_private_key(ec.SECP256R1())
    cert = first.issue(spki(key), Subject("张三", "某"), "person-sign", START)
    check_certificate(cert, second.chain, second.crls(START), START, "person-sign")
    with pytest.raises(Unusable, match="CA key"):
        LocalCA(material, passphrase=b"wrong")


@pytest.mark.skipif(not tool("openssl"), reason="openssl is not installed")
def test_openssl_agrees(world, tmp_path):
    who = world.signer("张三")
    for name, der in (("leaf", who.cert), ("ca", world.ca.chain[0]), ("root", world.ca.chain[1])):
        (tmp_path / f"{name}.pem").write_bytes(issuer.load(der).public_bytes(issuer.serialization.Encoding.PEM))
    (tmp_path / "crl.pem").write_bytes(
        b"".join(
            x509.load_der_x509_crl(der).public_bytes(issuer.serialization.Encoding.PEM) for der in world.ca.crls(START)
        )
    )
    command = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-attime", str(int(START.timestamp()))]
    command += ["-CRLfile", "crl.pem", "-CAfile", "root.pem", "-untrusted", "ca.pem", "leaf.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert pem(who.key).startswith(b"-----BEGIN PRIVATE KEY")
