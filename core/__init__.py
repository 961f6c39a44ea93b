"""The ground floor: knows no trade word."""
