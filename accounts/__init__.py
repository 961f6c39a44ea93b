"""Organisations, people, registration and its verification, login, sessions."""
