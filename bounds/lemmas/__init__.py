"""Classical tools: one file per family."""
