"""Rates of the paths that matter, each beside a bare pyzmq loop in the same run."""
