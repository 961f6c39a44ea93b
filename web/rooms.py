"""Finds what the rooms offer: importing their modules fills the table of acts and the tables of the database."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable
from types import ModuleType

from core.acts import Acts
from core.ledger import Entry
from core.rules import RuleBook, RuleRow
from web import words

ROOMS = ("certs", "accounts", "venues", "experts", "trading", "evaluation", "oversight")
Listener = Callable[[Acts, Entry], None]
log = logging.getLogger("gongheng.web")


def modules() -> list[ModuleType]:
    """Every module of every room, imported."""
    found = []
    for room in ROOMS:
        package = importlib.import_module(room)
        names = [info.name for info in pkgutil.walk_packages(package.__path__, f"{room}.")]
        found += [package, *(importlib.import_module(name) for name in names if not name.endswith("__main__"))]
    return found


def rule_rows(found: list[ModuleType]) -> list[RuleRow]:
    """Every row of every RULES: a rule book, a list of rows or rows by id."""
    rows: list[RuleRow] = []
    for module in found:
        book = getattr(module, "RULES", ())
        listed = book.rows if isinstance(book, RuleBook) else book.values() if isinstance(book, dict) else book
        rows += [row for row in listed if isinstance(row, RuleRow)]
    return rows


def teach_words(found: list[ModuleType]) -> None:
    """The text of a rule row speaks for its breaches where no sentence does; the first row of an id counts."""
    words.teach_book({row.id: row.text for row in reversed(rule_rows(found))})


def listen(found: list[ModuleType], acts: Acts) -> None:
    """A room's LISTENERS {ledger kind: fn(acts, entry)} hear entries after their commit.

    A listener that fails cannot undo the act; the failure is noted and the room catches up from the ledger.
    """
    table: dict[str, list[Listener]] = {}
    for module in found:
        for kind, listener in getattr(module, "LISTENERS", {}).items():
            if module.__name__ == listener.__module__:
                table.setdefault(kind, []).append(listener)

    def tell(entry: Entry) -> None:
        for listener in table.get(entry.kind, ()):
            try:
                listener(acts, entry)
            except Exception as error:  # noted, see above
                log.error("listener of %s failed: %s", entry.kind, type(error).__name__)

    acts.house.ledger.listeners.append(tell)
