"""A model opened, its images loaded, calibrated, and held back."""
