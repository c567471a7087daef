"""Feeds to viewers: a channel for each event, a viewer for each connection."""
