"""Chinese fonts for documents: found, registered, and asked for every character before it is printed.

A character missing from the font prints as a silent box and vanishes from extracted text: no legal document may.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics, ttfonts

from core.faults import Unusable

SERIF, SERIF_BOLD, SANS, SANS_BOLD = "NotoSerifSC", "NotoSerifSC-Bold", "NotoSansSC", "NotoSansSC-Bold"
FILES: dict[str, str] = {
    SERIF: "NotoSerifSC-Regular.ttf",
    SERIF_BOLD: "NotoSerifSC-Bold.ttf",
    SANS: "NotoSansSC-Regular.ttf",
    SANS_BOLD: "NotoSansSC-Bold.ttf",
}
BUILT = Path(__file__).resolve().parent.parent / "web" / "static" / "dist" / "fonts"


def folder(env: Mapping[str, str] | None = None) -> Path:
    """Where the four files lie: $GONGHENG_FONTS, else the built assets. Unusable names what to run."""
    named = (os.environ if env is None else env).get("GONGHENG_FONTS")
    for place in [Path(named), BUILT] if named else [BUILT]:
        if all((place / name).is_file() for name in FILES.values()):
            return place
    raise Unusable(f"document fonts are missing ({', '.join(FILES.values())}): run `make setup`")


@cache
def register() -> None:
    """Make the four faces known to reportlab, once a process (each takes about 50 ms)."""
    place = folder()
    ttfonts.makeToUnicodeCMap = _to_unicode
    for name, file in FILES.items():
        font = ttfonts.TTFont(name, str(place / file))
        font.face.get_table = cache(font.face.get_table)  # else every document copies the outlines of all characters
        pdfmetrics.registerFont(font)


def checked(text: str, font: str = SERIF) -> str:
    """`text` itself when `font` has every character; Unusable names the first it lacks."""
    register()
    glyphs = pdfmetrics.getFont(font).face.charToGlyph
    for character in text:
        if character != "\n" and (
            ord(character) not in glyphs or not (character.isprintable() or character == "\u3000")
        ):
            raise Unusable(f"the document font has no character {character!r} (U+{ord(character):04X})")
    return text


def legible(text: str) -> str:
    """What people wrote, with a box for each character that the font lacks: it must not hold up a paper."""
    try:
        return checked(text)
    except Unusable:
        return "".join(one if _has(one) else "□" for one in text)


def _has(character: str) -> bool:
    try:
        checked(character)
    except Unusable:
        return False
    return True


def width(text: str, font: str, size: float) -> float:
    """Printed width in points."""
    return float(pdfmetrics.stringWidth(text, font, size))


def _utf16_hex(code: int) -> str:
    return chr(code).encode("utf-16-be").hex().upper()


def _to_unicode(font_name: str, subset: list[int]) -> str:
    """reportlab's map writes five hex digits above U+FFFF, which readers extract as garbage; this one writes UTF-16."""
    rows: list[Any] = [f"<{index:02X}> <{_utf16_hex(code)}>" for index, code in enumerate(subset)]
    return "\n".join(
        [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo",
            f"<< /Registry ({font_name})",
            f"/Ordering ({font_name})",
            "/Supplement 0",
            ">> def",
            f"/CMapName /{font_name} def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            f"<00> <{len(subset) - 1:02X}>",
            "endcodespacerange",
            f"{len(subset)} beginbfchar",
            *rows,
            "endbfchar",
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
    )
