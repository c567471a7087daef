"""The host of events."""
