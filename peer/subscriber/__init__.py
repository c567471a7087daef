"""The subscriber."""
