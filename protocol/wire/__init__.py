"""What every venue's codec reads and writes with: JSON, strict and tolerant, numbers and times."""
