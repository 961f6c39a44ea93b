"""A submission as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Submission:
    """`sealed`: why the upload is no sealed bid, "" when it is one. `operator`: the bidder belongs to the operator.

    `held`: roles and key ids of the shares in the manifest, `custodians` those the tender file asks for.
    """

    completed_at: datetime
    deadline: datetime
    sealed: str
    operator: str
    held: tuple[tuple[str, str], ...]
    custodians: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bidder:
    """What may tie bidders together or to the tenderer (实施条例 art. 34)."""

    org: str
    uscc: str
    legal_person: str
    controllers: tuple[str, ...] = ()
