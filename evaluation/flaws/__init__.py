"""A tender file that is flawed or unlawful: the committee stops and tells the tenderer (domain.md §3.7)."""
