"""A real PostgreSQL server on loopback, for as long as a test session needs it."""

import contextlib
import os
import pwd
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest


def binaries() -> Path | None:
    """Where Debian puts the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Start a server in a temporary folder; yields the URL of an empty database."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no PostgreSQL; scripts/ci/postgresql.sh installs it")
        pytest.skip("PostgreSQL is not installed; scripts/ci/postgresql.sh installs it")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as name:
        folder = Path(name)
        user = None
        if os.geteuid() == 0:  # the server refuses to run as root
            user = "postgres"
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        port = free_port()

        def do(*command: str) -> None:
            subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

        data = str(folder / "data")
        do(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -F"
        log = str(folder / "log")
        do(str(programs / "pg_ctl"), "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield f"postgresql+psycopg://postgres:sesame@127.0.0.1:{port}/postgres"
        finally:
            do(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")


def fresh_database(server: str) -> str:
    """Make an empty database on the server; returns its URL."""
    import sqlalchemy

    name = f"d{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
