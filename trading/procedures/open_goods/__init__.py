"""Goods and services (R2), open tendering of government procurement: domain.md §1.3, §2.2."""
