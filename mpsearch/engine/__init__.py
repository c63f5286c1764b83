"""Plans in, measurements out."""
