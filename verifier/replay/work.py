"""What entries say of the work: stages and halts, findings, votes, points, questions, the report."""

from __future__ import annotations

from verifier.replay.state import Body, Course, Handler, told

SAYS: dict[str, Handler] = {}
says = told(SAYS)
# Grounds beside those of the tender file: the committee's own, and a corrected price that was not confirmed.
LACK, LOWPRICE, UNCONFIRMED = "LACK", "LOWPRICE", "M87-59"
REPORT, SEAL = "evaluation_report", "seal"  # a kind of paper, and the place that no person signs (certs/desk)

# -- stages and halts -------------------------------------------------------------------------------------------------


@says("sitting.stage")
def _stage(c: Course, b: Body, at: str) -> None:
    if b["stage"] == "LACK" and c.get("sitting", "sitting").get("stage") in ("SCORING", "LOWPRICE"):
        c.drop("votes", "lack")  # fewer bids than the committee judged on before
    c.sitting(stage=b["stage"])


@says("sitting.paused")
def _paused(c: Course, b: Body, at: str) -> None:
    keys = ("halt", "kind", "cause", "site", "reason", "since")
    c.sitting(pause={key: b.get(key, "") for key in keys} | {"go_on_at": b.get("go_on_at", ""), "words": {}})
    if b.get("kind") == "overnight":  # nobody is missed over night
        for member, one in list(c.now.get("members", {}).items()):
            if one.get("away"):
                c.put("members", member, away="", alarm=False)


def _pause(c: Course, **facts: object) -> None:
    held = c.get("sitting", "sitting").get("pause")
    if held:
        c.sitting(pause=held | facts)


@says("sitting.hour_moved")
def _hour(c: Course, b: Body, at: str) -> None:
    _pause(c, go_on_at=b.get("until", ""))


def _word(c: Course, party: str, said: str) -> None:
    words = (c.get("sitting", "sitting").get("pause") or {}).get("words", {})
    _pause(c, words=words | {party: said})


@says("halt.confirmed")
def _halt_word(c: Course, b: Body, at: str) -> None:
    _word(c, b.get("party", ""), b.get("reason", ""))


@says("member.rejoined")
def _rejoined(c: Course, b: Body, at: str) -> None:
    if b.get("night"):
        _word(c, b["member"], "")


@says("sitting.resumed")
def _resumed(c: Course, b: Body, at: str) -> None:
    c.sitting(pause=None)


@says("sitting.extended")
def _extended(c: Course, b: Body, at: str) -> None:
    c.sitting(until=b.get("until"))


@says("leader.voted")
def _leader_voted(c: Course, b: Body, at: str) -> None:
    c.cast(f"leader:{b.get('round')}", b["member"], b.get("for"), what="leader", round=b.get("round"))


@says("leader.elected")
def _leader(c: Course, b: Body, at: str) -> None:
    c.sitting(leader=b["leader"])


# -- the review -------------------------------------------------------------------------------------------------------


@says("review.marked")
def _marked(c: Course, b: Body, at: str) -> None:
    member, marks = b["member"], b.get("marks", [])
    for one in marks:
        key = f"{member}:{one['bid']}:{one['item']}"
        if one.get("pass"):
            c.drop("fails", key)
        else:
            c.put("fails", key, **{"member": member} | {k: v for k, v in one.items() if k != "pass"})
    c.put("members", member, marked=c.fill(member, "marks", ((one["bid"], one["item"]) for one in marks)))


@says("review.locked")
def _review_locked(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], review_locked=at)


@says("reject.voted")
def _reject(c: Course, b: Body, at: str) -> None:
    c.cast(f"reject:{b.get('bid')}:{b.get('ground')}", b["member"], b.get("reject"), what="reject", bid=b.get("bid"),
           ground=b.get("ground"))  # fmt: skip


def _rejected(c: Course, found: dict[str, str]) -> None:
    for bid in c.now.get("rejected", {}).keys() - found.keys():
        c.drop("rejected", bid)
    for bid, ground in found.items():
        c.put("rejected", bid, ground=ground)


@says("review.settled")
def _settled(c: Course, b: Body, at: str) -> None:
    _rejected(c, b.get("rejected", {}))
    c.sitting(lack=None)


@says("lack.voted")
def _lack(c: Course, b: Body, at: str) -> None:
    c.cast("lack", b["member"], b.get("lack"), what="lack")


@says("lack.settled")
def _lack_settled(c: Course, b: Body, at: str) -> None:
    c.sitting(lack=dict(b))
    if b.get("lack"):
        held = {bid: one["ground"] for bid, one in c.now.get("rejected", {}).items()}
        _rejected(c, dict.fromkeys(c.bids, LACK) | held)


# -- questions to bidders ---------------------------------------------------------------------------------------------


@says("clarification.asked")
def _asked(c: Course, b: Body, at: str) -> None:
    c.put("questions", b["clarification"], bid=b.get("bid"), ground=b.get("ground", ""), question=b.get("question"),
          asked=at, until=b.get("until"))  # fmt: skip


@says("clarification.answered")
def _answered(c: Course, b: Body, at: str) -> None:
    c.put("questions", b["clarification"], bid=b.get("bid"), answer=b.get("answer"), answered=at)


# -- points -----------------------------------------------------------------------------------------------------------


@says("score.saved")
def _saved(c: Course, b: Body, at: str) -> None:
    member = b["member"]
    cells = ((one["bid"], one["criterion"]) for one in b.get("cells", []))
    c.put("members", member, scored=c.fill(member, "scores", cells))


@says("score.locked")
def _score_locked(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], score_locked=at)
    c.put("sheets", b["member"], sheet=b.get("sheet"), points=c.opened.get(str(b.get("sheet"))))


def _reopen(c: Course, member: str) -> None:
    c.put("members", member, score_locked="")
    c.drop("sheets", member)


@says("score.reopened")
def _reopened(c: Course, b: Body, at: str) -> None:
    _reopen(c, b["member"])


@says("unlock.asked")
def _unlock(c: Course, b: Body, at: str) -> None:
    c.put("unlocks", b["request"], member=b["member"], reason=b.get("reason", ""), state="asked")


@says("unlock.decided")
def _unlocked(c: Course, b: Body, at: str) -> None:
    granted = bool(b.get("granted"))
    c.put("unlocks", b["request"], member=b["member"], state="granted" if granted else "refused",
          answer=b.get("answer", ""))  # fmt: skip
    if granted:
        _reopen(c, b["member"])


@says("blind.scored")
def _blind_saved(c: Course, b: Body, at: str) -> None:
    cells = ((one["code"], one["criterion"]) for one in b.get("cells", []))
    c.put("members", b["member"], blind_scored=c.fill(b["member"], "blind", cells))


@says("blind.locked")
def _blind_locked(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], blind_locked=at)


@says("blind.revealed")
def _revealed(c: Course, b: Body, at: str) -> None:
    for bid, code in b.get("codes", {}).items():
        c.put("bids", bid, code=code)


@says("scores.summarised")
def _summarised(c: Course, b: Body, at: str) -> None:
    totals = b.get("totals", {})
    for bid in c.now.get("totals", {}).keys() - totals.keys():
        c.drop("totals", bid)
    for bid, total in totals.items():
        c.put("totals", bid, total=total)
    c.sitting(benchmark=b.get("benchmark"))


@says("anomaly.confirmed")
def _confirmed(c: Course, b: Body, at: str) -> None:
    key = f"{b['member']}:{b.get('bid')}:{b.get('criterion')}"
    c.put("words", key, **{k: b.get(k) for k in ("member", "bid", "criterion", "points", "reason")})


@says("score.corrected")
def _corrected(c: Course, b: Body, at: str) -> None:
    key = f"{b['member']}:{b.get('bid')}:{b.get('criterion')}"
    c.put("words", key, **{k: b.get(k) for k in ("member", "bid", "criterion", "before", "after", "reason")})
    sheet = c.get("sheets", b["member"])
    if sheet.get("points"):
        row = sheet["points"].get(b.get("bid"), {}) | {b.get("criterion"): b.get("after")}
        c.put("sheets", b["member"], points=sheet["points"] | {b.get("bid"): row})


# -- abnormally low prices --------------------------------------------------------------------------------------------


def _low_word(c: Course, bid: str, name: str, member: str, word: object) -> None:
    c.put("lowprice", bid, **{name: c.get("lowprice", bid).get(name, {}) | {member: word}})


@says("lowprice.doubted")
def _doubted(c: Course, b: Body, at: str) -> None:
    _low_word(c, b["bid"], "starts", b["member"], b.get("start"))


@says("lowprice.opened")
def _low_opened(c: Course, b: Body, at: str) -> None:
    for one in b.get("bids", []):
        c.put("lowprice", one["bid"], triggers=one.get("triggers", []))


@says("lowprice.voted")
def _low_voted(c: Course, b: Body, at: str) -> None:
    _low_word(c, b["bid"], "votes", b["member"], b.get("justified"))


@says("lowprice.settled")
def _low_settled(c: Course, b: Body, at: str) -> None:
    for bid in b.get("invalid", []):
        c.put("lowprice", bid, invalid=True)
        c.put("rejected", bid, ground=LOWPRICE)


@says("figures.settled")
def _unconfirmed(c: Course, b: Body, at: str) -> None:
    for bid in b.get("invalid", []):
        c.put("rejected", bid, ground=UNCONFIRMED)


# -- the report -------------------------------------------------------------------------------------------------------


@says("paper.opened")
def _paper(c: Course, b: Body, at: str) -> None:
    if b.get("kind") == REPORT:
        people = [one["field"] for one in b.get("signers", []) if one["field"] != SEAL]
        c.put("reports", b["document"], state="open", signed=[], fields=people)


@says("report.made")
def _made(c: Course, b: Body, at: str) -> None:
    c.put("reports", b["document"], version=b.get("version"), record=b.get("record_sha256"))
    c.sitting(stage="REPORT")


@says("paper.signed")
def _signed(c: Course, b: Body, at: str) -> None:
    held = c.get("reports", b.get("document", ""))
    if b.get("kind") == REPORT and held:
        signed = [*held.get("signed", []), b.get("field")]
        all_there = set(held.get("fields", [])) <= set(signed)
        c.put("reports", b["document"], signed=signed, state="signed" if all_there else "open")


@says("paper.sealed")
def _sealed(c: Course, b: Body, at: str) -> None:
    if b.get("kind") == REPORT:
        c.put("reports", b["document"], state="sealed", sha256=b.get("sha256"))


@says("paper.voided")
def _voided(c: Course, b: Body, at: str) -> None:
    if b.get("kind") == REPORT:
        c.put("reports", b["document"], state="void", reason=b.get("reason", ""))


@says("report.reopened")
def _report_reopened(c: Course, b: Body, at: str) -> None:
    c.sitting(stage="SUMMARY")


@says("report.dissented")
def _dissented(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], stance="dissent", dissent=b.get("text", ""))


@says("report.deemed")
def _deemed(c: Course, b: Body, at: str) -> None:
    c.put("members", b["member"], stance="deemed", reference=b.get("reference", ""))


@says("report.accepted")
def _report_accepted(c: Course, b: Body, at: str) -> None:
    c.sitting(stage="SIGNED")
