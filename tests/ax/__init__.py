"""AX's wire."""
