"""The pool: specialities, availability, avoidance."""
