"""Words of reverse auctions: states, refusals, kinds of entries, what its page says."""

from __future__ import annotations

from web.rule_words import N_

STATES = {
    "DRAFT": N_("Draft"),
    "PUBLISHED": N_("Announced, not begun"),
    "BIDDING": N_("Bidding"),
    "EXTENDING": N_("Bidding, extended"),
    "PAUSED": N_("Paused"),
    "CLOSED": N_("Closed, to be confirmed"),
    "LOWEST_CONFIRMED": N_("Confirmed by the supplier"),
    "PLACED": N_("Order placed"),
    "VOID": N_("Void"),
    "CANCELLED": N_("Cancelled"),
}
REASONS = {
    "too few bidders": N_("Fewer bidders with a valid price than the rules ask for."),
    "nobody left in line": N_("No bidder in line confirmed the purchase."),
}
BREAKS = {
    "outage": N_("The platform could not be reached"),
    "worker": N_("Some bidders lost their line"),
    "pause": N_("Paused by the trading centre"),
}
OFFERS = {
    "waiting": N_("asked to confirm"),
    "confirmed": N_("confirmed"),
    "declined": N_("gave up"),
    "lapsed": N_("did not answer in time"),
    "rejected": N_("not accepted by the buyer"),
}
REGIMES = {
    "government": N_("Government procurement"),
    "state_firm": N_("State firm (GB/T 43711)"),
}
SENTENCES = {
    "AUC-LEAST": N_("With fewer bidders than this an auction is void; so many at least are invited."),
    "AUC-CONFIRM": N_("The supplier confirms in time, else the next in line is asked."),
    "AUC-FAR": N_("This price is far below the best one. Type it again if it is meant."),
    "AUC-WINDOW": N_("A price in this last time moves the end, unless the notice says otherwise."),
    "AUC-EXTEND": N_("By so much a price in the last time moves the end, unless the notice says otherwise."),
    "AUC-GAP": N_("A process that takes prices and is silent for longer counts as not reachable."),
    "AUC-SHORTEST": N_("The bidding time is too short."),
    "AUC-START": N_("Bidding has not begun."),
    "AUC-END": N_("Bidding is over: the server's clock decides."),
    "AUC-CEILING": N_("The first price is not above the ceiling."),
    "AUC-STEP": N_("Each price is at least one step below the best."),
    "AUC-TERMS": N_("The terms of the auction do not fit together."),
    "AUC-ENTRANT": N_("Your organisation may not take part in this auction, or has not entered."),
    "AUC-PAUSED": N_("The auction is paused; no price is taken until it goes on."),
    "AUC-SPLIT": N_("The unit prices together exceed the price that was bid."),
    "AUC-TURN": N_("Only the supplier whose turn it is confirms."),
    "AUC-PARTY": N_("Only the buyer of this auction or the trading centre of its place does this."),
}
LAWS = {"平台竞价规则": N_("Auction rules of the platform")}
PHRASES = {
    "another organisation": N_("another organisation than the buyer"),
    "buyer": N_("the buyer itself"),
    "not invited": N_("not invited"),
    "offered": N_("asked to confirm"),
    "auction.enter": N_("entered with the rules accepted"),
}
ENTRIES = {
    "auction.begun": N_("Auction begun"),
    "auction.bid": N_("Price taken"),
    "auction.cancelled": N_("Auction cancelled"),
    "auction.closed": N_("Auction closed"),
    "auction.confirmed": N_("Lowest price confirmed"),
    "auction.drafted": N_("Auction drafted"),
    "auction.entered": N_("Bidder entered the auction"),
    "auction.interrupted": N_("Auction interrupted, end moved"),
    "auction.offered": N_("Purchase offered to the bidder in line"),
    "auction.passed_on": N_("Bidder fell out of line"),
    "auction.paused": N_("Auction paused"),
    "auction.placed": N_("Order placed from the auction"),
    "auction.published": N_("Auction announced"),
    "auction.resumed": N_("Auction goes on"),
    "auction.void": N_("Auction void"),
}
FIELDS = {
    "most_extensions": N_("Most extensions"),
    "opens_at": N_("Begins"),
    "ends_at": N_("Ends"),
    "entrants": N_("Who may bid"),
    "invited": N_("Invited suppliers"),
    "step": N_("Least reduction"),
    "window": N_("Window before the end"),
    "extend": N_("Extension"),
    "far": N_("Asks again from"),
    "prices": N_("Unit prices"),
    "sure": N_("The price again"),
    "auction": N_("Auction"),
    "accept": N_("Acceptance of the rules"),
    "receiver": N_("Receiver"),
    "regime": N_("Regime"),
}
SCRIPT = (
    N_("You lead with %(price)s yuan."),
    N_("You do not lead. Your best price is %(price)s yuan."),
    N_("You have not bid yet."),
    N_("Price %(price)s yuan (%(words)s) taken as number %(bid)s at %(at)s."),
    N_("The line is cut. Your price is sent again as soon as it is back; it counts once."),
    N_("Sending…"),
    N_("The two prices differ."),
    N_("At most %(price)s yuan now."),
    N_("The end was moved to %(at)s."),
    N_("mine"),
    N_("Price"),
    N_("Highest price allowed"),
    N_("Publish the auction"),
    N_("Confirm the lowest price"),
    N_("A price is a number with at most two decimals."),
)
WORK = (N_("Publish the auction"), N_("The lowest bidder confirms"), N_("Confirm the purchase"), N_("Reverse auction"),
        N_("Give this price"), N_("Confirm the lowest price"))  # fmt: skip
