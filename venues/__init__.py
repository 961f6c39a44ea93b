"""Centres, rooms, seats, devices, booking."""
