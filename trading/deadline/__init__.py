"""Whether a deadline held: the clock, the platform's own outages, and what the tenderer decides about both."""
