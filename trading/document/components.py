"""The parts a bid is made of (投标文件组成), as rows of the tender file: what the bid desk asks for by name. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core import fields
from core.faults import Unusable

KEYS = ("id", "name", "required", "format", "most_mb")
# format → (first bytes, ending); a file of another kind keeps its own ending.
FORMATS: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-", ".pdf"),
    "xlsx": (b"PK\x03\x04", ".xlsx"),
    "zip": (b"PK\x03\x04", ".zip"),
    "any": (b"", ""),
}
MOST, LARGEST_MB = 30, 2048
# Names that mean something inside a sealed bid.
TAKEN = ("bid", "price", "bill", "contents", "reference")
_ID = re.compile(r"[a-z0-9_-]{1,30}")
# What no name of a sealed part may hold (certs/sealing_parts.py).
_NAME = re.compile(r'[^\x00-\x1f\x7f/\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,60}')


def read(value: Mapping[str, Any], key: str = "components") -> list[dict[str, Any]]:
    """The rows, each {id, name, required, format, most_mb} with `most_mb` 0 where the file sets no limit."""
    found = [_row(row) for row in fields.items(value, key, most=MOST)]
    for name in ("id", "name"):
        if len({row[name] for row in found}) != len(found):
            raise Unusable(f"{key}: a name stands twice")
    return found


def _row(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise Unusable("components: an object is expected")
    fields.only(row, *KEYS)
    name, part = fields.text(row, "name", limit=60), fields.text(row, "id", limit=30)
    if not _NAME.fullmatch(name) or name.startswith(".") or name in TAKEN:
        raise Unusable("components.name: a name that a file may have is expected")
    if not _ID.fullmatch(part):
        raise Unusable("components.id: small letters and digits are expected")
    return {
        "id": part,
        "name": name,
        "required": fields.yes_no(row, "required", default=True),
        "format": fields.choice({"format": "pdf"} | row, "format", tuple(FORMATS)),
        "most_mb": fields.integer(row, "most_mb", least=0, most=LARGEST_MB, default=0),
    }


def printed(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Rows of the table in the tender file."""
    words = {"pdf": "PDF", "xlsx": "xlsx", "zip": "zip", "any": "不限"}
    return [
        [str(number), row["name"], "是" if row["required"] else "否", words[row["format"]],
         f"{row['most_mb']} MB" if row["most_mb"] else "不限"]
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip
