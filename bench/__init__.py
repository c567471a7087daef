"""Benchmarks of the hot paths, each beside a bare pyzmq loop in the same run."""
