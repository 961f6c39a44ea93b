"""python -m web.serve: gevent's server on our own listener, the socket hub and the timers in one process."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import logging  # noqa: E402  gevent must patch first
import os  # noqa: E402
import socket as sockets  # noqa: E402
import sys  # noqa: E402
from datetime import timedelta  # noqa: E402

import gevent  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402
from sqlalchemy import func, select  # noqa: E402

from certs import blocking  # noqa: E402
from certs.desk_sign import seal_waiting  # noqa: E402
from core import config  # noqa: E402
from core.acts import Acts  # noqa: E402
from core.faults import Unusable  # noqa: E402
from core.ledger import EntryRow, from_row  # noqa: E402
from web import timers, wiring  # noqa: E402
from web.app import create_app  # noqa: E402

SEALS = 15  # seconds between two looks
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


def _greet(settings: config.Config, port: int) -> None:
    lines = [f"公衡 Gongheng: http://127.0.0.1:{port}/"]
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


def _seal_for_ever(acts: Acts) -> None:
    """Documents that all have signed but nobody sealed: the process died, or the timestamp service was away."""
    while True:
        try:
            seal_waiting(acts)
        except Exception as error:  # the next look tries again
            log.error("seals: %s", type(error).__name__)
        gevent.sleep(SEALS)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("gongheng.web").setLevel(os.environ.get("LOG", "WARNING"))
    port = int(os.environ.get("PORT", "8000"))
    try:
        settings = config.read()
        app = create_app(settings)
        wiring.admit(app.extensions["gongheng"].acts, settings)
        listening = listener(os.environ.get("HOST", "127.0.0.1"), port)
    except (Unusable, OSError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 2
    blocking.set_runner(lambda work: gevent.get_hub().threadpool.apply(work))
    server = WSGIServer(listening, app, log=None, error_log=logging.getLogger("gongheng.server"))
    acts = app.extensions["gongheng"].acts
    gevent.spawn(retell, acts)
    gevent.spawn(_seal_for_ever, acts)
    gevent.spawn(timers.run_for_ever, app)
    _greet(settings, port)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.stop(timeout=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
