"""Templates of the opening record: a centre looks through them, writes, puts one in force, deletes, sees the PDF."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, g, request

from core.access import Role
from trading.opening import papers
from trading.record import queries, rules
from trading.record.rules import Layout
from web import words
from web.front import Permit, permit, reading, wired
from web.nav import Link
from web.pages.cases import page
from web.words import N_

blueprint = Blueprint("record_templates", __name__)
LINKS = (Link(N_("Record templates"), "/record-templates", "ti-template", Permit((Role.CENTRE,)), 75),)
# What columns and blocks are called; the order in which they are offered.
NAMES = {
    "number": N_("No."), "bidder": N_("Bidder's name"), "received_at": N_("Time of receipt"),
    "unlocking": N_("How it was unlocked"), "price": N_("Price"), "duration": N_("Duration"), "remarks": N_("Remarks"),
    "failures": N_("Bids that did not open, with digests"), "pauses": N_("Suspensions of the hall"),
    "objections": N_("Objections and answers"), "uscc": N_("Unified social credit code"),
    "signed_in_at": N_("Time of sign-in"), "unlocked_at": N_("Time of unlocking"),
    "digest": N_("Digest of the sealed file"), "capital": N_("Price in capital characters"), "quality": N_("Quality"),
    "manager": N_("Project manager"), "present": N_("List of those present"),
}  # fmt: skip
assert set(NAMES) == set(rules.COLUMNS)

words.teach(
    {
        "RECORD-COLUMN": N_("The law asks for this column of the opening record; no template leaves it out."),
        "RECORD-IN-FORCE": N_("The template in force is not deleted; put another one in force first."),
    }
)


@blueprint.get("/record-templates")
@permit(Role.CENTRE)
def index() -> str:
    """?q= in the name, ?deleted=1 the deleted ones, ?edit= the one to change."""
    session = reading()
    text, deleted = request.args.get("q", "").strip()[:60], request.args.get("deleted") == "1"
    listed = queries.templates(session, g.actor, text=text, deleted=deleted)
    changed = queries.versions(session, g.actor, request.args.get("edit", ""))
    return page(
        "trading/record_templates.html", listed=listed, q=text, deleted=deleted, names=NAMES, required=rules.REQUIRED,
        house=Layout(), in_force=queries.in_force(session, g.actor.org), editing=changed[0] if changed else None,
    )  # fmt: skip


def _layout(template: str) -> Layout:
    """A version of one's own (?version=, the newest without), or the house's own as `house`."""
    if template == "house":
        return Layout()
    found = queries.versions(reading(), g.actor, template)
    wanted = request.args.get("version", "")
    chosen = next((one for one in found if wanted in ("", str(one.version))), None)
    if chosen is None:
        abort(404)
    return chosen


@blueprint.get("/record-templates/<template>.pdf")
@permit(Role.CENTRE)
def preview(template: str) -> Response:
    """How a record of this template looks, with invented bidders."""
    layout = _layout(template)
    heads = [("项目名称", "样张（虚构）"), ("标段", "001 施工标段")]
    places = [("host", "主持人"), ("bidder-1", "投标人")]
    paper = papers.opening_record(_sample(layout), heads, places, layout, demo=wired().config.demo)
    return Response(paper.bytes, mimetype="application/pdf")


def _sample(layout: Layout) -> dict[str, Any]:
    """A machine record as of an opening just now: one bid opened, one whose key never came."""
    at = g.now - timedelta(hours=1)
    common = {"version": 1, "flags": [], "problem": "", "attachments": [], "reason": "", "cause": ""}
    opened = common | {
        "number": 1, "bid": "a" * 16, "org_name": "示例建设集团有限公司", "uscc": "91420000MA4K00000X",
        "received_at": at, "signed_in_at": at + timedelta(minutes=20), "unlocked_at": at + timedelta(minutes=40),
        "how": "bidder", "ciphertext_sha256": "0" * 64, "price": "5688.66", "duration_days": 365, "quality": "合格",
        "manager": {"name": "张某某", "certificate": "鄂0000"},
    }  # fmt: skip
    shut = common | {
        "number": 2, "bid": "b" * 16, "org_name": "样例市政工程有限公司", "uscc": "91420000MA4K00001X",
        "received_at": at, "signed_in_at": None, "unlocked_at": None, "how": "", "cause": "bidder",
        "reason": "解密时限内未提交解密密钥", "ciphertext_sha256": "f" * 64, "price": "", "duration_days": None,
        "quality": "", "manager": {},
    }  # fmt: skip
    return {
        "name": "样张：开标记录模板预览", "codes": {"lot": "（样张）"}, "unit": "万元", "ceiling": "6000",
        "host": "李某某", "began_at": at + timedelta(minutes=30), "window_until": at + timedelta(minutes=60),
        "closing_at": g.now, "deadline": at + timedelta(minutes=29), "clock": None, "outages": [], "decisions": [],
        "reference": None, "bids": [opened, shut], "pauses": [], "failures": [], "objections": [],
        "template": layout.said(),
    }  # fmt: skip
