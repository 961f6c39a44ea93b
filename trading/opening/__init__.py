"""The opening hall: unlocking, all prices at once, the record."""
