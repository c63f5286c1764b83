"""Values that travel through the pipeline, and the one place that writes files."""
