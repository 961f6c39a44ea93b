"""50 rooms of seven who score at once: our server, beside npm's socket.io with better-sqlite3 as usually written, and
beside the same with a transaction for all events of one turn of its loop, and beside one that also writes what ours
writes."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import rooms
from benchmarks.house import ROOT, VAR, house
from benchmarks.row import Row

ROOMS, BIDS, CRITERIA = 50, 5, 40
SECONDS, WARM, RUNS = 5, 5, 3  # by then each member has scored once, and all guards were asked
PACKAGES = ("socket.io@4.8.4", "better-sqlite3@12.11.1", "ws@8.21.1")
Plan = dict[str, Any]


def peer_folder() -> Path:
    """The peer and the client in a folder of their own below var/; fetched and compiled once."""
    folder = VAR / "bench-peers" / "rooms"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("room_peer.mjs", "room_client.mjs", "lines.mjs"):
        shutil.copyfile(ROOT / "benchmarks" / name, folder / name)
    if not (folder / "node_modules" / "better-sqlite3" / "build").is_dir():
        (folder / "package.json").write_text('{"private": true}\n')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES], cwd=folder,
                       check=True)  # fmt: skip
    return folder


def own_lines(found: Sequence[rooms.Room]) -> list[Plan]:
    lines = []
    for room in found:
        cells = [(bid, one) for bid in room.bids for one in room.criteria]
        for token, member in zip(room.tokens, room.members, strict=True):
            acts = [
                {"name": "score.save", "case": room.case, "payload": {"bid": bid, "criterion": one, "points": "87.5"}}
                for bid, one in cells
            ]
            lines.append({"cookie": f"gh_session={token}", "who": member, "event": "act", "acts": acts,
                          "join": ["join", {"channel": f"room:{room.case}"}]})  # fmt: skip
    return lines


def peer_lines(count: int = ROOMS, size: int = rooms.MEMBERS) -> list[Plan]:
    acts = [{"bid": f"{bid:016x}", "criterion": f"c{one}", "points": "87.5"}
            for bid in range(BIDS) for one in range(CRITERIA)]  # fmt: skip
    return [
        {"cookie": "", "who": f"{room}-{place}", "event": "score", "join": ["join", {"room": str(room)}],
         "acts": [one | {"room": str(room), "who": f"{room}-{place}"} for one in acts]}
        for room in range(count) for place in range(size)
    ]  # fmt: skip


@contextmanager
def peer(way: str) -> Iterator[str]:
    folder = peer_folder()
    store = Path(tempfile.mkdtemp(prefix="store-", dir=folder))
    command = ["node", "room_peer.mjs", str(store / "peer.db"), way]
    node = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert node.stdout is not None
    try:
        yield f"ws://127.0.0.1:{int(node.stdout.readline())}/socket.io/?EIO=4&transport=websocket"
    finally:
        node.terminate()
        node.wait()
        node.stdout.close()
        shutil.rmtree(store)


@contextmanager
def own() -> Iterator[tuple[str, list[rooms.Room]]]:
    with house(0, rooms=lambda tx: rooms.build(tx, ROOMS, BIDS, CRITERIA)) as made:
        address = f"ws://{urlsplit(made.base).netloc}/socket.io/?EIO=4&transport=websocket"
        yield address, made.rooms


def measured(plan: Plan) -> Plan:
    """What the client says; an act that failed, a number missing or doubled, a line that was lost end the bench."""
    done = subprocess.run(["node", "room_client.mjs"], cwd=peer_folder(), input=json.dumps(plan), text=True,
                          capture_output=True, check=True)  # fmt: skip
    found: Plan = json.loads(done.stdout)
    assert not found["faults"], (found["faults"], done.stderr[-2000:])
    return found


def both(mode: str, *, seconds: float, rate: float = 0, ways: Sequence[str] = ("single", "group")) -> dict[str, Plan]:
    """One run of each, one after the other."""
    plan = {"mode": mode, "seconds": seconds, "warm": WARM, "rate": rate, "size": rooms.MEMBERS}
    with own() as (address, made):
        found = {"ours": measured(plan | {"url": address, "heard": "live", "once": True, "lines": own_lines(made)})}
    for way in ways:
        with peer(way) as address:
            found[way] = measured(plan | {"url": address, "heard": "scored", "once": False, "lines": peer_lines()})
    return found


def _spread(found: Sequence[Plan]) -> str:
    each = sorted(one["perSecond"] for one in found)
    middle = sorted(found, key=lambda one: one["perSecond"])[len(found) // 2]
    told = [f"{each[0]:.0f} to {each[-1]:.0f} events/s"]
    told += [f"{name} p50/p99 {middle[key][0]:.0f}/{middle[key][1]:.0f} ms"
             for key, name in (("acks", "ack"), ("last", "last member"))]  # fmt: skip
    return ", ".join(told)


def run() -> Row:
    runs = [both("closed", seconds=SECONDS, ways=("single", "group", "alike")) for _ in range(RUNS)]
    found = {name: [one[name] for one in runs] for name in ("ours", "single", "group", "alike")}
    ours, single, group, alike = (statistics.median(one["perSecond"] for one in found[name]) for name in found)
    return Row(
        "room_throughput", round(ours, 1), round(single, 1), "socket.io + better-sqlite3, a transaction an event",
        round(ours / single, 2), "events/s",
        f"{ROOMS} rooms of {rooms.MEMBERS}, each member scores as soon as the last score is acknowledged, WAL and "
        f"synchronous=FULL on both sides, median of {RUNS} windows of {SECONDS} s, {os.cpu_count()} cores",
        f"ours (guards, ledger entry, numbered event): {_spread(found['ours'])}; peer: {_spread(found['single'])}; "
        f"peer with a transaction a turn: {_spread(found['group'])}, ratio {ours / group:.2f}; "
        f"that one with our rows and hashes, without guards: {_spread(found['alike'])}, ratio {ours / alike:.2f}",
    )  # fmt: skip
