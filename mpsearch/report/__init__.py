"""Measurements as text and tables: pure functions of values."""
