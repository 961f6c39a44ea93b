"""The offline tool `flask seal`: keys, seals and signatures without a page served by the operator.

Same formats as the browser. Every command prints one JSON object. Exit status 0 done, 1 does not hold, 2 unusable.
`certs/alone.py` seals and opens the same in one file, for whoever would rather read it than trust this.
"""

from __future__ import annotations

import argparse
import getpass
import mimetypes
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from certs import issuer, keys, sealing, sealing_settings, suite, typed
from certs.challenge import Challenge
from certs.sealing_parts import Part
from certs.suite import b64, unb64
from core import canon
from core.clock import CST
from core.faults import Fault, Unusable

Answer = dict[str, Any]
COMMANDS = ("keygen", "seal", "open", "unlock", "sign")


def _passphrase(args: argparse.Namespace) -> str:
    if args.passphrase_file:
        return Path(args.passphrase_file).read_text(encoding="utf-8").strip()
    return getpass.getpass("passphrase: ")


def _new_file(path: Path, data: bytes) -> None:
    """Keys and openings are never overwritten, and are for their owner's eyes."""
    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            file.write(data)
    except FileExistsError:
        raise Unusable(f"{path} exists already") from None


def _platform_keys(path: str) -> dict[str, suite.PublicKey]:
    """Key id → platform key of a trust file."""
    trust = canon.loads(Path(path).read_bytes())
    listed = trust.get("platform_certificates") if isinstance(trust, dict) else None
    if not isinstance(listed, list):
        raise Unusable(f"{path} is not a trust file")
    found = [issuer.load(unb64(text, "platform certificate")).public_key() for text in listed]
    return {suite.spki_id(key): key for key in found if isinstance(key, suite.PublicKey)}


def keygen(args: argparse.Namespace) -> Answer:
    folder, passphrase = Path(args.out), keys.new_passphrase()
    folder.mkdir(parents=True, exist_ok=True)
    answer: Answer = {"uid": args.uid, "passphrase": passphrase}
    for use in keys.FORMATS:
        private = suite.generate()
        path = folder / f"{use}.key.json"
        _new_file(path, canon.dumps(keys.wrap(private, use, args.uid, passphrase)) + b"\n")
        answer[use] = {"file": str(path), "key": suite.spki_id(private), "spki": b64(suite.spki_of(private))}
        if args.nonce:
            text = keys.pop_text(use, args.uid, args.nonce, private)
            answer[use]["proof"] = {"text": b64(text), "signature": b64(suite.sign_raw(private, text))}
    return answer


def seal(args: argparse.Namespace) -> Answer:
    """Seal for what the settings say, under a fresh id, to the key in the sealer's own key file."""
    trusted = _platform_keys(args.trust) if args.trust else None
    settings = sealing_settings.read(Path(args.settings).read_bytes(), trusted)
    owner = keys.check_envelope(canon.loads(Path(args.key).read_bytes()), "decrypt").spki
    if b64(suite.spki_of(owner)) != settings.owner:
        raise Fault("the settings name another decryption key than this key file")
    bid = settings.lot if settings.kind == "reference" else secrets.token_hex(8)
    context = sealing.Context(settings.kind, settings.lot, bid, settings.sealer)
    media = [mimetypes.guess_type(path.name)[0] or "application/octet-stream" for path in args.files]
    parts = [Part.of_file(path, kind) for path, kind in zip(args.files, media, strict=True)]
    with Path(args.out).open("xb") as out:
        try:
            manifest = sealing.seal(parts, owner, context, out, settings.custodian_keys or None)
            _new_file(Path(args.manifest), manifest.data)
        except (Unusable, OSError):
            Path(args.out).unlink()
            raise
    return {
        "bid": bid,
        "settings": "signed by the platform" if trusted else "not checked: no --trust",
        "custodians": {role: held.key for role, held in manifest.held.items()},
        "manifest_sha256": manifest.digest,
        "ciphertext_sha256": manifest.sha256,
        "size": manifest.size,
    }


def _own_key(args: argparse.Namespace) -> tuple[sealing.Manifest, suite.PrivateKey]:
    manifest = sealing.read_manifest(Path(args.manifest).read_bytes())
    return manifest, keys.read_key_file(Path(args.key).read_bytes(), _passphrase(args))


def open_(args: argparse.Namespace) -> Answer:
    """Parts become visible under their names only after the whole seal has held."""
    manifest, private = _own_key(args)
    folder, names = Path(args.out), []
    folder.mkdir(parents=True, exist_ok=True)
    files: list[BinaryIO] = []

    def sink(name: str, media: str, size: int) -> BinaryIO:
        if (folder / name).exists():
            raise Unusable(f"{folder / name} exists already")
        names.append(name)
        files.append((folder / f".{name}.part").open("wb"))
        return files[-1]

    try:
        with Path(args.ciphertext).open("rb") as source:
            opened = sealing.open_with_key(manifest, private, source, sink)
    except (Fault, Unusable):
        for name in names:
            (folder / f".{name}.part").unlink()
        raise
    finally:
        for file in files:
            file.close()
    for name in names:
        (folder / f".{name}.part").rename(folder / name)
    return {"parts": [{"name": part.name, "size": part.size, "sha256": part.sha256} for part in opened]}


def unlock(args: argparse.Namespace) -> Answer:
    """The file key alone: what is handed over at the opening hour, and not before."""
    manifest, private = _own_key(args)
    if args.role:
        share = sealing.unwrap_share(manifest, args.role, private)
        return {"bid": manifest.context.bid, "lot": manifest.context.lot, "role": args.role, "share": b64(share)}
    file_key = sealing.unwrap_file_key(manifest, private)
    return {"bid": manifest.context.bid, "lot": manifest.context.lot, "file_key": b64(file_key)}


def sign(args: argparse.Namespace) -> Answer:
    digest = args.object or canon.sha256_hex(Path(args.file).read_bytes())
    moment = args.time or typed.stamp(datetime.now(CST))
    challenge = Challenge(args.act, args.case, digest, args.nonce, moment)
    private = keys.unwrap(canon.loads(Path(args.key).read_bytes()), "sign", _passphrase(args))
    return {"text": b64(challenge.text()), "signature": b64(challenge.sign(private)), "key": suite.spki_id(private)}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Unusable(f"{self.prog}: {message}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="flask seal", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="|".join(COMMANDS))

    def command(name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(run=run)
        return sub

    make = command("keygen", keygen, "make a signing and a decryption key under one new passphrase")
    make.add_argument("--uid", required=True, help="the holder's id on the platform")
    make.add_argument("--out", required=True, help="folder for sign.key.json and decrypt.key.json")
    make.add_argument("--nonce", help="the platform's nonce, to prove possession of both keys")

    shut = command("seal", seal, "seal files to your own decryption key")
    shut.add_argument("--settings", required=True, help="sealing.json of the bid desk")
    shut.add_argument("--trust", help="trust file; without it nobody checks who made the settings")
    for name in ("key", "out", "manifest"):
        shut.add_argument(f"--{name}", required=True)
    shut.add_argument("files", nargs="+", type=Path)

    undo = command("open", open_, "open your own seal into a folder")
    give = command("unlock", unlock, "the file key (or a custodian's share) to hand over at the opening hour")
    for sub in (undo, give):
        sub.add_argument("--manifest", required=True)
    undo.add_argument("--ciphertext", required=True)
    undo.add_argument("--out", required=True)
    give.add_argument("--role", help="as a custodian: tenderer, centre or regulator")

    act = command("sign", sign, "sign a typed challenge for one act")
    for name in ("act", "case", "nonce"):
        act.add_argument(f"--{name}", required=True)
    target = act.add_mutually_exclusive_group(required=True)
    target.add_argument("--object", help="SHA-256 of what is decided on")
    target.add_argument("--file", help="the manifest or document itself")
    act.add_argument("--time", help="the platform's time; this machine's by default")
    for sub in (undo, give, act):
        sub.add_argument("--key", required=True)
        sub.add_argument("--passphrase-file")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    try:
        args = _parser().parse_args(argv)
        answer = args.run(args)
    except Fault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    except (Unusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(canon.dumps(answer).decode() + "\n")
    return 0
