"""Objections (异议) to the tender file and to the candidates: raised, answered, and what waits meanwhile."""
