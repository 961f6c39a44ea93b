"""Typed texts: all that a person's key signs besides PDF attributes. First the type, then one `name=value` a line.

A text can never be mistaken for signed attributes (those begin with 0x31) nor for a text of another type.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from core.clock import CST
from core.faults import Unusable

_WORD = re.compile(r"[\x21-\x7e]{1,120}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_ACT = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_HEX = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+08:00")


def _match(pattern: re.Pattern[str], value: Any, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Unusable(f"not a valid {what}: {value!r}"[:200])
    return value


def word(value: Any, what: str) -> str:
    """1 to 120 printable ASCII characters without blanks: ids, codes."""
    return _match(_WORD, value, what)


def nonce(value: Any) -> str:
    return _match(_NONCE, value, "nonce")


def act(value: Any) -> str:
    return _match(_ACT, value, "act")


def digest(value: Any, what: str = "digest") -> str:
    """64 lower-case hex digits."""
    return _match(_HEX, value, what)


def time(value: Any) -> str:
    """ISO 8601, whole seconds, Beijing time: 2026-11-21T10:00:00+08:00."""
    return _match(_TIME, value, "time")


def stamp(moment: datetime) -> str:
    """An aware moment as `time` writes it, cut to whole seconds."""
    return moment.astimezone(CST).replace(microsecond=0).isoformat()


def compose(kind: str, fields: dict[str, str]) -> bytes:
    return "".join([f"{kind}\n", *(f"{name}={value}\n" for name, value in fields.items())]).encode("ascii")


def parse(kind: str, text: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The fields in order; Unusable unless the text is exactly of this form. Values are not judged here."""
    try:
        lines = text.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Unusable(f"not a {kind} text") from None
    if len(lines) != len(names) + 2 or lines[0] != kind or lines[-1] != "":
        raise Unusable(f"not a {kind} text")
    fields = {}
    for name, line in zip(names, lines[1:-1], strict=True):
        if not line.startswith(f"{name}="):
            raise Unusable(f"not a {kind} text: {name} is missing")
        fields[name] = line[len(name) + 1 :]
    return fields
