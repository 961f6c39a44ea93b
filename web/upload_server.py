"""python -m web.upload_server: uploads in a process of their own, beside web.serve, which starts it.

It is handed a listening socket and ends when the pipe at its standard input closes: with its parent, also when that was
killed. Hashing and syncing here cost the sockets of the hall nothing. It also sweeps what nobody named in time, and its
own heartbeat says that it runs.
"""

from __future__ import annotations

import _thread
import os

from gevent import monkey


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(0)


_thread.start_new_thread(_end_with_parent, ())  # a real thread, from the first moment
monkey.patch_all()

import logging  # noqa: E402  gevent must patch first
import socket as sockets  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402

import gevent  # noqa: E402
from flask import Flask  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

from certs import blocking  # noqa: E402
from core import config, staged  # noqa: E402
from core.heartbeat import UPLOAD  # noqa: E402
from web import pulse, transport, workers  # noqa: E402
from web.app import create_upload_app  # noqa: E402

SWEEP = 60  # seconds between two rounds
log = logging.getLogger("gongheng.web")


def sweep_for_ever(app: Flask) -> None:
    acts, files = app.extensions["gongheng"].acts, app.extensions["gongheng.uploads"]
    while True:
        try:
            staged.sweep(acts, files)
        except Exception as error:  # the next round tries again
            log.error("sweep: %s", type(error).__name__)
        gevent.sleep(SWEEP)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    log.setLevel(os.environ.get("LOG", "WARNING"))
    listening = sockets.socket(fileno=int(sys.argv[1]))
    listening.setblocking(False)
    settings = replace(config.read(), upload_port=listening.getsockname()[1])
    blocking.set_runner(lambda work: gevent.get_hub().threadpool.apply(work))
    app = create_upload_app(settings, int(os.environ.get("PORT", "8000")))
    if settings.workers > 1:
        workers.take_turns(app.extensions["gongheng"].acts, settings)
    app.extensions["gongheng.uploads"].later = transport.later
    gevent.spawn(sweep_for_ever, app)
    gevent.spawn(pulse.go_on, app.extensions["gongheng"].acts, UPLOAD, first=True)
    tls = {"certfile": sys.argv[2], "keyfile": sys.argv[3]} if len(sys.argv) > 3 else {}
    WSGIServer(listening, app, log=None, error_log=logging.getLogger("gongheng.server"), **tls).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
