"""Touchline: live match reporting by the people who are there."""
