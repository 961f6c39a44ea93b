"""Who is in a room's call now: in memory alone, like presence. Picture and sound never pass the server.

A place in a call is a peer. A member has at most one, the newest; whoever only watches is a peer without a member. A
peer whose line fell is kept a while, so that it comes back to the same call with its connections alive.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Peer:
    """`line`: the Socket.IO session, "" while it is cut. `member` is "" for one who watches."""

    id: str
    case: str
    person: str
    member: str
    line: str
    camera: bool = False
    microphone: bool = False

    @property
    def there(self) -> bool:
        return bool(self.line)

    def told(self) -> dict[str, object]:
        """What other peers learn of it."""
        return {"peer": self.id, "member": self.member, "there": self.there, "camera": self.camera,
                "microphone": self.microphone}  # fmt: skip


ABSENT = Peer("", "", "", "", "")


@dataclass
class Calls:
    """One per process. `_dark`: since when a member's camera is off; `_first`: since when this process knows a room."""

    _peers: dict[str, Peer] = field(default_factory=dict)
    _dark: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _lit: set[tuple[str, str]] = field(default_factory=set)
    _first: dict[str, datetime] = field(default_factory=dict)

    def enter(self, case: str, person: str, member: str, line: str, resume: str, now: datetime) -> Peer:
        """The peer that comes back under its id, or a new one."""
        self._first.setdefault(case, now)
        peer = self._peers.get(resume)
        if peer is None or (peer.case, peer.person, peer.member) != (case, person, member):
            peer = Peer(secrets.token_hex(8), case, person, member, line)
            self._peers[peer.id] = peer
        peer.line = line
        return peer

    def leave(self, peer: Peer, now: datetime) -> None:
        self._peers.pop(peer.id, None)
        if peer.member and not any(one.member == peer.member for one in self.of(peer.case)):
            self._note(peer.case, peer.member, False, now)

    def cut(self, peer: Peer, now: datetime) -> None:
        """Its line fell: for all who look, the camera is off until it comes back."""
        peer.line = ""
        if peer.member:
            self._note(peer.case, peer.member, False, now)

    def tell(self, peer: Peer, camera: bool, microphone: bool, now: datetime) -> None:
        peer.camera, peer.microphone = camera, microphone
        if peer.member:
            self._note(peer.case, peer.member, camera, now)

    def _note(self, case: str, member: str, camera: bool, now: datetime) -> None:
        key = (case, member)
        if camera:
            self._lit.add(key)
            self._dark.pop(key, None)
        else:
            self._lit.discard(key)
            self._dark.setdefault(key, now)

    def of(self, case: str) -> list[Peer]:
        return [peer for peer in self._peers.values() if peer.case == case]

    def by_line(self, line: str) -> list[Peer]:
        return [peer for peer in self._peers.values() if line and peer.line == line]

    def get(self, peer: str) -> Peer | None:
        return self._peers.get(peer)

    def seat(self, case: str, member: str) -> Peer:
        """The member's peer, or one that is absent."""
        return next((peer for peer in self.of(case) if peer.member == member), ABSENT)

    def dark(self, case: str, member: str, begun: datetime | None, now: datetime) -> datetime | None:
        """Since when the camera is off, counted from when the sitting began and this process knows of it; None when it
        is on or nothing has begun."""
        if begun is None or (case, member) in self._lit:
            return None
        return max(begun, self._first.setdefault(case, now), self._dark.get((case, member), begun))

    def cases(self) -> Iterable[str]:
        return {peer.case for peer in self._peers.values()}


CALLS = Calls()
