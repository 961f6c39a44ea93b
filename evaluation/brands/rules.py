"""The lot between bids of one brand that nothing else tells apart. Pure; anyone repeats it with the told seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from certs import lots

SEED_BYTES = 32
GROUND = "M87-31"
ARTICLE = "政府采购货物和服务招标投标管理办法 第31条"


def commitment(seed: bytes) -> str:
    return hashlib.sha256(b"gongheng/brand/1" + seed).hexdigest()


def lot(seed: bytes, case: str, bids: Collection[str]) -> str:
    """The one that stands for its brand."""
    return lots.shuffled(seed, f"brand {case}", bids)[0]
