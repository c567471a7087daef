"""Feeds to viewers: one channel an event, one viewer a connection."""
