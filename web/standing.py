"""How a sitting stands, in words: halts, alarms, modes and the refusals around them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from web import words
from web.words import N_

HALTS = {
    "staff": N_("paused"),
    "tech": N_("technical pause (PAUSED_TECH)"),
    "overnight": N_("frozen over night"),
    "flaw": N_("stopped: the tender file"),
}
PARTIES = {
    "supervisor": N_("the supervisor"),
    "leader": N_("the leader"),
    "venue": N_("the main venue, while there is no leader"),
}
MODES = {
    "MAIN_SUB": N_("Main and sub venues: members sit together at each venue"),
    "DISPERSED_SEAT": N_("Dispersed seats: every member in a cell of his own"),
    "FUSED_MAIN_DISPERSED": N_("Fused main venue with dispersed seats: one control room, no room for experts together"),
}
FLAGS = {
    "experts_in_main_room": N_("experts sit in the main room"),
    "shares_room": N_("members of a venue may share a room"),
    "single_control_room": N_("one control room for all venues"),
    "per_venue_witness": N_("each venue has its own witness"),
}
CONSTRAINTS = {
    "the seat is online": N_("the seat is online"),
    "screen and camera were checked shortly before": N_("screen and camera were checked shortly before"),
    "the seat is free, with the buffer between uses": N_("the seat is free, with the buffer between uses"),
    "one person per seat": N_("one person per seat"),
    "no two members of one project in the same cell": N_("no two members of one project in the same cell"),
    "a seat's gap or another room between members": N_("a seat's gap or another room between members"),
}
TEXTS = {"halts": HALTS, "parties": PARTIES, "modes": MODES, "flags": FLAGS, "constraints": CONSTRAINTS}

words.teach(
    {
        "ENTRY-DOOR": N_("The door is closed a few minutes after the start; the venue lets latecomers in."),
        "SEAT-CODE": N_("This machine is not registered for the seat; the staff of the venue have the code."),
        "LINE-LOST": N_("A line that was silent for longer is offline."),
        "SEAT-AWAY": N_("A seat away for longer is an alarm."),
        "SITE-OUT": N_("A venue cut off for longer pauses the sitting."),
        "START-WAIT": N_(
            "The time to wait for the start is used up: a spare seat or venue, a replacement, a freeze or a new "
            "committee come first."
        ),
        "HALT-LONG": N_(
            "The time an interruption may last is used up: a spare seat or venue, a replacement, a freeze or a new "
            "committee come first."
        ),
        "NIGHT-LONG": N_("A night lasts no longer than this; for longer, the committee is declared void."),
        "HALT-SAID": N_("You have confirmed already."),
        "HALT-KIND": N_("This pause ends in another way."),
        "STILL-AWAY": N_("A member is still offline: he comes back, changes his seat or is replaced first."),
        "SITE-STILL": N_("A venue still reports that it is cut off; it says first that it is connected again."),
        "OVERNIGHT": N_("A frozen sitting opens at the hour it was frozen for."),
        "SITE-CUT": N_("The venue has reported this already, or has nothing to take back."),
        "SPARE-SEAT": N_("This seat breaks a constraint of the seating, and another does not or none may."),
        "SEAT-ASKED": N_("A change of this member's seat waits for the supervisor already."),
        "ONE-SESSION": N_("One seat, one session: you signed in from another one."),
        "SEAT-DEVICE": N_("The room is entered at your own seat's machine."),
        "SUPERVISOR": N_("Only the supervisor of this case does this."),
        "TERMINAL-CODE": N_("The code is unknown, used or too old."),
        "TERMINAL": N_("No machine is registered for this seat."),
    }
)


def dated(seen: dict[str, Any]) -> dict[str, Any]:
    """The same with times as times, for countdowns and clocks of the page."""
    for holder in (seen.get("halt"), seen, *seen.get("alarms", ()), *seen.get("site_reports", ())):
        for key in ("since", "until", "go_on_at", "start_until") if holder else ():
            if holder and isinstance(holder.get(key), str):
                holder[key] = datetime.fromisoformat(holder[key]) if holder[key] else None
    return seen
