"""One hosted event, as it is decided. Pure."""
