"""Organising events from a browser."""
