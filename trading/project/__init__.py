"""A project, its lots (cases), its people and its life line."""
