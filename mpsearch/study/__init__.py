"""Optuna: the study, its storage, its samplers, and processes that share it."""
