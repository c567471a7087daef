"""Entries folded into what people see: timeline, event clock, live view, JSON and CSV."""
