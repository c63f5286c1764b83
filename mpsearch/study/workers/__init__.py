"""Several processes, here or elsewhere, on one study: who measures which plan, and who is alive."""
