"""Words of framework agreements: states, ways, causes, kinds of notices, and sentences of their rules."""

from __future__ import annotations

from web.rule_words import N_

STATES: dict[str, str] = {
    "SCHEME": N_("Scheme"),
    "SOLICITED": N_("Solicitation open"),
    "RESPONSES": N_("Responses closed"),
    "OPENED": N_("Opened"),
    "REVIEWED": N_("Reviewed"),
    "SHORTLISTED": N_("Shortlist published"),
    "SIGNED": N_("Agreements signed"),
    "ACTIVE": N_("In force"),
    "OPEN_CALL": N_("Open for joining"),
    "EXPIRED": N_("Term over"),
    "SUMMARY_PUBLIC": N_("Summary published"),
    "JOINED": N_("Joined to its agreement"),
    "FAILED": N_("Failed"),
    "TERMINATED": N_("Terminated"),
}
MEMBERS: dict[str, tuple[str, str]] = {
    "OPENED": (N_("response open"), "blue"),
    "UNQUALIFIED": (N_("did not pass"), "red"),
    "ELIMINATED": (N_("eliminated"), "secondary"),
    "CHOSEN": (N_("to enter"), "green"),
    "SHORTLISTED": (N_("shortlisted, to sign"), "blue"),
    "ACTIVE": (N_("supplies"), "green"),
    "LISTED": (N_("supplies"), "green"),
    "SUSPENDED": (N_("suspended"), "orange"),
    "REMOVED": (N_("removed"), "red"),
    "LEFT": (N_("left"), "secondary"),
    "LAPSED": (N_("did not sign"), "red"),
    "APPLIED": (N_("applied"), "blue"),
    "CHECKED": (N_("checked"), "blue"),
    "REFUSED": (N_("refused"), "red"),
}
NEEDS: dict[str, tuple[str, str]] = {
    "NEED": (N_("begun"), "blue"),
    "QUOTING": (N_("quoting"), "blue"),
    "UNLOCKING": (N_("quotes being unlocked"), "orange"),
    "RANKED": (N_("ranked"), "blue"),
    "OFFERED": (N_("offered"), "orange"),
    "ACCEPTED": (N_("accepted, ordered"), "green"),
    "DECLINED": (N_("declined"), "red"),
    "VOID": (N_("without result"), "secondary"),
}
WAYS: dict[str, str] = {
    "direct": N_("Direct pick"),
    "mini": N_("Mini-competition"),
    "rota": N_("Rota"),
}
KINDS: dict[str, str] = {"closed": N_("closed agreement"), "open": N_("open agreement")}
REGIMES: dict[str, str] = {"gov": N_("government procurement"), "soe": N_("state firms' procurement")}
GOODS: dict[str, str] = {"goods": N_("goods"), "services": N_("services")}
BASES: dict[str, str] = {"price": N_("price first"), "quality": N_("quality first")}
TIES: dict[str, str] = {
    "points": N_("by the reviewers' points"),
    "reviewers": N_("by the reviewers, with their reason"),
    "out": N_("all equals across the line leave"),
}
ROTAS: dict[str, str] = {"rank": N_("in the order of the ranking"), "draw": N_("in an order drawn by three parties")}
GROUNDS: dict[str, str] = {
    "government_price": N_("prices set or guided by the government"),
    "instruments": N_("test or laboratory instruments with special quality needs"),
    "no_competition": N_("closed entry found too few suppliers"),
    "all_qualified": N_("every qualified supplier is to be let in"),
    "decided_by_law": N_("otherwise laid down by law"),
}
CAUSES: dict[str, str] = {
    "late_delivery": N_("late delivery"),
    "complaint": N_("complaint under examination"),
    "inspection": N_("inspection under way"),
    "credit": N_("credit record"),
    "false_material": N_("false documents at the entry"),
    "bribery": N_("bribery or collusion"),
    "refused_orders": N_("orders refused without reason"),
    "quality": N_("defects not remedied"),
    "lost_qualification": N_("qualification lost"),
    "price_above": N_("sold above the agreement price"),
    "penalty": N_("administrative penalty that bars from procurement"),
    "force_majeure": N_("force majeure"),
    "business_ended": N_("business ended"),
    "purchaser_fault": N_("breach by the purchaser"),
}
NOTICES: dict[str, str] = {
    "solicitation": N_("Solicitation notice"),
    "call": N_("Supplementary call"),
    "failure": N_("Failure notice"),
    "shortlist": N_("Shortlist"),
    "listing": N_("Supplier joined"),
    "left": N_("Supplier left"),
    "suspended": N_("Supplier suspended"),
    "resumed": N_("Supplier supplies again"),
    "removed": N_("Supplier removed"),
    "rota": N_("Order of the rota"),
    "mini_result": N_("Result of a mini-competition"),
    "rota_result": N_("Result of a rota"),
    "summary": N_("Closing summary"),
}
FAILURES: dict[str, str] = {
    "responses": N_("too few responses"),
    "opened": N_("too few responses unlocked"),
    "qualified": N_("too few qualified responders"),
    "inside": N_("nobody is left to enter"),
    "signed": N_("nobody signed"),
}
NOT_VALID: dict[str, str] = {
    "not unlocked": N_("not unlocked"),
    "above the agreement price": N_("above the agreement price"),
    "SUSPENDED": N_("suspended"),
    "REMOVED": N_("removed"),
    "LEFT": N_("left"),
}
STEPS: dict[str, str] = {
    "leaving": N_("must leave (rounded up)"),
    "by_rate": N_("most who enter by the rate"),
    "by_least": N_("most who enter by the least number"),
    "room": N_("most who enter"),
    "inside": N_("enter"),
    "out": N_("leave"),
}
SENTENCES: dict[str, str] = {
    "FA-01/goods": N_("An agreement on goods runs for a year at most."),
    "FA-01/services": N_("An agreement on services runs for two years at most."),
    "FA-02": N_("An open agreement is for the listed cases only."),
    "FA-03/days": N_("There are too few days between the notice and the end of the responses."),
    "FA-03/reviewers": N_("The review is by an odd number of at least five."),
    "FA-04": N_("Quality goes first only for prices set by the government, or test and laboratory instruments."),
    "FA-05/responders": N_("There are too few qualified responders."),
    "FA-05/rate": N_("The elimination rate is below the law's."),
    "FA-05/quality": N_("The elimination rate is below the law's for instruments chosen by quality."),
    "FA-05/least": N_("At least one supplier is eliminated."),
    "FA-06": N_("A unit price is above its ceiling."),
    "FA-07/sign": N_("The agreement was to be signed in time."),
    "FA-07/copy": N_("The copy for the finance department is late."),
    "FA-08/ceiling": N_("A quote is above the agreement price."),
    "FA-09/result": N_("The result was to be published in time."),
    "FA-09/summary": N_("The summary was to be published in time."),
    "FA-10": N_("A supplementary call is open only when too few suppliers are left."),
    "FA-11/check": N_("The application was to be checked in time."),
    "FA-11/list": N_("The supplier was to be published in time."),
    "FA-12/quit": N_("A supplier of a closed agreement may not leave it without a listed cause."),
    "FA-12/cause": N_("This needs one of the listed causes."),
    "FB-01": N_("A term of over a year needs a way to adjust prices."),
    "FB-02": N_("An open entry has no prices: the second stage must compete."),
    "FB-05/responders": N_("A competition needs two suppliers at least."),
    "FB-05/one": N_(
        "With one competition at least half of the competitors are eliminated; a lower rate needs its reason."
    ),
    "FB-05/two": N_("With two competitions each eliminates at least 30 %; a lower rate needs its reason."),
    "FB-05/least": N_("The number eliminated is rounded up."),
    "FB-06": N_("A unit price is above its ceiling."),
    "FB-07": N_("The agreement was to be signed in time."),
    "FB-08/direct": N_("A direct pick needs prices that were compared at the entry."),
    "FB-08/ceiling": N_("A quote is above the agreement price."),
    "FB-10": N_("A supplementary call needs a shortage of suppliers."),
    "FB-12": N_("This needs one of the causes agreed on."),
    "FH-TIME": N_("Too late: the time to hand in is over."),
    "FH-SEALED": N_("What was handed in is not sealed as it must be."),
    "FH-UNLOCK": N_("The time to unlock is over."),
    "FH-OFFER": N_("The time to answer the offer is over."),
    "FH-QUOTE": N_("Suppliers need more time to quote."),
    "FH-WAY": N_("The solicitation does not name this way."),
    "FH-COMPLETE": N_("Every response must be reviewed first."),
    "FH-TIE": N_("Equals stand across the line: name their order, with the reason."),
    "FH-SIGNED": N_("All reviewers must have signed the report first."),
    "FH-REASON": N_("A reason is needed."),
    "FH-MEMBER": N_("Only a supplier that supplies under this agreement takes part."),
    "FH-INSIDE": N_("The agreement is not in force."),
    "FH-ROTA": N_("The order of the rota must be fixed and told to all first."),
    "FH-OWN": N_("Only the solicitor of this agreement or its agency does this."),
}
