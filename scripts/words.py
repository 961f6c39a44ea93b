"""Collects the messages of code and templates into the Chinese catalogue and says which have no words yet."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "web" / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po"
ROOMS = ("core", "certs", "accounts", "venues", "experts", "trading", "evaluation", "oversight", "web")
KEYWORDS = {"_": None, "gettext": None, "N_": None}
# A catalogue without its charset cannot be read back; dates and tools in the header would only make noise.
HEADER = b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nLanguage: zh_CN\\n"\n\n'


def used() -> set[str]:
    """Message ids of every room and template."""
    folders = [("templates", [("**.html", "jinja2")]), *((room, [("**.py", "python")]) for room in ROOMS)]
    found: set[str] = set()
    for folder, methods in folders:
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, methods, keywords=KEYWORDS):
            found.add(message if isinstance(message, str) else message[0])
    return found


def main() -> int:
    with PO.open("rb") as source:
        known = {message.id: message.string for message in read_po(source, locale="zh_CN") if message.id}
    catalogue = Catalog(locale="zh_CN")
    for message in used():
        catalogue.add(message, known.get(message, ""))
    with PO.open("wb") as target:
        target.write(HEADER)
        write_po(target, catalogue, width=120, omit_header=True, sort_output=True, no_location=True)
    lacking = sorted(message.id for message in catalogue if message.id and not message.string)
    sys.stdout.write(("\n".join(map(repr, lacking)) or f"all {len(catalogue)} messages have words") + "\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
