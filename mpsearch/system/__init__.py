"""Files written whole, folders held open, signals."""
