"""The offline tool: a bidder who trusts no page; the browser reads what it makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import load_der_x509_certificate

from certs import challenge, keys, offline, sealing, suite
from certs.suite import b64, unb64
from core import canon
from tests.certs.js_side import call
from tests.certs.test_pdf_in_browser import certificate

NONCE = "n0nce-n0nce-n0nce"


@pytest.fixture
def run(capsys):
    def command(*arguments: object, status: int = 0) -> dict | str:
        assert offline.main([str(argument) for argument in arguments]) == status
        out, err = capsys.readouterr()
        return json.loads(out) if status == 0 else err

    return command


@pytest.fixture
def bidder(run, tmp_path: Path) -> dict:
    made = run("keygen", "--uid", "uid-1", "--out", tmp_path / "keys", "--nonce", NONCE)
    (tmp_path / "pass").write_text(made["passphrase"] + "\n")
    private = keys.unwrap(canon.loads(Path(made["sign"]["file"]).read_bytes()), "sign", made["passphrase"])
    (tmp_path / "cert.der").write_bytes(certificate(private, "bidder"))
    (tmp_path / "投标文件.pdf").write_bytes(b"%PDF-1.7 " * 9000)
    (tmp_path / "price.json").write_bytes(b'{"price":"5752.80"}')
    return made


def seal_arguments(folder: Path, made: dict) -> list[object]:
    names = {"certificate": "cert.der", "out": "bid.sealed", "manifest": "bid.json"}
    paths = [text for name, file in names.items() for text in (f"--{name}", folder / file)]
    files = [folder / "投标文件.pdf", folder / "price.json"]
    return ["seal", "--lot", "lot-1", "--bid", "bid-1", "--key", made["decrypt"]["file"], *paths, *files]


def test_a_bid_from_keygen_to_opening(run, bidder, tmp_path):
    custodians = {role: suite.generate() for role in ("tenderer", "centre", "regulator")}
    table = {role: b64(suite.spki_of(key)) for role, key in custodians.items()}
    (tmp_path / "custodians.json").write_bytes(canon.dumps(table))
    sealed = run(*seal_arguments(tmp_path, bidder), "--custodians", tmp_path / "custodians.json")
    data = (tmp_path / "bid.json").read_bytes()
    print_ = load_der_x509_certificate((tmp_path / "cert.der").read_bytes()).fingerprint(hashes.SHA256()).hex()
    manifest = sealing.read_manifest(data, sealing.Context("bid", "lot-1", "bid-1", print_))
    assert manifest.digest == sealed["manifest_sha256"]

    secret = ["--key", bidder["decrypt"]["file"], "--passphrase-file", tmp_path / "pass"]
    unlocked = run("unlock", "--manifest", tmp_path / "bid.json", *secret)
    sealing.check_file_key(unb64(unlocked["file_key"], "key"), manifest.header, manifest.context)
    opened = ["open", "--manifest", tmp_path / "bid.json", "--ciphertext", tmp_path / "bid.sealed", *secret]
    run(*opened, "--out", tmp_path / "opened")
    for name in ("投标文件.pdf", "price.json"):
        assert (tmp_path / "opened" / name).read_bytes() == (tmp_path / name).read_bytes()
    assert "exists already" in run(*opened, "--out", tmp_path / "opened", status=2)

    envelope = canon.loads(Path(bidder["decrypt"]["file"]).read_bytes())
    holder = {"envelope": envelope, "use": "decrypt", "passphrase": bidder["passphrase"]}
    there = call("open", manifest=b64(data), ciphertext=str(tmp_path / "bid.sealed"), **holder)
    assert [part["media"] for part in there] == ["application/pdf", "application/json"]

    passphrase = keys.new_passphrase()
    (tmp_path / "centre.key").write_bytes(keys.key_file(custodians["centre"], "uid-2", passphrase))
    (tmp_path / "centre.pass").write_text(passphrase)
    own = ["--key", tmp_path / "centre.key", "--passphrase-file", tmp_path / "centre.pass"]
    share = run("unlock", "--manifest", tmp_path / "bid.json", "--role", "centre", *own)["share"]
    sealing.check_share(manifest, "centre", unb64(share, "share"))
    theirs = ["unlock", "--manifest", tmp_path / "bid.json", "--role", "tenderer"]
    assert "another custodian" in run(*theirs, *own, status=1)


def test_a_spoiled_bid_leaves_nothing_behind(run, bidder, tmp_path):
    run(*seal_arguments(tmp_path, bidder))
    sealed = tmp_path / "bid.sealed"
    data = bytearray(sealed.read_bytes())
    data[-5] ^= 1
    sealed.write_bytes(bytes(data))
    secret = ["--key", bidder["decrypt"]["file"], "--passphrase-file", tmp_path / "pass"]
    where = ["--manifest", tmp_path / "bid.json", "--ciphertext", sealed, "--out", tmp_path / "opened"]
    assert "not the one of the manifest" in run("open", *where, *secret, status=1)
    assert list((tmp_path / "opened").iterdir()) == []
    (tmp_path / "pass").write_text(keys.new_passphrase())
    assert "passphrase" in run("open", *where, *secret, status=1)
    (tmp_path / "pass").write_text("123456")
    assert "as it was generated" in run("open", *where, *secret, status=2)


def test_keys_are_proved_and_never_overwritten(run, bidder, tmp_path):
    for use in ("sign", "decrypt"):
        made = bidder[use]
        text, signature = (unb64(made["proof"][name], name) for name in ("text", "signature"))
        keys.verify_pop(use, "uid-1", NONCE, unb64(made["spki"], "spki"), text, signature)
        assert Path(made["file"]).stat().st_mode & 0o077 == 0
    assert "exists already" in run("keygen", "--uid", "uid-1", "--out", tmp_path / "keys", status=2)


def test_it_signs_typed_challenges_only(run, bidder, tmp_path):
    own = ["--key", bidder["sign"]["file"], "--passphrase-file", tmp_path / "pass", "--nonce", NONCE]
    answer = run("sign", "--act", "bid.submit", "--case", "lot-1", "--file", tmp_path / "price.json", *own)
    text = unb64(answer["text"], "text")
    found = challenge.parse(text)
    public = suite.load_spki(unb64(bidder["sign"]["spki"], "spki"))
    digest = canon.sha256_hex((tmp_path / "price.json").read_bytes())
    expected = {"act": "bid.submit", "case": "lot-1", "object": digest, "nonce": NONCE, "now": found.at}
    challenge.verify(public, text, unb64(answer["signature"], "signature"), **expected)
    run("sign", "--act", "bid.submit", "--case", "lot-1\nx=y", "--object", digest, *own, status=2)
    wrong = ["--key", bidder["decrypt"]["file"], *own[2:]]
    run("sign", "--act", "bid.submit", "--case", "lot-1", "--object", digest, *wrong, status=2)


def test_it_runs_as_a_module_and_reads_pem(bidder, tmp_path):
    der = load_der_x509_certificate((tmp_path / "cert.der").read_bytes())
    (tmp_path / "cert.der").write_bytes(der.public_bytes(serialization.Encoding.PEM))
    command = [sys.executable, "-m", "certs.offline", *map(str, seal_arguments(tmp_path, bidder))]
    done = subprocess.run(command, capture_output=True, check=True)
    assert set(json.loads(done.stdout)) == {"manifest_sha256", "ciphertext_sha256", "size"}
    again = subprocess.run(command, capture_output=True, check=False)
    assert (again.returncode, again.stdout) == (2, b"")
    assert b"Traceback" not in again.stderr
