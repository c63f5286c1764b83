"""Where studies are kept: a file, a database server, or Optuna's proxy in front of one."""
