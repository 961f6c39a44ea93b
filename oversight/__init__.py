"""Regulators: audit, live watch, case file."""
