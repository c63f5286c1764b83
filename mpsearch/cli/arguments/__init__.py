"""What each command takes: light, so that ``--help`` answers at once."""
