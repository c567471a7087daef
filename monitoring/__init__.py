"""What the processes have counted, for Prometheus. `docs/METRICS.md` lists every figure."""
