"""The tender file: draft, issue, clarifications."""
