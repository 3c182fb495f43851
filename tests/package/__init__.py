"""What users install, and how it finds its own packages."""
