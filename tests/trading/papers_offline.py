"""Papers of the mall in tests: drawn up as the timer does, signed as a browser does, checked as a stranger does."""

from __future__ import annotations

from typing import Any

import pypdfium2

from certs import authority, desk_sign, suite
from certs.models import SigningDoc
from core import canon, jobs
from core.access import Actor
from core.jobs import DueJob
from verifier import papers, trust


def planned(world: Any, act: str, subject: str, kind: str) -> list[dict[str, Any]]:
    """Payloads of the jobs that call for such a paper."""
    with world.read() as session:
        found = session.query(DueJob).filter_by(act=act, case=subject).order_by(DueJob.at, DueJob.id)
        return [one.payload for one in found if one.payload["kind"] == kind]


def ring(world: Any, act: str, subject: str, kind: str) -> str:
    """The paper that was called for, once; its document."""
    (wanted,) = planned(world, act, subject, kind)
    return str(jobs.LONG[act](world.acts, subject, wanted)["document"])


def sign(world: Any, document: str, actor: Actor, key: suite.PrivateKey) -> None:
    offer = desk_sign.prepare_signature(world.acts, actor, document, "buyer")
    desk_sign.finish_signature(world.acts, actor, document, "buyer", suite.sign_raw(key, offer.tbs), offer.lease)


def pdf_of(world: Any, document: str) -> bytes:
    with world.read() as session:
        data: bytes = world.acts.house.blobs.get(session.get_one(SigningDoc, document).head)
        return data


def text_of(data: bytes) -> str:
    """Without blanks and line breaks."""
    with pypdfium2.PdfDocument(data) as pdf:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in pdf)


def offline(world: Any, data: bytes) -> list[str]:
    """As `flask verify` does, with trust.json alone."""
    said = canon.dumps(authority.of(world.acts.house.config).trust())
    return papers.accept(data, trust.parse(said))
