"""Buying in the e-mall: budgets, approval chains, lists and cart, direct purchase, and requests for quotes."""
