"""Side-by-side figures against named peers: one module a bench, each with `run() -> Row`, found by being here."""
