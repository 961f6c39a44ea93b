# mypy: disable-error-code="no-untyped-call"
# (pyHanko leaves parts of its API without annotations)
"""What a PDF says of itself without being drawn: pages, outline, makers; and a short page tree for a reader.

Everything here was written by a bidder: every walk has an end, and whoever calls expects any error.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

MOST_ENTRIES, MOST_DEPTH, MOST_NODES, LONGEST = 2000, 8, 200_000, 200
# Below this a flat page tree is as short as any.
FLAT, BRANCH = 64, 32
INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")


@dataclass(frozen=True)
class PdfFacts:
    """`outline`: {title, page, level} in order, pages from 1. `index`: bytes that may follow the file, b"" for none."""

    pages: int
    outline: list[dict[str, Any]] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)
    index: bytes = b""


def read(source: BinaryIO) -> PdfFacts:
    """Raises whatever pyHanko raises for a file that is none."""
    reader = PdfFileReader(source, strict=False)
    root = reader.root["/Pages"]
    pages = _pages(root)
    outline = _outline(reader, {ref: place for place, ref in enumerate(pages, 1)})
    return PdfFacts(len(pages), outline, _made(reader), _index(source, reader, pages))


def made(source: BinaryIO) -> dict[str, str]:
    """Its makers alone; raises as `read` does."""
    return _made(PdfFileReader(source, strict=False))


def _at(holder: Any, key: str) -> Any:
    """The value itself, None where there is none; `.get` of pyHanko would hand out a reference."""
    return holder[key] if holder is not None and key in holder else None


# -- pages ------------------------------------------------------------------------------------------------------------


def _leaves(node: Any) -> bool:
    """Every kid is a page: as many kids as pages."""
    return bool(_at(node, "/Count") == len(node["/Kids"]))


def _pages(root: Any) -> list[Any]:
    """References of all pages in order."""
    found: list[Any] = []
    open_, seen = [root], 0
    while open_:
        node = open_.pop()
        seen += 1
        if seen > MOST_NODES:
            raise ValueError("the page tree has no end")
        if isinstance(node, generic.IndirectObject):
            loaded = node.get_object()
            if "/Kids" not in loaded:
                found.append(_key(node))
                continue
            node = loaded
        kids = [node["/Kids"].raw_get(place) for place in range(len(node["/Kids"]))]
        if _leaves(node):
            found += [_key(kid) for kid in kids]
        else:
            open_ += reversed(kids)
    return found


def _key(ref: Any) -> tuple[int, int]:
    return (ref.idnum, ref.generation)


# -- outline ----------------------------------------------------------------------------------------------------------


def _outline(reader: Any, pages: dict[tuple[int, int], int]) -> list[dict[str, Any]]:
    """Titles with the page they lead to; one whose target is not to be found is left out."""
    outlines = _at(reader.root, "/Outlines")
    found: list[dict[str, Any]] = []
    open_ = [(_at(outlines, "/First"), 0)] if outlines else []
    seen = 0
    while open_ and seen < MOST_ENTRIES:
        item, level = open_.pop()
        seen += 1
        if item is None:
            continue
        open_.append((_at(item, "/Next"), level))
        if level < MOST_DEPTH:
            open_.append((_at(item, "/First"), level + 1))
        page = pages.get(_target(reader, item))
        title = str(_at(item, "/Title") or "").replace("\x00", "").strip()[:LONGEST]
        if page and title:
            found.append({"title": title, "page": page, "level": level})
    return found


def _target(reader: Any, item: Any) -> tuple[int, int]:
    """Of /Dest, of a GoTo action, by name or outright; (0, 0) for anything else."""
    action = _at(item, "/A")
    dest = _at(item, "/Dest") or (_at(action, "/D") if action and _at(action, "/S") == "/GoTo" else None)
    if isinstance(dest, str | bytes):
        dest = _named(reader, dest)
    if isinstance(dest, generic.DictionaryObject):
        dest = _at(dest, "/D")
    if not isinstance(dest, generic.ArrayObject) or not dest:
        return (0, 0)
    first = dest.raw_get(0)
    return _key(first) if isinstance(first, generic.IndirectObject) else (0, 0)


def _named(reader: Any, name: str | bytes) -> Any:
    old = _at(reader.root, "/Dests")
    if old and isinstance(name, generic.NameObject):
        return _at(old, name)
    names = _at(reader.root, "/Names")
    open_ = [_at(names, "/Dests")] if names else []
    for _ in range(MOST_ENTRIES):
        if not open_ or open_[-1] is None:
            return None
        node = open_.pop()
        pairs = _at(node, "/Names") or ()
        for place in range(0, len(pairs) - 1, 2):
            if pairs[place] == name:
                return pairs[place + 1]
        kids = _at(node, "/Kids") or ()
        open_ += [kids[place] for place in range(len(kids))]
    return None


# -- makers -----------------------------------------------------------------------------------------------------------


def _made(reader: Any) -> dict[str, str]:
    """{document_id, author, creator, producer}, what is not said left out."""
    trailer, found = reader.trailer, {}
    if "/ID" in trailer:
        found["document_id"] = _bytes(trailer["/ID"][0]).hex()[:64]
    info = _at(trailer, "/Info") or {}
    for key in ("author", "creator", "producer"):
        value = str(_at(info, f"/{key.capitalize()}") or "").replace("\x00", "").strip()[:LONGEST]
        if value:
            found[key] = value
    return found


def _bytes(value: Any) -> Any:
    return value.original_bytes if isinstance(value, generic.TextStringObject) else bytes(value)


# -- a short page tree ------------------------------------------------------------------------------------------------


def _index(source: BinaryIO, reader: Any, pages: list[tuple[int, int]]) -> bytes:
    """A revision after the file whose page tree has branches of 32: a reader finds page 900 without the 899 before.

    Many programs hang every page on one node, and a reader must then look at each, wherever in the file it lies. The
    file itself stays as it is; only our reader is handed these bytes behind it.
    """
    root = reader.root["/Pages"]
    if len(pages) <= FLAT or len(root["/Kids"]) <= FLAT or reader.encrypted:
        return b""
    source.seek(0)
    writer = IncrementalPdfFileWriter(source, strict=False)
    old = writer.root["/Pages"]
    top = generic.DictionaryObject({generic.pdf_name(key): old.raw_get(key) for key in INHERITED if key in old})
    top[generic.pdf_name("/Type")] = generic.pdf_name("/Pages")
    place = writer.add_object(top)
    branches = [_branch(writer, place, pages[start : start + BRANCH]) for start in range(0, len(pages), BRANCH)]
    top[generic.pdf_name("/Kids")] = generic.ArrayObject(branches)
    top[generic.pdf_name("/Count")] = generic.NumberObject(len(pages))
    writer.root[generic.pdf_name("/Pages")] = place
    writer.update_root()
    out = _Tail(source.seek(0, io.SEEK_END))
    writer.write(out)
    return bytes(out.kept)


class _Tail:
    """Where a writer puts the whole file: what follows the first `size` bytes is kept."""

    def __init__(self, size: int) -> None:
        self.size, self.at, self.kept = size, 0, bytearray()

    def tell(self) -> int:
        return self.at

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self.kept += piece[max(0, self.size - self.at) :]
        self.at += len(piece)
        return len(piece)


def _branch(writer: Any, parent: Any, pages: list[tuple[int, int]]) -> Any:
    kids = generic.ArrayObject(generic.IndirectObject(number, generation, writer) for number, generation in pages)
    made = {"/Type": generic.pdf_name("/Pages"), "/Parent": parent, "/Kids": kids,
            "/Count": generic.NumberObject(len(pages))}  # fmt: skip
    return writer.add_object(generic.DictionaryObject({generic.pdf_name(key): one for key, one in made.items()}))
