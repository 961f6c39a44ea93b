"""The bank that pays orders, behind an interface: it answers with a number of its own, refuses, or is silent.

`send` waits for a network and is called outside every transaction (remitting.transfer). The same id is the same
payment: whoever hears nothing asks again with it. No real bank is connected; a demo has LocalBank, which only pretends
that money moves. Without a bank the buyer enters what its receipt says (order.pay).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from core import canon
from core.config import Config
from core.money import plain

# Why a bank does not pay. `account`: the payee's is wrong or closed; `funds`: the payer's does not hold so much;
# `other`: whatever else, to be asked at the bank.
REFUSALS = ("account", "funds", "other")


class Silent(Exception):
    """No answer in time: paid or not is unknown until the same transfer is sent again."""


class Taken(Exception):
    """The id stands for another payment: never to happen, never to be paid."""


@dataclass(frozen=True)
class Transfer:
    """`payer`: the organisation whose mandate the adapter holds; `account`: of the payee, digits only; yuan."""

    id: str
    payer: str
    payee: str
    account: str
    amount: Decimal
    purpose: str


@dataclass(frozen=True)
class Answer:
    """Paid under `bank_ref`, or `refused` for one of REFUSALS."""

    bank_ref: str
    at: datetime
    refused: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the statements of all payers, numbered through. `reference`: the transfer's id, "" where the bank does
    not say it."""

    number: int
    payer: str
    reference: str
    bank_ref: str
    amount: Decimal
    at: datetime


class PayingBank(Protocol):
    def send(self, transfer: Transfer, at: datetime) -> Answer:
        """Pay, or say why not; an id that was answered before gets the same answer. Silent when none comes in time."""
        ...

    def lines(self, after: int) -> list[Line]:
        """Lines numbered above `after`, in order."""
        ...


class LocalBank:
    """Answers kept in a file. Each payer has `holds` yuan to begin with; an account that ends in 0000 is closed."""

    holds = Decimal("20000000")

    def __init__(self, folder: Path) -> None:
        self.file = folder / "transfers.jsonl"
        self.lost = 0  # so many of the next answers get lost after the bank has booked
        self._lock = threading.Lock()

    def send(self, transfer: Transfer, at: datetime) -> Answer:
        with self._lock:
            rows = self._rows()
            said = {"id": transfer.id, "payer": transfer.payer, "account": transfer.account,
                    "amount": plain(transfer.amount)}  # fmt: skip
            row = next((one for one in rows if one["id"] == transfer.id), None)
            if row is not None and any(row[key] != value for key, value in said.items()):
                raise Taken(transfer.id)
            if row is None:
                row = said | {"refused": self._judge(transfer, rows), "at": at, "bank_ref": f"YH{len(rows) + 1:010d}"}
                row = canon.loads(self._write(row))
            if self.lost:
                self.lost -= 1
                raise Silent(transfer.id)
        return Answer(row["bank_ref"], datetime.fromisoformat(row["at"]), row["refused"])

    def lines(self, after: int) -> list[Line]:
        return [
            Line(number, one["payer"], one["id"], one["bank_ref"], Decimal(one["amount"]),
                 datetime.fromisoformat(one["at"]))
            for number, one in enumerate(self._rows(), 1) if number > after and not one["refused"]
        ]  # fmt: skip

    def _judge(self, transfer: Transfer, rows: list[dict[str, Any]]) -> str:
        if not re.fullmatch(r"[0-9]{12,32}", transfer.account) or transfer.account.endswith("0000"):
            return "account"
        gone = sum((Decimal(one["amount"]) for one in rows if one["payer"] == transfer.payer and not one["refused"]),
                   Decimal(0))  # fmt: skip
        return "funds" if gone + transfer.amount > self.holds else ""

    def _rows(self) -> list[dict[str, Any]]:
        return [canon.loads(row) for row in self.file.read_bytes().splitlines()] if self.file.exists() else []

    def _write(self, row: dict[str, Any]) -> bytes:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        written: bytes = canon.dumps(row)
        with self.file.open("ab") as out:
            out.write(written + b"\n")
        return written


@lru_cache(maxsize=8)
def of(config: Config) -> LocalBank | None:
    """The bank of this installation; a real one is put in here."""
    return LocalBank(config.data_dir / "bank") if config.demo else None
