"""python -m web.line_server: lines of auctions in a process beside web.serve, which starts it.

It is handed a listening socket and ends when the pipe at its standard input closes: with its parent, also when that was
killed.
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

import gevent  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

from certs import blocking  # noqa: E402
from core import config  # noqa: E402
from web import auction_pulse, transport, workers  # noqa: E402
from web.app import create_line_app  # noqa: E402
from web.pages import auctions as auctions  # noqa: E402  its refusals are said here too

log = logging.getLogger("gongheng.web")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    log.setLevel(os.environ.get("LOG", "WARNING"))
    listening, me = sockets.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    listening.setblocking(False)
    settings = config.read()
    blocking.set_runner(lambda work: gevent.get_hub().threadpool.apply(work))
    app = create_line_app(settings, int(os.environ.get("PORT", "8000")))
    acts = app.extensions["gongheng"].acts
    transport.write_together(acts)
    workers.Among.further(app, settings, me).listen()
    auction_pulse.begin_one(acts, me)
    gevent.spawn(auction_pulse.go_on, acts, me)
    workers.settle()
    tls = {"certfile": sys.argv[3], "keyfile": sys.argv[4]} if len(sys.argv) > 4 else {}
    WSGIServer(listening, app, log=None, error_log=logging.getLogger("gongheng.server"), **tls).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
