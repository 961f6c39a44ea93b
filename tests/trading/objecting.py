"""What the tests of objections share: moments, answers, and what is read back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core import ledger
from core.access import Actor, Role
from core.clock import CST
from core.rules import Refused
from tests.trading.stage import Stage
from trading.objection.queries import objections
from trading.project.models import Case

SECOND = timedelta(seconds=1)
# The file is issued on 1 April with 21 days to bid: the deadline is 22 April at nine, the tenth day before it the 12th.
LAST = datetime(2026, 4, 12, 23, 59, 59, tzinfo=CST)
DUE = datetime(2026, 4, 15, 23, 59, 59, tzinfo=CST)
NO = {"text": "不成立: 该条件与项目规模相适应", "upheld": False}
YES = {"text": "成立", "upheld": True, "measure": "取消该候选人资格"}
THREE = {"投标人甲": "5689", "投标人乙": "5709", "投标人丙": "5828"}
AUDITOR = Actor("a" * 16, "审计", "b" * 16, "审计局", frozenset({Role.AUDITOR}))


def rules_of(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [one.rule for one in error.value.breaches]


def refused(stage: Stage, who: str, act: str, case: str, **payload: Any) -> list[str]:
    with pytest.raises(Refused) as error:
        stage.do(who, act, case, **payload)
    return rules_of(error)


def row_of(stage: Stage, case: str) -> Case:
    with stage.world.read() as session:
        return session.get_one(Case, case)


def suspended(stage: Stage, case: str) -> bool:
    with stage.world.read() as session:
        return session.get_one(Case, case).suspended


def entries(stage: Stage, stream: str, kind: str) -> list[ledger.Entry]:
    with stage.world.read() as session:
        return [one for one in ledger.entries(session, stream) if one.kind == kind]


def seen(stage: Stage, case: str, who: str | Actor) -> list[dict[str, Any]]:
    actor = stage.people[who] if isinstance(who, str) else who
    with stage.world.read() as session:
        return objections(session, case, actor, stage.world.clock.now())
