"""Lossless coding of what schemes store: packed back to back, or shorter where numbers repeat."""
