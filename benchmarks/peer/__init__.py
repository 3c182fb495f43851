"""python -m benchmarks.peer: this library beside nautilus_trader's AX client, the same feeder for both, in one run."""
