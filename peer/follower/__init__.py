"""A copy of another host's journal, kept on this machine."""
