"""Rehearsals 模拟投标: a bidder practises sealing, handing in, unlocking and being read out, without legal effect."""
