"""The arithmetic of the law: pure, open to every room; anyone can recompute with it."""
