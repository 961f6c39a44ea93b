"""161 bids, seven members, 40 criteria: from the last lock to the ranked report, and the page of a member meanwhile.

Beside it one SQL query over the same rows that only takes the means and weighs them: no exact fractions, no derivation,
no price score, no anomalies, nothing to sign.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from benchmarks import rooms
from benchmarks.house import VAR
from benchmarks.row import Row
from certs import authority, issuer
from certs.issuer import Subject
from certs.models import Certificate
from core import config, doors
from core.access import SYSTEM
from core.acts import Acts, Tx
from core.db import Base
from core.doors import TABLE
from evaluation.committee.models import Member
from evaluation.scoring.models import Score
from trading.project.models import Case
from web import identity
from web.app import create_app

BIDS, CRITERIA, RUNS = 161, 40, 5
QUERY = """
select bid_id, sum(mean * 0.0125) as total from
  (select bid_id, criterion, avg(cast(points as real)) as mean from score group by bid_id, criterion)
group by bid_id order by total desc
"""


def _scored(tx: Tx, room: rooms.Room) -> None:
    """Everybody has scored everything, close together, and all but the first have locked."""
    rows = [
        {"member_id": member, "bid_id": bid, "criterion": one, "at": tx.now,
         "points": str(80 + (7 * place + 3 * number + item) % 11)}
        for place, member in enumerate(room.members)
        for number, bid in enumerate(room.bids)
        for item, one in enumerate(room.criteria)
    ]  # fmt: skip
    tx.session.connection().execute(insert(Score), rows)
    for member in room.members[1:]:
        row = tx.session.get_one(Member, member)
        row.scores_locked_at, row.scores_salt = tx.now, "0" * 32


def _seal(tx: Tx, case: str) -> None:
    """The main venue's electronic seal, with which a report is closed."""
    org = tx.session.get_one(Case, case).centre_org
    der = authority.of(tx.config).make_seal(org, Subject("中心", "公衡", uid=org), tx.now).certificate
    loaded = issuer.load(der)
    tx.session.add(
        Certificate(fingerprint=issuer.fingerprint(der), serial=f"{loaded.serial_number:x}", profile="seal", org_id=org,
                    spki_sha256=issuer.fingerprint(der), der=der, not_before=loaded.not_valid_before_utc,
                    not_after=loaded.not_valid_after_utc)
    )  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def _pages(app: Any, room: rooms.Room) -> float:
    client = app.test_client()
    client.set_cookie(identity.COOKIE, room.tokens[0])
    took = []
    for _ in range(RUNS):
        seconds, answer = _timed(lambda: client.get(f"/room/{room.case}"))
        assert answer.status_code == 200
        took.append(seconds)
    return statistics.median(took)


def _play(acts: Acts, app: Any) -> dict[str, float]:
    room = acts.act(rooms.build, SYSTEM, 1, BIDS, CRITERIA)[0]
    acts.act(_scored, SYSTEM, room)
    acts.act(_seal, SYSTEM, room.case)
    page = _pages(app, room)
    actor = identity.actor_of(acts, room.tokens[0], "127.0.0.1")

    def do(name: str, **payload: str) -> dict[str, Any]:
        return acts.act(TABLE[name].fn, actor, room.case, payload)

    locked, _ = _timed(lambda: do("score.lock"))
    inside, _ = _timed(lambda: do("report.make"))
    do("report.reopen", reason="once more, as through a door")
    held: list[float] = []
    act = acts.act

    def watched(*args: Any) -> Any:
        seconds, found = _timed(lambda: act(*args))
        held.append(seconds)
        return found

    acts.act = watched  # type: ignore[method-assign,assignment]
    made, _ = _timed(
        lambda: doors.perform(acts, app.extensions["gongheng"].prover, actor, "report.make", room.case, {})
    )
    with acts.reading() as session:
        bare = statistics.median(_timed(lambda: session.execute(text(QUERY)).all())[0] for _ in range(RUNS))
    return {"page": page, "lock": locked, "report": made, "held": sum(held), "inside": inside, "bare": bare}


def run() -> Row:
    VAR.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="rank-", dir=VAR))
    try:
        app = create_app(config.read({"DEMO": "1", "DATA_DIR": str(folder)}))
        acts = app.extensions["gongheng"].acts
        Base.metadata.create_all(acts.engine)
        found = _play(acts, app)
        acts.close()
    finally:
        shutil.rmtree(folder)
    return Row(
        "rank_161", round(found["lock"], 2), round(found["bare"], 3), "one SQL query for the means alone",
        round(found["bare"] / found["lock"], 3), "s",
        f"{BIDS} bids × {rooms.MEMBERS} members × {CRITERIA} criteria, {BIDS * rooms.MEMBERS * CRITERIA} scores, "
        f"{os.cpu_count()} cores",
        f"last lock to totals {found['lock']:.2f} s, to the report on the signing desk "
        f"{found['lock'] + found['report']:.2f} s; for the report the writer stood still {found['held']:.2f} s "
        f"(made inside the act {found['inside']:.2f} s); the member's page {found['page'] * 1000:.0f} ms",
    )  # fmt: skip
