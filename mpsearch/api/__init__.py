"""The Python API, which the commands use too: one file per command."""
