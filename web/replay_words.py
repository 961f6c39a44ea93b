"""What the replay's script says."""

from __future__ import annotations

from web.rule_words import N_

SAID: tuple[str, ...] = (
    N_("by itself"), N_("Play"), N_("Stop"), N_("No entry yet"), N_("Member"), N_("Member %(number)s"), N_("leader"),
    N_("seat %(label)s"), N_("offline since %(at)s"), N_("alarm"), N_("accepted"), N_("invited"), N_("signed in"),
    N_("present"), N_("Presence"), N_("stepped down"), N_("removed"), N_("declined"), N_("no answer in time"),
    N_("in place of %(who)s"), N_("Review"), N_("Scores"), N_("Blind points"), N_("%(n)s noted"), N_("locked"),
    N_("locked at %(at)s"), N_("venue cut off since %(at)s"), N_("The sitting is paused:"), N_("over night"),
    N_("technical"), N_("words for going on: %(n)s"),
    N_("Vote for the leader, round %(n)s"), N_("Vote to reject"), N_("Vote on lack of competition"),
    N_("%(n)s votes cast"), N_("%(yes)s for, %(no)s against"), N_("Rejected"), N_("Failed items"),
    N_("lack of competition"), N_("abnormally low price"), N_("Question"), N_("Answer"), N_("until %(at)s"),
    N_("no answer yet"), N_("What was asked shows after the evaluation."), N_("Below a line"),
    N_("%(n)s members spoke"), N_("invalid"), N_("Totals"), N_("benchmark"), N_("Bidder"), N_("Total"),
    N_("corrected from %(before)s to %(after)s"), N_("confirmed %(points)s"), N_("asked"),
    N_("granted"), N_("refused"), N_("Version %(n)s"), N_("open for signatures"), N_("all have signed"),
    N_("signed and sealed"), N_("withdrawn"), N_("%(n)s of %(all)s signed"), N_("disagreement"),
    N_("deemed to agree"), N_("Said in the room: %(n)s"), N_("Pieces of recordings: %(n)s"),
    N_("Entries not opened here: %(n)s"), N_("Entries that could not be read: %(n)s"), N_("Seat changes"),
    N_("waits for the supervisor"), N_("done"), N_("Nobody has come yet."), N_("Criterion"), N_("Points"),
    N_("Nothing new"), N_("%(n)s new entries"), N_("hand raised"), N_("door opened at %(at)s"), N_("Points as locked"),
)  # fmt: skip
