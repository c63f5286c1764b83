"""Everything bad or odd that a command may be given, and what must come of it."""
