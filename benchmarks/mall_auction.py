"""A live auction with 60 bidders: 2,000 prices in three minutes, and as many as go; on two processes, on one, and
beside npm's socket.io with better-sqlite3 as usually written."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.auction_house import House
from benchmarks.house import ROOT, VAR
from benchmarks.room_throughput import peer_folder
from benchmarks.row import Row

BIDDERS, PRICES, MINUTES = 60, 2000, 3
SECONDS, WARM, RUNS = 5, 2, 3
CEILING, STEP = "900000000", "1"
WINDOW = float(os.environ.get("BENCH_SECONDS", str(60 * MINUTES)))
Plan = dict[str, Any]


def folder_of_peer() -> Path:
    folder = peer_folder()
    for name in ("auction_peer.mjs", "auction_client.mjs", "lines.mjs"):
        shutil.copyfile(ROOT / "benchmarks" / name, folder / name)
    return folder


def socket_url(base: str) -> str:
    return f"ws://{urlsplit(base).netloc}/socket.io/?EIO=4&transport=websocket"


@contextmanager
def own(workers: int) -> Iterator[Plan]:
    """The server with a running auction: what the client needs to know."""
    VAR.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="house-", dir=VAR))
    house = House(folder, BIDDERS, workers, ceiling=CEILING, step=STEP, seconds=3600)
    try:
        house.start()
        lines = [{"cookie": f"gh_session={token}", "who": f"bidder{place}"} for place, token in
                 enumerate(house.made.tokens)]  # fmt: skip
        yield {"urls": [socket_url(house.address(place)) for place in range(workers)], "event": "act", "heard": "live",
               "case": house.made.auction, "join": ["join", {"channel": f"auction:{house.made.auction}"}],
               "ceiling": int(CEILING), "lines": lines}  # fmt: skip
    finally:
        house.stop()
        shutil.rmtree(folder)


@contextmanager
def peer() -> Iterator[Plan]:
    folder = folder_of_peer()
    store = Path(tempfile.mkdtemp(prefix="store-", dir=folder))
    command = ["node", "auction_peer.mjs", str(store / "peer.db"), CEILING, STEP]
    node = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        url = socket_url(f"http://127.0.0.1:{int(node.stdout.readline())}")
        lines = [{"cookie": "", "who": f"bidder{place}"} for place in range(BIDDERS)]
        yield {"urls": [url], "event": "bid", "heard": "price", "join": ["join", {"room": "auction"}],
               "ceiling": int(CEILING), "lines": lines}  # fmt: skip
    finally:
        node.terminate()
        node.wait()
        node.stdout.close()
        shutil.rmtree(store)


def measured(plan: Plan, **how: Any) -> Plan:
    """What the client says; a price missing, doubled or out of order on any line, or a lost line, ends the bench."""
    done = subprocess.run(["node", "auction_client.mjs"], cwd=folder_of_peer(), input=json.dumps(plan | how), text=True,
                          capture_output=True, check=True)  # fmt: skip
    found: Plan = json.loads(done.stdout)
    assert not found["faults"], (found["faults"], done.stderr[-2000:])
    return found


def sides() -> dict[str, Any]:
    return {"two processes": lambda: own(2), "one process": lambda: own(1), "peer": peer}


def _fast() -> dict[str, list[Plan]]:
    """As fast as it goes, one after the other, several times."""
    found: dict[str, list[Plan]] = {}
    for _ in range(RUNS):
        for name, side in sides().items():
            with side() as plan:
                found.setdefault(name, []).append(measured(plan, mode="closed", seconds=SECONDS, warm=WARM, rate=0))
    return found


def _paced() -> dict[str, Plan]:
    found = {}
    for name, side in sides().items():
        with side() as plan:
            rate = PRICES / (60 * MINUTES)
            found[name] = measured(plan, mode="paced", seconds=WINDOW, warm=WARM, rate=rate)
    return found


def _told(name: str, one: Plan) -> str:
    return (f"{name}: {one['accepted']} taken, {one['refused']} refused, ack p50/p99 {one['acks'][0]:.1f}/"
            f"{one['acks'][1]:.1f}, last screen {one['last'][0]:.1f}/{one['last'][1]:.1f} ms")  # fmt: skip


def run() -> Row:
    fast, paced = _fast(), _paced()
    ours, single, peers = (statistics.median(one["perSecond"] for one in fast[name]) for name in fast)
    answers = {name: statistics.median(one["answersPerSecond"] for one in found) for name, found in fast.items()}
    slow = {name: statistics.median(one["last"][1] for one in found) for name, found in fast.items()}
    return Row(
        "mall_auction", round(ours, 1), round(peers, 1), "socket.io + better-sqlite3, a transaction a bid, one process",
        round(ours / peers, 2), "prices taken/s",
        f"{BIDDERS} bidders of one auction on two processes, each bids as soon as it is answered, WAL and "
        f"synchronous=FULL on both sides, median of {RUNS} windows of {SECONDS} s, {os.cpu_count()} cores",
        f"one process {single:.0f}/s; answers/s with refusals "
        + ", ".join(f"{name} {value:.0f}" for name, value in answers.items())
        + "; p99 to the last screen at that load " + ", ".join(f"{name} {value:.0f} ms" for name, value in slow.items())
        + f"; {PRICES} prices in {MINUTES} minutes: " + "; ".join(_told(name, one) for name, one in paced.items()),
    )  # fmt: skip
