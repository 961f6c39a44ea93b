"""Construction (R1), open tendering: domain.md §1.1, §1.2, §2.1."""
