"""What trio-orders costs, each number beside the floor it stands on, measured in one interleaved run."""
