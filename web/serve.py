"""python -m web.serve: gevent's server on our own listener, the socket hub, the timers and the pulse in one process.

Uploads have a second process (web.upload_server) on a port of their own, so that they disturb no socket. With WORKERS
above 1 there are so many processes for the lines of auctions: this one, and web.line_server on ports of its own.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import logging  # noqa: E402  gevent must patch first
import os  # noqa: E402
import signal  # noqa: E402
import socket as sockets  # noqa: E402
import sqlite3  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import replace  # noqa: E402
from datetime import timedelta  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402
from flask import Flask  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402
from gevent.threadpool import ThreadPool  # noqa: E402
from sqlalchemy import func, select  # noqa: E402
from sqlalchemy.exc import OperationalError  # noqa: E402

from certs import blocking  # noqa: E402
from core import config  # noqa: E402
from core.acts import Acts  # noqa: E402
from core.db import LogEmptier  # noqa: E402
from core.faults import Unusable  # noqa: E402
from core.heartbeat import PAGE  # noqa: E402
from core.ledger import EntryRow, from_row  # noqa: E402
from trading.mall import search_index  # noqa: E402
from web import (  # noqa: E402
    auction_pulse,
    https,
    lines,
    pulse,
    standard_time,
    timers,
    transport,
    wiring,
    workers,
)
from web.app import create_app  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
EMPTIED = 0.1  # seconds between two looks
log = logging.getLogger("gongheng.web")


def listener(host: str, port: int) -> sockets.socket:
    """Accepted connections inherit TCP_NODELAY: two small writes must not wait for a delayed ACK (40 ms)."""
    listening = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    listening.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
    listening.bind((host, port))
    listening.listen(1024)
    listening.setblocking(False)
    return listening


def upload_listener(host: str, port: int) -> sockets.socket:
    """UPLOAD_PORT, or the port after the pages' own; in its absence another, since pages are told which one it is."""
    wanted = os.environ.get("UPLOAD_PORT", "")
    if wanted:
        return listener(host, int(wanted))
    try:
        return listener(host, port + 1)
    except (OSError, OverflowError):
        return listener(host, 0)


def keep_uploads(listening: sockets.socket, tls: https.Tls | None) -> None:
    # glibc would ask the kernel for fresh pages for each block of a file, and have them zeroed
    env = os.environ | {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(64 << 20)}
    keep("web.upload_server", listening, [], tls, env, lambda: None)


def keep(
    module: str, listening: sockets.socket, more: list[str], tls: https.Tls | None, env: dict[str, str],
    ended: Callable[[], object],
) -> None:  # fmt: skip
    """A process beside this one, started again when it ends. It holds the other end of our pipe and ends with us."""
    command = [sys.executable, "-m", module, str(listening.fileno()), *more]
    command += [str(path) for path in (tls.certificate, tls.key)] if tls else []
    while True:
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, pass_fds=[listening.fileno()])  # noqa: S603
        child.wait()
        log.error("%s ended with %s", module, child.returncode)
        ended()
        gevent.sleep(1)


def _greet(settings: config.Config, port: int, tls: https.Tls | None) -> None:
    address = settings.public_url if tls else f"http://127.0.0.1:{port}"
    lines = [f"公衡 Gongheng: {address}/"]
    if tls:
        lines.append(f"the browser must trust {tls.root}")
    logins = settings.data_dir / "demo-logins.txt"
    if settings.demo and logins.exists():
        lines += ["", logins.read_text().rstrip()]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def retell(acts: Acts, back: timedelta = timedelta(hours=1)) -> int:
    """What a killed process had committed but told nobody: seals of the last hour are told again; how many.

    Those who hear of a seal do nothing the second time (report.accept, award.conclude).
    """
    with acts.reading() as session:
        newest = session.scalar(select(func.max(EntryRow.at)))
        if newest is None:
            return 0
        query = select(EntryRow).where(EntryRow.kind == "paper.sealed", EntryRow.at >= newest - back)
        found = [from_row(row) for row in session.scalars(query.order_by(EntryRow.at))]
    for entry in found:
        acts.house.ledger.tell(entry)
    return len(found)


def _empty_for_ever(acts: Acts) -> None:
    """The database's log, in a thread of its own."""
    emptier, thread = LogEmptier(acts.engine), ThreadPool(1)
    while True:
        gevent.sleep(EMPTIED)
        if not emptier.grown():
            continue
        try:
            thread.apply(emptier.run)
        except sqlite3.Error as error:  # whoever commits next does it
            log.error("log: %s", type(error).__name__)


def _go_on(app: Flask) -> None:
    """What this process does by itself."""
    acts = app.extensions["gongheng"].acts
    gevent.spawn(retell, acts)
    gevent.spawn(search_index.catch_up, acts)
    gevent.spawn(_empty_for_ever, acts)
    gevent.spawn(pulse.go_on, acts, PAGE)
    gevent.spawn(auction_pulse.go_on, acts, 0)
    gevent.spawn(standard_time.compare_for_ever, app)
    gevent.spawn(timers.run_for_ever, app)
    gevent.spawn(lines.go_on, app)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("gongheng.web").setLevel(os.environ.get("LOG", "WARNING"))
    port, host = int(os.environ.get("PORT", "8000")), os.environ.get("HOST", "127.0.0.1")
    try:
        settings = config.read()
        listening, for_uploads = listener(host, port), upload_listener(host, port)
        for_lines = workers.listeners(settings, listener, host, port)
        settings = replace(
            settings, upload_port=for_uploads.getsockname()[1],
            line_ports=tuple(one.getsockname()[1] for one in for_lines),
        )  # fmt: skip
        app = create_app(settings)
        among = workers.Among.first(app, settings) if for_lines else None
        wiring.admit(app.extensions["gongheng"].acts, settings)
        pulse.begin(app.extensions["gongheng"].acts, PAGE)  # before any timer judges what was missed
        auction_pulse.begin_all(app.extensions["gongheng"].acts)
        tls = https.made(settings, host) if os.environ.get("HTTPS") == "1" else None
    except (Unusable, OSError, ValueError, OperationalError) as error:
        why = error.orig if isinstance(error, OperationalError) else error  # else its statement as well
        sys.stderr.write(f"cannot start: {why}\n")
        return 2
    blocking.set_runner(lambda work: gevent.get_hub().threadpool.apply(work))
    app.extensions["gongheng.uploads"].later = transport.later
    server = WSGIServer(
        listening, app, log=None, error_log=logging.getLogger("gongheng.server"), **(tls.files if tls else {})
    )
    gevent.spawn(keep_uploads, for_uploads, tls)
    acts = app.extensions["gongheng"].acts
    if among is not None:
        among.begin(for_lines, tls, keep)
    transport.write_together(acts)
    _go_on(app)
    workers.settle()
    for order in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(order, partial(server.stop, timeout=2))  # a KeyboardInterrupt is lost in busy handlers
    _greet(settings, port, tls)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
