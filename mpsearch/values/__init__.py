"""Values that travel: plans, measurements, layers, settings, errors."""
