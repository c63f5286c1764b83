"""The surrogate search method: predicts plans before they are measured, and proposes plans."""
