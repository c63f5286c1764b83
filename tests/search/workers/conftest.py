"""Storages of every kind, each empty."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from postgres import _free_port, running_server

PROXY = """
import sys, optuna
optuna.storages.run_grpc_proxy_server(
    optuna.storages.get_storage(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2])
)
"""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "journal", "postgresql", "grpc"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty storage."""
    match request.param:
        case "postgresql":
            yield _fresh_database(request.getfixturevalue("postgres"))
        case "grpc":
            port = _free_port()
            command = [sys.executable, "-W", "ignore", "-c", PROXY]
            with subprocess.Popen([*command, f"sqlite:///{tmp_path}/s.db", str(port)]) as proxy:
                yield f"grpc://127.0.0.1:{port}"
                proxy.kill()
        case kind:
            yield f"{kind}:///{tmp_path}/study"


def _fresh_database(server: str) -> str:
    import sqlalchemy

    name = f"d{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rpartition("/")[0] + f"/{name}"


optuna.logging.set_verbosity(optuna.logging.ERROR)
