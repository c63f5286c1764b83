"""The only door to Optuna: picks plans, measures them, remembers every one."""
