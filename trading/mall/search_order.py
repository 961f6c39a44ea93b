"""The first so many of a set in the order of a number, and those after a given one: by the bits of the number.

`slices` are sets of ids, one a bit, the smallest bit first: the id is in a slice when its number has that bit. Both
take as many steps as there are bits, however many ids there are; among equal numbers the smaller id comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import BitMap

LAST = 1 << 32


def after(ids: BitMap, slices: Sequence[BitMap], value: int, last: int, descending: bool) -> BitMap:
    """Those that come after the id `last` with the number `value`."""
    equal, found = ids, BitMap()
    for bit in reversed(range(len(slices))):
        ones = equal & slices[bit]
        rest = equal - ones
        if value >> bit & 1:
            equal, other, wanted = ones, rest, descending
        else:
            equal, other, wanted = rest, ones, not descending
        if wanted:
            found |= other
    return found | _above(equal, last)


def _above(ids: BitMap, last: int) -> BitMap:
    """Those greater than `last`."""
    if not ids or last >= ids.max():
        return BitMap()
    greater = BitMap()
    greater.add_range(last + 1, ids.max() + 1)
    return ids & greater


def between(ids: BitMap, slices: Sequence[BitMap], least: int, most: int) -> BitMap:
    """Those whose number is `least` to `most`."""
    return after(ids, slices, least, -1, False) - after(ids, slices, most, LAST, False)


def first(ids: BitMap, slices: Sequence[BitMap], count: int, descending: bool) -> BitMap:
    """The first `count`, or all where there are fewer."""
    sure, left = BitMap(), ids
    for bit in reversed(range(len(slices))):
        if len(sure) + len(left) <= count:
            break
        ones = left & slices[bit]
        nearer = ones if descending else left - ones
        if len(sure) + len(nearer) >= count:
            left = nearer
        else:
            sure |= nearer
            left = left - nearer
    return sure | left[: count - len(sure)]
