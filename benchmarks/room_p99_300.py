"""300 scores a second in 50 rooms of seven for a minute: time until the answer, and until the last member has it."""

from __future__ import annotations

import os

from benchmarks.room_throughput import ROOMS, both
from benchmarks.rooms import MEMBERS
from benchmarks.row import Row

RATE, SECONDS = 300, 60


def run() -> Row:
    found = both("paced", seconds=SECONDS, rate=RATE)
    ours, peer = found["ours"]["acks"][1], found["single"]["acks"][1]
    told = "; ".join(
        f"{name}: ack {one['acks'][0]:.1f}/{one['acks'][1]:.1f}, last member {one['last'][0]:.1f}/{one['last'][1]:.1f}"
        for name, one in (("ours", found["ours"]), ("peer", found["single"]), ("a transaction a turn", found["group"]))
    )
    return Row(
        "room_p99_300", round(ours, 1), round(peer, 1), "socket.io + better-sqlite3, a transaction an event",
        round(peer / ours, 2), "ms p99",
        f"{ROOMS} rooms of {MEMBERS}, {RATE} scores/s for {SECONDS} s, WAL and synchronous=FULL on both sides, "
        f"{os.cpu_count()} cores",
        f"p50/p99 in ms: {told}",
    )  # fmt: skip
