"""Reporting from browsers: sessions, outboxes, routes."""
