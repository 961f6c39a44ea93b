"""Public tables kept as text, and the ready objects made of them; read once per process.

regions.csv: National Bureau of Statistics 统计用区划代码, as of 2023-06-30, with 71–82 from GB/T 2260; changes after
that date are missing. cn-workdays.csv: State Council holiday notices for 2024–2026.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

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


_IMPORTED: list[Path] = []


def imported_to(folder: Path) -> None:
    """Where imported years lie; set once at start by the composition root."""
    _IMPORTED[:] = [folder / "calendar"]


def remember(data_dir: Path, text: str) -> list[int]:
    """Keep the notice of one or more years for this installation; the years. Unusable for a bad table."""
    table = parse_table(text)
    folder = data_dir / "calendar"
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(map(str, sorted(table.years)))
    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return sorted(table.years)


def _known() -> Table:
    table = workdays()
    for folder in _IMPORTED:
        for path in sorted(folder.glob("*.csv")):
            table = table.joined(parse_table(path.read_text(encoding="utf-8")))
    return table


def calendar() -> Calendar:
    return Calendar(_known)
