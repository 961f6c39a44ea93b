"""The room: committee, seating, sitting, review, scoring, report."""
