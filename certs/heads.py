"""The heads of all streams under one root: what a platform log entry says at one moment.

A run takes every stream's head, sorted by stream, as the leaves of a Merkle tree and enters {streams, heads} (number
and root) in the platform log. Who is shown one head with its path learns nothing of the others; and since the last
entry of a checkpoint is always such a run, a case file cannot pass off an older head as the present one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs.suite import exact_keys
from core import canon, merkle
from core.faults import Fault, Unusable

KIND = "heads"


@dataclass(frozen=True)
class Head:
    """`root` is the Merkle root of the stream's `size` entries, hex."""

    stream: str
    size: int
    root: str

    @property
    def leaf(self) -> bytes:
        return merkle.leaf_hash(canon.dumps({"stream": self.stream, "size": self.size, "root": self.root}))


class Heads:
    """All heads of one run, {stream: {size, root}} as core.ledger gives them."""

    def __init__(self, heads: Mapping[str, Mapping[str, Any]]) -> None:
        self.heads = [Head(name, one["size"], one["root"]) for name, one in sorted(heads.items())]
        self._leaves = [one.leaf for one in self.heads]

    @property
    def body(self) -> dict[str, Any]:
        """The body of the platform entry of kind KIND."""
        return {"streams": len(self.heads), "heads": merkle.root_of(self._leaves).hex()}

    def shown(self, stream: str) -> dict[str, Any]:
        """{stream, size, root, index, proof: [hex]} for a case file; Unusable for a stream that was not taken."""
        for index, one in enumerate(self.heads):
            if one.stream == stream:
                proof = [step.hex() for step in merkle.inclusion_proof(self._leaves, index)]
                return {"stream": one.stream, "size": one.size, "root": one.root, "index": index, "proof": proof}
        raise Unusable(f"no head of stream {stream} was taken")


def verify(body: Any, shown: Any) -> Head:
    """The head that `shown` proves under the platform entry's body; Fault when it does not."""
    body = exact_keys(body, {"streams", "heads"}, "body of a platform entry")
    shown = exact_keys(shown, {"stream", "size", "root", "index", "proof"}, "stream head")
    head = Head(shown["stream"], shown["size"], shown["root"])
    try:
        proof = [bytes.fromhex(step) for step in shown["proof"]]
        merkle.verify_inclusion(head.leaf, shown["index"], body["streams"], proof, bytes.fromhex(body["heads"]))
    except (Fault, ValueError, TypeError):
        raise Fault(f"the head of stream {head.stream} is not among those of the platform entry") from None
    return head
