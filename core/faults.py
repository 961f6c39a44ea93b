"""The two ways a check can end badly; commands turn them into exit status 2 and 1."""

from __future__ import annotations


class Unusable(ValueError):
    """The input cannot be judged at all: wrong shape, unknown key, missing file (exit status 2)."""


class Fault(Exception):
    """The input was judged and does not hold; the message names the first fault (exit status 1)."""
