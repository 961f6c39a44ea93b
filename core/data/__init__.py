"""Public tables kept as text, and the ready objects made of them; read once per process.

regions.csv: National Bureau of Statistics 统计用区划代码, as of 2023-06-30, with 71–82 from GB/T 2260; changes after
that date are missing. cn-workdays.csv: State Council holiday notices for 2024–2026.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from core.calendar import Calendar, Table, parse_table
from core.codes import Regions


def read(name: str) -> str:
    """The text of a file in this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def regions() -> Regions:
    return Regions.parse(read("regions.csv"))


@cache
def workdays() -> Table:
    """The years delivered with the code; `Table.joined` adds imported ones."""
    return parse_table(read("cn-workdays.csv"))


def calendar() -> Calendar:
    return Calendar(workdays)
