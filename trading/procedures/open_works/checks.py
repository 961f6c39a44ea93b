"""What is asked of a works tender's file before it is issued: domain.md §1.1."""

from __future__ import annotations

from trading.document import rules

CHECKS = (
    rules.complete, rules.plan_first, rules.order_of_days, rules.issue_period, rules.bidding_period, rules.bid_bond,
    rules.price_limits, rules.reference_term, rules.time_to_explain, rules.low_price_lines, rules.blind_part,
    rules.award_plan,
)  # fmt: skip
