"""What the commands call, and programs may: one file per command."""
