"""Keys, signatures, seals, timestamps, sealing, draws, checkpoints; knows no tender."""
