"""The metrics of all processes, for Prometheus. `docs/METRICS.md` lists each."""
