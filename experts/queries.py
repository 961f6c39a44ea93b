"""The pool as plain data for a draw, and as a list for the staff who keep it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from experts.facts import Avoid, Employment, ExpertFacts
from experts.models import Expert
from experts.rules import exclusion, matches


def facts(row: Expert) -> ExpertFacts:
    jobs = tuple(
        Employment(one["uscc"], date.fromisoformat(one["until"]) if one.get("until") else None)
        for one in row.employments
    )
    return ExpertFacts(
        row.id, row.region, row.state, row.employer_uscc, jobs, tuple(row.specialities), row.id_hash
    )


def candidates(
    session: Session, regions: Sequence[str], specialities: Sequence[str], avoid: Avoid, day: date
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """(candidates [{id, site, specialities, employer}], excluded [{id, rule}]) of the pools of `regions`.

    Every expert of those regions with a wanted speciality stands in the list, the excluded ones too: the rule that
    keeps each of them out is part of the record. `employer` is null when none is known.
    """
    listed: list[dict[str, Any]] = []
    excluded: list[dict[str, str]] = []
    query = select(Expert).where(Expert.region.in_(regions), Expert.state.in_(["active", "paused"]))
    for row in session.scalars(query.order_by(Expert.id)):
        fits = matches(row.specialities, specialities)
        if not fits:
            continue
        listed.append({"id": row.id, "site": row.region, "specialities": fits, "employer": row.employer_uscc or None})
        rule = exclusion(facts(row), avoid, day)
        if rule is not None:
            excluded.append({"id": row.id, "rule": rule})
    return listed, excluded


def pool(session: Session, *, region: str = "", state: str = "", after: str = "", limit: int = 50) -> list[Expert]:
    """Experts by id, those after `after` (keyset)."""
    query = select(Expert).where(Expert.id > after)
    if region:
        query = query.where(Expert.region.startswith(region))
    if state:
        query = query.where(Expert.state == state)
    return list(session.scalars(query.order_by(Expert.id).limit(limit)))


def born_years(session: Session, persons: Sequence[str]) -> dict[str, int]:
    query = select(Expert.id, Expert.born_year).where(Expert.id.in_(persons))
    return {row[0]: row[1] for row in session.execute(query)}


def employers(session: Session, persons: Sequence[str]) -> dict[str, tuple[str, str]]:
    """{person: (employer's name, USCC)}."""
    query = select(Expert.id, Expert.employer_name, Expert.employer_uscc).where(Expert.id.in_(persons))
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}
