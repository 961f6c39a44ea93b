"""What entries say of who was where: committee, seats, lines, venues."""

from __future__ import annotations

from verifier.replay.state import Body, Course, Handler, told

SAYS: dict[str, Handler] = {}
says = told(SAYS)
# Sections that tell of one committee: gone with it.
_SITTING = ("members", "fails", "votes", "rejected", "questions", "lowprice", "words", "unlocks", "totals", "sheets",
            "seats", "reports", "sites", "incidents", "counts")  # fmt: skip


@says("opening.opened")
def _opened(c: Course, b: Body, at: str) -> None:
    for one in b.get("bids", ()):
        if one.get("how"):
            c.put("bids", one["bid"], number=one.get("number"), name=one.get("org_name"), price=one.get("price"))
    c.bids = list(c.now.get("bids", {}))


@says("project.retendered")
def _again(c: Course, b: Body, at: str) -> None:
    c.clear(*_SITTING, "sitting", "bids")
    c.cells, c.bids = {}, []


@says("committee.void")
def _void(c: Course, b: Body, at: str) -> None:
    c.clear(*_SITTING, "sitting")
    c.cells = {}


@says("draw.requested")
def _requested(c: Course, b: Body, at: str) -> None:
    c.sitting(at=b.get("at"), places=int(b.get("experts", 0)) + int(b.get("representatives", 0)))
    for site, wanted in b.get("members_by_site", {}).items():
        c.put("sites", site, wanted=wanted)


@says("committee.drawn")
def _drawn(c: Course, b: Body, at: str) -> None:
    c.sitting(owed=[], stage=c.get("sitting", "sitting").get("stage") or "SIGN_IN")


@says("draw.replacement_owed")
def _owed(c: Course, b: Body, at: str) -> None:
    c.sitting(owed=sorted([*c.get("sitting", "sitting").get("owed", []), b["site"]]))


# -- who is there -----------------------------------------------------------------------------------------------------


@says("invitation.accepted")
def _accepted(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], site=b.get("site"), state="accepted")


@says("spare.called", "representative.named")
def _called(c: Course, b: Body, at: str) -> None:
    site = b.get("site") or c.get("members", b.get("for", "")).get("site", "")
    state = "invited" if "site" in b else "accepted"
    c.put("members", b["member"], site=site, state=state, instead_of=b.get("for", ""))


@says("seat.revealed")
def _seated(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], site=b.get("site"), seat=b.get("seat"), state="signed_in", since=at)


@says("signin.confirmed")
def _confirmed(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], identity=b.get("how"))


@says("pledge.signed")
def _pledged(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], state="pledged")


@says("member.left")
def _left(c: Course, b: Body, at: str) -> None:
    member = b["member"]
    was_in = c.get("members", member).get("state") in ("signed_in", "pledged")
    c.put("members", member, site=b.get("site"), state=b.get("how"), away="", alarm=False, until=at)
    if not was_in:
        return
    c.forget(member)
    c.clear("totals")
    c.sitting(stage="SIGN_IN", benchmark=None)
    if c.get("sitting", "sitting").get("leader") == member:
        c.sitting(leader="")
        for key in [key for key, one in c.now.get("votes", {}).items() if one.get("what") == "leader"]:
            c.drop("votes", key)


@says("member.offline")
def _offline(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], away=b.get("since") or at)


@says("member.back")
def _back(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], away="", alarm=False)


@says("seat.alarm")
def _alarm(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], alarm=True)


@says("seat.change_asked")
def _seat_asked(c: Course, b: Body, at: str) -> None:
    c.put("seats", b["change"], member=b["member"], to=b.get("seat"), reason=b.get("reason", ""),
          breaches=b.get("breaches", []), state="asked")  # fmt: skip


@says("seat.change_refused")
def _seat_refused(c: Course, b: Body, at: str) -> None:
    c.put("seats", b["change"], state="refused")


@says("seat.changed")
def _seat_changed(c: Course, b: Body, at: str) -> None:
    c.put("seats", b["change"], member=b["member"], to=b.get("to"), reason=b.get("reason", ""),
          breaches=b.get("breaches", []), state="done", **{"from": b.get("from")})  # fmt: skip
    c.put("members", b["member"], seat=b.get("to"))


@says("duty.assigned")
def _duty(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], duty=b.get("duty", ""))


@says("hand.raised")
def _hand(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], hand=True)


@says("hand.lowered", "hand.called")
def _hand_down(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], hand=False)


@says("talk.said")
def _talk(c: Course, b: Body, at: str) -> None:
    c.count("talk")


@says("recording.kept")
def _recording(c: Course, b: Body, at: str) -> None:
    c.count("recordings")


@says("site.cut")
def _cut(c: Course, b: Body, at: str) -> None:
    c.put("sites", b["site"], cut=at, reason=b.get("reason", ""))


@says("site.back")
def _site_back(c: Course, b: Body, at: str) -> None:
    c.put("sites", b["site"], cut="", reason="")


@says("door.opened")
def _door(c: Course, b: Body, at: str) -> None:
    c.put("sites", b["site"], door=at)


@says("incident.noted")
def _incident(c: Course, b: Body, at: str) -> None:
    number = len(c.now.get("incidents", {})) + 1
    c.put("incidents", str(number), at=at, site=b.get("site", ""), text=b.get("text", ""))
