"""A study in Optuna's dashboard: more is shown than its storage holds, and nothing is written."""
