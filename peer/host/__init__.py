"""The hosting peer."""
