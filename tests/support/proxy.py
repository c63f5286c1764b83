"""Optuna's gRPC proxy in front of a database, on loopback."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from postgres import free_port

_SERVE = """
import sys, optuna
optuna.storages.run_grpc_proxy_server(
    optuna.storages.get_storage(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2])
)
"""


@contextlib.contextmanager
def running_proxy(behind: str) -> Iterator[str]:
    """Start a proxy; yields its URL."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-c", _SERVE, behind, str(port)]
    with subprocess.Popen(command) as process:
        try:
            yield f"grpc://127.0.0.1:{port}"
        finally:
            process.kill()
