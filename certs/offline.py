"""The offline tool: keys, seals and signatures without a page served by the operator. `python -m certs.offline --help`.

Same formats as the browser. Every command prints one JSON object. Exit status 0 done, 1 does not hold, 2 unusable.
"""

from __future__ import annotations

import argparse
import getpass
import mimetypes
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from certs import keys, sealing, suite, typed
from certs.challenge import Challenge
from certs.sealing_parts import Part
from certs.suite import b64, unb64
from core import canon
from core.clock import CST
from core.faults import Fault, Unusable

Answer = dict[str, Any]


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


def _fingerprint(path: str) -> str:
    data = Path(path).read_bytes()
    try:
        pem = data.startswith(b"-----")
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except ValueError:
        raise Unusable(f"{path} is not a certificate") from None
    return certificate.fingerprint(hashes.SHA256()).hex()


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
    context = sealing.Context(args.kind, args.lot, args.bid, _fingerprint(args.certificate))
    owner = keys.check_envelope(canon.loads(Path(args.key).read_bytes()), "decrypt").spki
    custodians = None
    if args.custodians:
        table = canon.loads(Path(args.custodians).read_bytes())
        if not isinstance(table, dict):
            raise Unusable("custodians are an object: role → base64 SPKI")
        custodians = {role: suite.load_spki(unb64(spki, role)) for role, spki in table.items()}
    media = [mimetypes.guess_type(path.name)[0] or "application/octet-stream" for path in args.files]
    parts = [Part.of_file(path, kind) for path, kind in zip(args.files, media, strict=True)]
    with Path(args.out).open("xb") as out:
        try:
            manifest = sealing.seal(parts, owner, context, out, custodians)
            _new_file(Path(args.manifest), manifest.data)
        except (Unusable, OSError):
            Path(args.out).unlink()
            raise
    return {"manifest_sha256": manifest.digest, "ciphertext_sha256": manifest.sha256, "size": manifest.size}


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m certs.offline", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text)
        sub.set_defaults(run=run)
        return sub

    make = command("keygen", keygen, "make a signing and a decryption key under one new passphrase")
    make.add_argument("--uid", required=True, help="the holder's id on the platform")
    make.add_argument("--out", required=True, help="folder for sign.key.json and decrypt.key.json")
    make.add_argument("--nonce", help="the platform's nonce, to prove possession of both keys")

    shut = command("seal", seal, "seal files to your own decryption key")
    for name in ("lot", "bid", "certificate", "key", "out", "manifest"):
        shut.add_argument(f"--{name}", required=True)
    shut.add_argument("--kind", choices=sealing.KINDS, default="bid")
    shut.add_argument("--custodians", help="JSON {role: base64 SPKI}, when the tender file has a fallback clause")
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
    args = _parser().parse_args(argv)
    try:
        answer = args.run(args)
    except Fault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    except (Unusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(canon.dumps(answer).decode() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
