"""The course of a sitting from ledger entries alone; pure, for the regulator's slider and for a stranger."""
