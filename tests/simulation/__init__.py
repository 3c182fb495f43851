"""The brains of the simulated venues."""
