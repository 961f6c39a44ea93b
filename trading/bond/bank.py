"""The bank behind an interface. A real one keeps a spool of its own: neither call may wait for a network.

No bank is connected here: a demo has LocalBank, which only pretends that money moves; elsewhere a clerk of the centre
writes down what the statement shows (`bond.record`, `bond.confirm`).
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from core import canon
from core.config import Config

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"  # 31 signs, a prime: one wrong or two exchanged signs are found
LENGTH = 12


@dataclass(frozen=True)
class Line:
    """One line of the statement. `kind`: in (money came under `reference`), out (order `reference` was carried out)."""

    number: int
    kind: str
    reference: str
    amount: Decimal
    at: datetime
    payer: str
    account: str
    bank_ref: str


@dataclass(frozen=True)
class Order:
    """Give `amount` back to where the money of `reference` came from. `id` makes a second sending harmless."""

    id: str
    reference: str
    amount: Decimal


class Bank(Protocol):
    account: str

    def lines(self, after: int) -> list[Line]:
        """Lines numbered above `after`, in order."""
        ...

    def pay_out(self, order: Order, at: datetime) -> None:
        """Take the order; an `out` line follows when it is carried out."""
        ...


def check_sign(body: str) -> str:
    """The last sign of a reference."""
    return ALPHABET[sum((place + 2) * ALPHABET.index(sign) for place, sign in enumerate(body)) % len(ALPHABET)]


def well_formed(reference: str) -> bool:
    """Whether it is a reference at all; whether anybody has it is told to nobody."""
    fits = len(reference) == LENGTH and set(reference) <= set(ALPHABET)
    return fits and check_sign(reference[:-1]) == reference[-1]


class LocalBank:
    """A statement in a file. Everything it says is made up by the demo."""

    account = "演示银行东西湖支行 投标保证金专户 42000000000000000018"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "statement.jsonl"
        self._lock = threading.Lock()

    def lines(self, after: int) -> list[Line]:
        if not self.file.exists():
            return []
        rows = [canon.loads(row) for row in self.file.read_bytes().splitlines()[after:]]
        return [
            Line(number, row["kind"], row["reference"], Decimal(row["amount"]), datetime.fromisoformat(row["at"]),
                 row["payer"], row["account"], row["bank_ref"])
            for number, row in enumerate(rows, after + 1)
        ]  # fmt: skip

    def pay_in(self, reference: str, amount: Decimal, at: datetime, payer: str, account: str) -> None:
        """Somebody pays: the simulation's own door."""
        with self._lock:
            self._write("in", reference, amount, at, payer, account)

    def pay_out(self, order: Order, at: datetime) -> None:
        with self._lock:
            if not any((one.kind, one.reference) == ("out", order.id) for one in self.lines(0)):
                self._write("out", order.id, order.amount, at, "", "")

    def _write(self, kind: str, reference: str, amount: Decimal, at: datetime, payer: str, account: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        number = len(self.lines(0)) + 1
        line = Line(number, kind, reference, amount, at, payer, account, f"DEMO{number:08d}")
        with self.file.open("ab") as out:
            out.write(canon.dumps(asdict(line)) + b"\n")


@lru_cache(maxsize=8)
def of(config: Config) -> LocalBank | None:
    """The bank of this installation; a real one is put in here."""
    return LocalBank(config.data_dir / "bank") if config.demo else None
