"""Benchmarks of the hot paths, beside bare pyzmq and what people would use instead."""
