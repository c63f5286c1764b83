"""Which plan to measure next; knows no Optuna."""
