"""Words of orders: states, acts, sentences of their rules, entries, fields and short values."""

from __future__ import annotations


def N_(message: str) -> str:
    """Marks a message id that is translated later."""
    return message


STATES: dict[str, str] = {
    "PLACED": N_("Placed"),
    "CONFIRMED": N_("Confirmed"),
    "SHIPPED": N_("On the way"),
    "RECEIVED": N_("Delivered"),
    "PARTIAL": N_("Delivered in part"),
    "INSPECTED": N_("Accepted"),
    "INVOICED": N_("Invoiced"),
    "PAID": N_("Paid"),
    "RATED": N_("Rated"),
    "CANCELLED": N_("Cancelled"),
    "CLOSED": N_("Closed, nothing kept"),
    "CANCEL_REQUESTED": N_("Cancellation asked for"),
    "RETURN_REQUESTED": N_("Return asked for"),
    "RETURNING": N_("Goods going back"),
    "DISPUTED": N_("In dispute"),
}
# On buttons and in the record of an order.
ACTS: dict[str, str] = {
    "order.confirm": N_("Confirm the order"),
    "order.decline": N_("Decline the order"),
    "order.cancel": N_("Cancel the order"),
    "order.lapse": N_("Not confirmed in time"),
    "order.contract": N_("Draw up the contract"),
    "order.contracted": N_("Contract signed by both"),
    "order.ship": N_("Send goods"),
    "order.receive": N_("Goods received"),
    "order.inspect": N_("Inspect a delivery"),
    "order.accept": N_("Acceptance note closed"),
    "order.invoice": N_("Enter an invoice"),
    "order.pay": N_("Enter a payment"),
    "order.remit": N_("Have the bank pay"),
    "order.transfer": N_("Answer of the bank"),
    "order.late": N_("Payment late"),
    "order.rate": N_("Rate the order"),
    "order.answer_rating": N_("Answer the rating"),
    "order.ask_cancel": N_("Ask to cancel what is left"),
    "order.answer_cancel": N_("Answer the cancellation"),
    "order.ask_return": N_("Ask to return goods"),
    "order.answer_return": N_("Answer the return"),
    "order.take_back": N_("Goods are back, refund"),
    "order.withdraw": N_("Take the request back"),
    "order.dispute": N_("Ask the centre to decide"),
    "order.decide": N_("Decide the dispute"),
    "order.decided": N_("Dispute decided"),
    "order.say": N_("Write to the other side"),
}
SENTENCES: dict[str, str] = {
    "ORD-CONFIRM": N_("The supplier confirms an order in this time, or it is cancelled by itself."),
    "ORD-CONTRACT": N_("From this amount on both sign a contract before goods are sent."),
    "ORD-INSPECT": N_("What has come is inspected in this time."),
    "ORD-ASSENT": N_("A supplier who neither signs nor disputes the note in this time agrees to it."),
    "ORD-PAY": N_("What was accepted is paid in this time."),
    "ORD-INTEREST": N_("A late payment to a small or medium-sized firm bears this interest a day."),
    "ORD-PAYING": N_("The bank has not answered a payment yet; what is owed does not change meanwhile."),
    "ORD-ACCOUNT": N_("The bank pays to the account that the supplier has registered."),
    "ORD-RETURN": N_("Accepted goods may be returned for this long."),
    "ORD-ANSWER": N_("A request is answered in this time."),
    "ORD-BACK": N_("Returned goods are taken back and refunded in this time."),
    "ORD-DECIDE": N_("The trading centre decides a dispute in this time."),
    "ORD-STATE": N_("The order is not at the stage where this act is possible."),
    "ORD-OTHER": N_("A request is answered by the other side and taken back by who made it."),
    "ORD-SUPPLIER": N_("A supplier who is suspended or removed confirms no order."),
    "ORD-SHIP": N_("No more is sent than is still to be sent."),
    "ORD-COUNT": N_("Accepted and refused pieces together are those that came."),
    "ORD-REASON": N_("A refusal says why."),
    "ORD-BACK-COUNT": N_("No more goes back than was accepted."),
    "ORD-INVOICE": N_("No more is invoiced than was accepted."),
    "ORD-NUMBER": N_("The invoice's number has another form."),
    "ORD-TWICE": N_("This invoice or bank receipt is entered already."),
    "ORD-PAID": N_("No more is paid than was invoiced."),
    "ORD-REFUND": N_("Returned goods need their red invoice and the refund of what was paid."),
    "ORD-NOTHING": N_("There is nothing left for this act."),
    "ORD-RATED": N_("An order is rated once, and the rating answered once."),
    "ORD-DESK": N_("A paper that both have signed is not replaced."),
}
ENTRIES: dict[str, str] = {
    "order.accepted": N_("Goods accepted"),
    "order.cancel_answered": N_("Cancellation answered"),
    "order.cancel_asked": N_("Cancellation asked for"),
    "order.cancelled": N_("Order cancelled"),
    "order.confirmed": N_("Order confirmed"),
    "order.contract_opened": N_("Order contract laid out for signing"),
    "order.contracted": N_("Order contract signed"),
    "order.decided": N_("Dispute decided"),
    "order.declined": N_("Order declined"),
    "order.dispute_asked": N_("Dispute brought before the centre"),
    "order.inspected": N_("Delivery inspected"),
    "order.invoiced": N_("Invoice entered"),
    "order.lapsed": N_("Order not confirmed in time"),
    "order.paid": N_("Payment entered"),
    "order.payment_late": N_("Payment late"),
    "order.payment_matched": N_("Payment found in the bank's statement"),
    "order.payment_refused": N_("Payment refused by the bank"),
    "order.payment_unanswered": N_("No answer of the bank yet"),
    "order.remitted": N_("Payment ordered at the bank"),
    "order.placed": N_("Order placed"),
    "order.rated": N_("Order rated"),
    "order.rating_answered": N_("Rating answered"),
    "order.received": N_("Goods received"),
    "order.request_withdrawn": N_("Request taken back"),
    "order.return_answered": N_("Return answered"),
    "order.return_asked": N_("Return asked for"),
    "order.said": N_("Message between buyer and supplier"),
    "order.shipped": N_("Goods sent"),
    "order.taken_back": N_("Goods taken back"),
}
FIELDS: dict[str, str] = {
    "account": N_("Account of the supplier"),
    "bank_ref": N_("Number of the bank's receipt"),
    "carrier": N_("Carrier"),
    "code": N_("Invoice code"),
    "delivery": N_("Speed of delivery"),
    "goods": N_("Goods"),
    "issued_on": N_("Issued on"),
    "lines": N_("Quantities"),
    "outcome": N_("Decision"),
    "paid_on": N_("Paid on"),
    "period": N_("Period"),
    "red": N_("Red invoice"),
    "refund": N_("Refund"),
    "service": N_("Service"),
    "sha256": N_("File"),
    "shipment": N_("Consignment"),
    "tracking": N_("Tracking number"),
}
LAWS: dict[str, str] = {
    "保障中小企业款项支付条例": N_("Regulations on Guaranteeing Payments to Small and Medium-sized Enterprises"),
    "发票管理办法": N_("Measures for the Administration of Invoices"),
    "电子商城订单规则": N_("order rules of the mall"),
}
PHRASES: dict[str, str] = {
    "contract signed by both": N_("contract signed by both"),
    "signed by both": N_("signed by both"),
    "the other side": N_("the other side"),
    "the own request": N_("one's own request"),
    "the other side's request": N_("the other side's request"),
    "another request is open": N_("another request is open"),
    "answered": N_("answered"),
    "rated": N_("Rated"),
    "received": N_("received"),
    "shipped": N_("On the way"),
    "inspecting": N_("note being signed"),
    "inspected": N_("inspected"),
    "active": N_("active"),
    "an answer of the bank": N_("an answer of the bank"),
    "20 digits, the first two its year": N_("20 digits, the first two its year"),
    "code of 10 or 12 digits, number of 8": N_("code of 10 or 12 digits, number of 8"),
}
SHIPMENTS: dict[str, str] = {
    "shipped": N_("On the way"),
    "received": N_("received"),
    "inspecting": N_("note being signed"),
    "inspected": N_("inspected"),
}
SOURCES: dict[str, str] = {
    "direct": N_("direct purchase"),
    "quote": N_("quotes compared"),
    "auction": N_("reverse auction"),
    "framework": N_("framework agreement"),
}
REQUESTS: dict[str, str] = {
    "cancel": N_("Cancel what is left"),
    "return": N_("Return goods"),
    "dispute": N_("Dispute"),
}
ANSWERS: dict[str, tuple[str, str]] = {
    "open": (N_("waiting for an answer"), "orange"),
    "accepted": (N_("agreed"), "green"),
    "refused": (N_("refused"), "red"),
    "withdrawn": (N_("taken back"), "secondary"),
    "decided": (N_("decided by the centre"), "blue"),
}
OUTCOMES: dict[str, str] = {
    "go_on": N_("The order goes on as it stands"),
    "cancel": N_("What is not accepted yet is cancelled"),
    "accept": N_("Goods under way count as accepted, as far as said"),
    "return": N_("Goods go back and are refunded"),
}
INVOICES: dict[str, str] = {
    "e": N_("fully digital e-invoice"),
    "paper": N_("invoice with code"),
    "red": N_("red invoice"),
}
REMITTANCES: dict[str, tuple[str, str]] = {
    "sent": (N_("the bank is asked"), "orange"),
    "paid": (N_("paid by the bank"), "green"),
    "refused": (N_("refused by the bank"), "red"),
}
REFUSALS: dict[str, str] = {
    "account": N_("The supplier's account is wrong or closed."),
    "funds": N_("The buyer's account does not hold so much."),
    "other": N_("The bank gives its reason to its customer."),
}
MATCHES: dict[str, tuple[str, str]] = {
    "matched": (N_("stands in the bank's statement"), "green"),
    "waiting": (N_("not in the bank's statement"), "orange"),
    "refund": (N_("refund of the supplier"), "secondary"),
}
TABS: dict[str, str] = {
    "": N_("All"),
    "new": N_("To be confirmed"),
    "under_way": N_("Under way"),
    "to_settle": N_("To be settled"),
    "late": N_("Payment late"),
    "requests": N_("Requests"),
    "disputed": N_("In dispute"),
    "done": N_("Done"),
    "cancelled": N_("Cancelled"),
}
SIGNERS: dict[str, str] = {"buyer": N_("buyer"), "supplier": N_("supplier")}
PAPERS: dict[str, str] = {"order_contract": N_("Order contract"), "acceptance_note": N_("Acceptance note")}
