"""Who may see what from when: domain.md §4 as one table, which tests/stories/test_visibility.py holds the platform to.

A field is one secret of the case that is played. It is found by its mark: words, points or the digest of a file that
stand nowhere else. Whoever is not named in its row never sees it; docs/visibility.md is written from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Stage(IntEnum):
    """Moments at which everybody looks."""

    BIDS_IN = 1  # an hour before the deadline
    OPENED = 2
    COMMITTEE = 3  # drawn and accepted, nobody has come
    PRELIM = 4  # findings, talk, notes, a clarification; one member has locked
    VOTES = 5  # all have locked their findings, one has voted
    SCORING = 6  # drafts; one member has locked
    SUMMARY = 7  # all have locked; a reason for a score that stands out, a dissent
    REPORT = 8  # made, not signed
    EVALUATED = 9  # signed and sealed
    PUBLISHED = 10  # award meeting held, candidates published
    RESULT = 11


class Who(StrEnum):
    PUBLIC = "public"
    BIDDER_A = "bidder A"
    BIDDER_B = "bidder B"
    BIDDER_D = "rejected bidder D"
    TENDERER = "tenderer's staff"
    REPRESENTATIVE = "tenderer's representative"
    AGENCY = "agency"
    AUTHOR = "the member itself"
    FELLOW = "another member"
    LEADER = "leader"
    OUTSIDER = "expert outside"
    MAIN = "trading centre (main venue)"
    SUB = "the member's venue"
    OTHER_SUB = "another sub-venue"
    REGULATOR = "regulator of the case"
    OTHER_REGULATOR = "another regulator"
    AUDITOR = "auditor"
    ADMIN = "administrator"
    ELECTOR = "award committee"


EVERYBODY = tuple(Who)
COMMITTEE = (Who.AUTHOR, Who.FELLOW, Who.LEADER, Who.REPRESENTATIVE)
WATCH = (Who.REGULATOR, Who.AUDITOR)
# The tender's own side reads the sealed report; the trading centre, which seals it and keeps the file (§8), too.
PARTIES = (Who.TENDERER, Who.AGENCY, Who.MAIN)
Span = tuple[Stage, Stage]


@dataclass(frozen=True)
class Field:
    """`seen`: {who: first and last stage}; everybody else never."""

    id: str
    what: str
    basis: str
    seen: dict[Who, Span]

    def may(self, who: Who, stage: Stage) -> bool:
        first, last = self.seen.get(who, (Stage.RESULT + 1, Stage.RESULT))
        return first <= stage <= last


def since(**stages: tuple[Who, ...]) -> dict[Who, Span]:
    """STAGE=(who, …): from that stage to the end."""
    return {one: (Stage[name], Stage.RESULT) for name, people in stages.items() for one in people}


# What the report holds: members sign it, parties and supervisors get it sealed, the award committee decides by it.
REPORTED = since(EVALUATED=(*PARTIES, *WATCH), PUBLISHED=(Who.ELECTOR,))
SECRECY, INDEPENDENCE = "招标投标法 第38条、第40条", "招标投标法 第44条; 财政部令87号 第62条"

FIELDS = (
    Field("bid", "that B has bid (its bid's id)", "电子招标投标办法 第21条、第27条; §4 opening",
          since(OPENED=EVERYBODY) | since(BIDS_IN=(Who.BIDDER_B,))),
    Field("price", "price of B", "电子招标投标办法 第27条、第32条; §4 opening", since(OPENED=EVERYBODY)),
    Field("file", "bid file of B", f"{SECRECY}; 电子招标投标办法 第33条; §4 evaluation",
          since(PRELIM=COMMITTEE, EVALUATED=WATCH)),
    Field("name", "name of a member, with the case", "招标投标法 第37条; §1 R1-20, §6",
          REPORTED | since(COMMITTEE=(Who.AUTHOR,), PRELIM=(*COMMITTEE[1:], Who.SUB, *WATCH))),
    Field("finding", "a member's finding and its reason", f"{INDEPENDENCE}; §3.1, §4",
          REPORTED | since(PRELIM=(Who.AUTHOR,), VOTES=(*COMMITTEE[1:], *WATCH))),
    Field("vote", "a member's reason for a vote", f"{INDEPENDENCE}; §3.1", REPORTED | since(REPORT=COMMITTEE)),
    Field("leader_vote", "whom a member voted leader", "评标委员会和评标方法暂行规定 第9条; §4 leader",
          since(EVALUATED=WATCH)),
    Field("draft", "points another member has noted and changed", "§3.6 independence, §4 own scores",
          {Who.FELLOW: (Stage.SCORING, Stage.SCORING)}),
    Field("points", "points of a member", f"{INDEPENDENCE}; §3.6, §4",
          REPORTED | since(SCORING=(Who.AUTHOR,), SUMMARY=(Who.LEADER, *WATCH),
                           REPORT=(Who.FELLOW, Who.REPRESENTATIVE))),
    Field("price_score", "price score of A", "§3.6, §4 summary after all lock",
          REPORTED | since(SUMMARY=(Who.LEADER, *WATCH), REPORT=(Who.AUTHOR, Who.FELLOW, Who.REPRESENTATIVE),
                           EVALUATED=(*PARTIES, Who.BIDDER_A))),
    Field("total", "total of A", "§3.6, §4; in the publicity §1 R1-34",
          since(PUBLISHED=EVERYBODY) | since(SUMMARY=(Who.LEADER, *WATCH), EVALUATED=(*PARTIES, Who.BIDDER_A),
                                             REPORT=(Who.AUTHOR, Who.FELLOW, Who.REPRESENTATIVE))),
    Field("reason", "a member's reason for points that stand out", "财政部令87号 第64条; §3.6",
          REPORTED | since(SUMMARY=(Who.AUTHOR, Who.LEADER, *WATCH), REPORT=(Who.FELLOW, Who.REPRESENTATIVE))),
    Field("dissent", "another member's dissent", "招标投标法实施条例 第53条; §3.7", REPORTED | since(REPORT=COMMITTEE)),
    Field("talk", "what is said in the room", f"{SECRECY}; §4", since(PRELIM=(*COMMITTEE, *WATCH))),
    Field("note", "a member's note in a bid", f"{SECRECY}; §3.6", since(PRELIM=(Who.AUTHOR,))),
    Field("question", "question of the committee to B", "招标投标法实施条例 第52条; §3.7, §4 clarification only",
          REPORTED | since(PRELIM=(*COMMITTEE, Who.BIDDER_B))),
    Field("answer", "answer of B to the committee", "招标投标法实施条例 第52条; §3.7, §4 logs",
          REPORTED | since(PRELIM=(*COMMITTEE, Who.BIDDER_B, *WATCH))),
)  # fmt: skip


def deviations(found: dict[tuple[Stage, Who], dict[str, list[str]]], field: Field) -> list[str]:
    """One line for every place where a field stands that must not, and for every one who should see it and does not.

    `found`: {(stage, who): {field: addresses}}; a field without an entry did not exist yet.
    """
    lines = []
    for (stage, who), hits in found.items():
        if field.id not in hits:
            continue
        where = hits[field.id]
        if where and not field.may(who, stage):
            lines.append(f"LEAK {stage.name}: {who} finds {field.what} in {', '.join(where[:4])}")
        if not where and field.may(who, stage):
            lines.append(f"MISSING {stage.name}: {who} does not find {field.what}")
    return lines


def written() -> str:
    """docs/visibility.md."""
    head = (
        "# Who sees what from when\n\nWritten from the table in `tests/stories/visibility.py` and checked by "
        "`tests/house/test_visibility_table.py`. `tests/stories/test_visibility.py` plays a case and searches every "
        "page, answer and live channel that each of them can get, at each stage, with every id an insider would know: "
        "what a row does not name must not be there, what it names must be. § are those of the rule book.\n\n"
        "Stages: " + " → ".join(stage.name for stage in Stage) + ".\n\n"
        "| field | seen by, from when | basis |\n|---|---|---|\n"
    )
    return head + "".join(f"| {one.what} | {_seen(one)} | {one.basis} |\n" for one in FIELDS)


def _seen(field: Field) -> str:
    spans: dict[Span, list[str]] = {}
    for who in Who:
        if who in field.seen:
            spans.setdefault(field.seen[who], []).append(str(who))
    said, left = [], len(Who)
    for (first, last), people in sorted(spans.items()):
        left -= len(people)
        named = "everybody" if len(people) == len(Who) else "everybody else" if not left else ", ".join(people)
        said.append(f"{first.name}{' only' if first == last else ''}: {named}")
    return "; ".join(said) + ("" if len(field.seen) == len(Who) else "; others never")
