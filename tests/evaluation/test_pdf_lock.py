"""The one lock of pdfium, taken by several real threads of the server at once, lets each of them through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
from gevent import monkey; monkey.patch_all()
import gevent, hashlib, os
from evaluation.blind.pdf import ONE_AT_A_TIME

def work():
    for _ in range(300):
        with ONE_AT_A_TIME:
            hashlib.sha256(bytes(300_000)).digest()  # lets other threads run while it is held

pool = gevent.get_hub().threadpool
done = gevent.joinall([gevent.spawn(pool.apply, work) for _ in range(4)], timeout=30)
print(len(done), flush=True)
os._exit(0)  # a thread that is never woken would hold up an orderly end
"""


def test_threads_of_the_server_do_not_wait_for_ever_for_pdfium() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.stdout.strip() == "4", done.stderr
