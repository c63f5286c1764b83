"""A path of plans from gentle to small, and where on it to stop."""
