"""Arguments of each command: light modules, so that ``--help`` answers at once."""
