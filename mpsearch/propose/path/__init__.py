"""A path of nested plans, and where on it to stop so that a budget holds on unseen images."""
