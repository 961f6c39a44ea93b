"""Who acts: roles, actors and the permits a door declares. Closed by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.rules import Breach, Refused


class Role(StrEnum):
    """Roles of domain.md §8 that have a page of their own. PUBLIC is anyone, logged in or not."""

    PUBLIC = "public"
    TENDERER = "tenderer"  # 招标人
    AGENCY = "agency"  # 招标代理
    BIDDER = "bidder"  # 投标人
    EXPERT = "expert"  # 评标专家
    ELECTOR = "elector"  # 定标委员
    CENTRE = "centre"  # 交易中心: 受理、见证、场地
    REGULATOR = "regulator"  # 行业监管
    AUDITOR = "auditor"  # 审计/纪检: reads all, writes nothing
    ADMIN = "admin"  # 系统管理员: never sealed content


@dataclass(frozen=True)
class Actor:
    """The person behind a request. `person` and `org` are row ids; an anonymous visitor has neither.

    `certificate` is the fingerprint (SHA-256 hex of DER) of the certificate that signed the act, when one did.
    `session` and `device` are hashes of the login and of the terminal's token that the browser holds, "" without one;
    neither is ever recorded.
    """

    person: str = ""
    name: str = ""
    org: str = ""
    org_name: str = ""
    roles: frozenset[Role] = field(default_factory=frozenset)
    address: str = ""
    certificate: str = ""
    session: str = ""
    device: str = ""

    def __hash__(self) -> int:
        """Who it is says enough: a draft is looked up by its actor thousands of times a second."""
        return hash(self.person)

    def has(self, *roles: Role) -> bool:
        return Role.PUBLIC in roles or bool(self.roles & set(roles))

    def require(self, *roles: Role) -> None:
        """Refused unless the actor holds one of `roles` (职责分离, domain.md §8)."""
        if not self.has(*roles):
            raise Refused(denied("ACCESS", " / ".join(sorted(roles)), " / ".join(sorted(self.roles)) or Role.PUBLIC))


SYSTEM = Actor(person="system", name="system")


def denied(code: str, required: str, found: str) -> Breach:
    """A breach of separation of duties; 20号令 art. 7 and 48 put access under supervision."""
    return Breach(rule=code, article="电子招标投标办法 第48条", action="B", required=required, found=found)
