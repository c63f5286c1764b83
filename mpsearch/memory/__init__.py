"""Large arrays, in memory or in temporary files, and bounds of memory."""
