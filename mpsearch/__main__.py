"""``python -m mpsearch`` is the ``mpsearch`` command."""

from mpsearch.cli.main import main

main()
