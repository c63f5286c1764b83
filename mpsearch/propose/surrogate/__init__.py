"""Our sampler: what it knows of a plan before measuring it, and which plan it would measure."""
