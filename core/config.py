"""Frozen settings, read once from the environment. Production refuses what only a demo may have."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.faults import Unusable

STANDARD_TIME = "ntp.ntsc.ac.cn"  # 国家授时中心's public service: what a production start is compared with


@dataclass(frozen=True)
class Config:
    """`demo` opens the movable clock, the demo CA and the demo logins; nothing else may ask for them.

    `proxies`: how many of ours stand in front and append the client's address to X-Forwarded-For. `upload_most`: bytes
    of the largest upload. `upload_port`: where uploads have a process of their own, 0 without one; `upload_url`: the
    address pages are told, "" = that port of the page's own host. `ntp_servers`: `host` or `host:port` each, with whose
    time ours is compared; () = with none. `turn_urls`: stun:, turn: or turns: addresses for calls between seats that
    cannot reach each other; `turn_secret` is the relay's shared secret. `ocds_prefix`: what the Open Contracting
    Partnership gave this publisher; the default is nobody's. `workers`: processes that hold lines of
    auctions, the first of which does everything else as well; `line_ports`: where the others listen, `line_urls`: the
    addresses that pages are told in their place, () = those ports of the page's own host.
    """

    demo: bool
    data_dir: Path
    database_url: str
    secret_key: str
    ca_dir: Path
    public_url: str
    tsa_url: str
    platform_code: str = "4201000001"
    proxies: int = 0
    upload_most: int = 4096 << 20
    upload_port: int = 0
    upload_url: str = ""
    ntp_servers: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = ""
    ocds_prefix: str = "ocds-000000"
    workers: int = 1
    line_urls: tuple[str, ...] = ()
    line_ports: tuple[int, ...] = ()


def read(env: Mapping[str, str] | None = None) -> Config:
    """Unusable names every setting a production start is missing, in one message."""
    env = os.environ if env is None else env
    demo = env.get("DEMO", "") == "1"
    data_dir = Path(env.get("DATA_DIR", "var")).absolute()
    secret = env.get("SECRET_KEY", "")
    ca_dir = env.get("CA_DIR", "")
    public_url, proxies = env.get("PUBLIC_URL", ""), env.get("PROXIES", "0")
    host = env.get("HOST", "127.0.0.1")
    if not proxies.isdecimal() or int(proxies) > 9:
        raise Unusable(f"PROXIES: how many proxies stand in front, 0 to 9, found {proxies!r}")
    if not demo:
        _needed(env)
    return Config(
        demo=demo,
        data_dir=data_dir,
        database_url=env.get("DATABASE_URL", f"sqlite:///{data_dir / 'gongheng.db'}"),
        secret_key=secret or _demo_secret(data_dir),
        ca_dir=Path(ca_dir) if ca_dir else data_dir / "ca",
        public_url=public_url or f"{'https' if env.get('HTTPS') == '1' else 'http'}://{host}:{env.get('PORT', '8000')}",
        tsa_url=env.get("TSA_URL", ""),
        platform_code=env.get("PLATFORM_CODE", "4201000001"),
        proxies=int(proxies),
        upload_most=_megabytes(env.get("UPLOAD_MOST_MB", "4096")),
        upload_url=env.get("UPLOAD_URL", "" if demo else "/uploads"),
        ntp_servers=_servers(env.get("NTP_SERVERS", "" if demo else STANDARD_TIME)),
        turn_urls=_relays(env.get("TURN_URL", ""), env.get("TURN_SECRET", "")),
        turn_secret=env.get("TURN_SECRET", ""),
        ocds_prefix=_prefix(env.get("OCDS_PREFIX", Config.ocds_prefix)),
        workers=_workers(env.get("WORKERS", "1")),
        line_urls=tuple(env.get("LINE_URLS", "").replace(",", " ").split()),
    )


def _needed(env: Mapping[str, str]) -> None:
    secret, url = env.get("SECRET_KEY", ""), env.get("PUBLIC_URL", "")
    missing = [
        f"{name} ({why})"
        for name, value, why in (
            ("SECRET_KEY", secret if len(secret) >= 32 else "", "at least 32 random characters"),
            ("CA_DIR", env.get("CA_DIR", ""), "folder of the issuing CA, see docs/operations.md"),
            ("PUBLIC_URL", url if url.startswith("https://") else "", "https:// address people use"),
            ("DATABASE_URL", env.get("DATABASE_URL", ""), "SQLAlchemy address of the database"),
        )
        if not value
    ]
    if missing:
        raise Unusable("a production start needs: " + "; ".join(missing) + ". For a demo world run `make run`.")


def _prefix(text: str) -> str:
    if not re.fullmatch(r"ocds-[a-z0-9]{6}", text):
        raise Unusable(f"OCDS_PREFIX: ocds- and six small letters or digits are expected, found {text!r}")
    return text


def _servers(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for one in found:
        place = re.fullmatch(r"[A-Za-z0-9.-]+(?::(\d{1,5}))?", one)
        if place is None or not 0 < int(place[1] or 123) < 65536:
            raise Unusable(f"NTP_SERVERS: host or host:port, with blanks or commas between, found {one!r}")
    return found


def _relays(text: str, secret: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for one in found:
        if not re.fullmatch(r"(stuns?|turns?):[A-Za-z0-9.:\[\]-]+(\?transport=(udp|tcp))?", one):
            raise Unusable(f"TURN_URL: stun:, turn: or turns: addresses with blanks or commas between, found {one!r}")
        if one.startswith("turn") and len(secret) < 16:
            raise Unusable("TURN_SECRET: at least 16 characters, the relay's static-auth-secret")
    return found


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 16:
        raise Unusable(f"WORKERS: how many processes hold lines of auctions, 1 to 16, found {text!r}")
    return int(text)


def _megabytes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1 << 20:
        raise Unusable("UPLOAD_MOST_MB: a whole number of megabytes is expected")
    return int(text) << 20


def _demo_secret(data_dir: Path) -> str:
    path = data_dir / "demo-secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_text().strip()
