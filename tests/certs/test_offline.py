"""The offline tool `flask seal`: a bidder who trusts no page; the browser reads what it makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from certs import challenge, keys, offline, sealing, sealing_settings, suite
from certs.sealing_settings import Settings
from certs.suite import b64, unb64
from core import canon
from tests.certs.js_side import ROOT, call
from tests.certs.test_pdf_in_browser import certificate
from trading.opening import sheet

NONCE = "n0nce-n0nce-n0nce"
SEALER = "ab" * 32


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
    offer(tmp_path, made["decrypt"]["spki"])
    (tmp_path / "投标文件.pdf").write_bytes(b"%PDF-1.7 " * 9000)
    (tmp_path / "price.json").write_bytes(b'{"price":"5752.80"}')
    return made


def offer(folder: Path, owner: str, custodians: dict[str, str] | None = None) -> None:
    """sealing.json and trust.json as a bidder downloads them."""
    platform = suite.generate()
    moments = ("2026-03-20T10:00:00+08:00", "2026-03-02T09:00:00+08:00")
    settings = Settings("bid", "lot-1", SEALER, owner, custodians or {}, *moments)
    (folder / "sealing.json").write_bytes(sealing_settings.sign(settings, platform))
    trust = {"schema": "trust/1", "platform_certificates": [b64(certificate(platform, "platform"))]}
    (folder / "trust.json").write_bytes(canon.dumps(trust))


def seal_arguments(folder: Path, made: dict) -> list[object]:
    names = {"settings": "sealing.json", "trust": "trust.json", "out": "bid.sealed", "manifest": "bid.json"}
    paths = [text for name, file in names.items() for text in (f"--{name}", folder / file)]
    return ["seal", "--key", made["decrypt"]["file"], *paths, folder / "投标文件.pdf", folder / "price.json"]


def test_a_bid_from_keygen_to_opening(run, bidder, tmp_path):
    custodians = {role: suite.generate() for role in ("tenderer", "centre", "regulator")}
    offer(tmp_path, bidder["decrypt"]["spki"], {role: b64(suite.spki_of(key)) for role, key in custodians.items()})
    sealed = run(*seal_arguments(tmp_path, bidder))
    data = (tmp_path / "bid.json").read_bytes()
    manifest = sealing.read_manifest(data, sealing.Context("bid", "lot-1", sealed["bid"], SEALER))
    assert manifest.digest == sealed["manifest_sha256"]
    assert sealed["custodians"] == {role: suite.spki_id(key) for role, key in custodians.items()}

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


def test_settings_that_nobody_signed_are_not_sealed_for(run, bidder, tmp_path):
    arguments = seal_arguments(tmp_path, bidder)
    good = (tmp_path / "sealing.json").read_bytes()
    (tmp_path / "sealing.json").write_bytes(good.replace(b"lot-1", b"lot-2"))
    assert "does not hold" in run(*arguments, status=1)
    (tmp_path / "sealing.json").write_bytes(good)
    stranger = b64(certificate(suite.generate(), "platform"))
    (tmp_path / "trust.json").write_bytes(canon.dumps({"schema": "trust/1", "platform_certificates": [stranger]}))
    assert "not trusted" in run(*arguments, status=1)
    assert not (tmp_path / "bid.sealed").exists()
    unchecked = [one for one in arguments if one not in ("--trust", tmp_path / "trust.json")]
    assert "not checked" in run(*unchecked)["settings"]


def test_settings_for_another_key_are_not_sealed_for(run, bidder, tmp_path):
    offer(tmp_path, b64(suite.spki_of(suite.generate())))
    assert "another decryption key" in run(*seal_arguments(tmp_path, bidder), status=1)
    (tmp_path / "sealing.json").write_bytes(b'{"schema":"sealing-settings/1"}')
    assert "missing or unknown keys" in run(*seal_arguments(tmp_path, bidder), status=2)


def flask(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [Path(sys.executable).with_name("flask"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, cwd=ROOT)


def test_it_is_a_command_that_ends_in_one_line(bidder, tmp_path):
    done = flask("seal", *seal_arguments(tmp_path, bidder))
    assert (done.returncode, json.loads(done.stdout)["settings"]) == (0, "signed by the platform")
    for bad in (seal_arguments(tmp_path, bidder), ["open", "--nothing"], ["seal", "--key"]):
        again = flask("seal", *bad)
        assert (again.returncode, again.stdout, again.stderr.count(b"\n")) == (2, b"", 1)


def test_a_price_sheet_is_checked_as_the_opening_checks_it(tmp_path):
    out = tmp_path / "price.json"
    done = flask("seal", "sheet", "5689.5", out, "--days", 365, "--manager", "张三", "--certificate", "鄂1")
    assert (done.returncode, sheet.read(out.read_bytes()).price) == (0, "5689.5")
    for bad in (["5,689", tmp_path / "x", "--days", 1], ["5689", tmp_path / "x"], ["5689", out, "--days", 1]):
        again = flask("seal", "sheet", *bad)
        assert (again.returncode, again.stderr.count(b"\n")) == (2, 1)
    assert not (tmp_path / "x").exists()
