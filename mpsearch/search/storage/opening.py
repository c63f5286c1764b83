"""Opens the storage that a URL names."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import optuna
import sqlalchemy.exc
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.pool import NullPool

from mpsearch.core.errors import SettingError, StudyError
from mpsearch.search.storage.address import Address
from mpsearch.search.storage.faults import storage_faults
from mpsearch.search.storage.read_only import connect_read_only, is_database
from mpsearch.search.storage.rollback import require_plain_journal

_LOCK_SECONDS: Final = 60.0  # another process may hold the SQLite file for a while
_CONNECT_SECONDS: Final = 10
# Processes that make the tables of a new database at the same time get in each other's way.
_ATTEMPTS: Final = 5


def open_storage(address: Address) -> BaseStorage:
    """Open a storage; a file, and the tables of an empty database, are made if missing.

    Raises:
        EnvironmentFault: If it cannot be opened, or does not answer within some ten seconds.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Ctrl-C in the middle of a query would print SQLAlchemy's traceback beside our sentence.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    with storage_faults(address):
        if address.path is not None:
            address.path.parent.mkdir(parents=True, exist_ok=True)
        match address.kind:
            case "journal":
                return _journal(address)
            case "grpc":
                return _proxy(address)
            case _:
                return _database(address)


def open_for_reading(address: Address) -> BaseStorage:
    """Open a storage without making files or tables; an SQLite file cannot be written through it.

    Whatever the driver raises comes as it is.

    Raises:
        StudyError: If a file is not there.
    """
    path = address.path
    if path is not None and not path.is_file():
        raise StudyError(f"study's storage {str(path)!r}: no such file; run mpsearch search first")
    if path is None or address.kind != "sqlite":
        return open_storage(address)
    # Optuna's own opening would make an empty file where there is none, and set tables up.
    return RDBStorage(
        "sqlite://",
        engine_kwargs={
            "creator": lambda: connect_read_only(path, _LOCK_SECONDS),
            "poolclass": NullPool,  # threads come and go; opening a file costs nothing
        },
        skip_table_creation=True,
    )


def require_reachable(url: str) -> None:
    """Check that a storage URL names one: a file there may be, or a server that answers.

    Raises:
        SettingError: If the URL names no storage, a folder that is not there, or another file.
        EnvironmentFault: If nothing answers there, or refuses us.
    """
    address = Address.parse(url)
    if address.path is None:
        close_storage(open_storage(address))
        return
    with storage_faults(address):
        _require_possible_file(address, address.path)


def _require_possible_file(address: Address, path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise SettingError(
            f"storage {address.shown!r}: there is no folder {str(folder)!r}; make it, or name a "
            "file in another"
        )
    there = path.exists() and (not path.is_file() or path.stat().st_size > 0)
    if address.kind == "sqlite" and there and not is_database(path):
        raise SettingError(
            f"storage {address.shown!r}: {str(path)!r} is no SQLite database; name "
            "another file, which is made if it is not there"
        )


def close_storage(storage: BaseStorage) -> None:
    """Let go of files and connections."""
    if isinstance(storage, RDBStorage):
        storage.remove_session()
        storage.engine.dispose()
    elif isinstance(storage, optuna.storages.GrpcStorageProxy):
        storage.close()


def _journal(address: Address) -> BaseStorage:
    from mpsearch.search.storage.journal import Journal  # noqa: PLC0415 - not on every system

    assert address.path is not None
    with _experiments_allowed():
        return optuna.storages.JournalStorage(Journal(address.path))


def _proxy(address: Address) -> BaseStorage:
    with _experiments_allowed():
        storage = optuna.storages.GrpcStorageProxy(host=address.host, port=address.port)
    try:
        storage.wait_server_ready(timeout=_CONNECT_SECONDS)
    except BaseException:
        storage.close()
        raise
    return storage


def _database(address: Address) -> BaseStorage:
    if address.path is not None:
        require_plain_journal(address.path)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return RDBStorage(address.url, engine_kwargs=_engine(address))
        except (sqlalchemy.exc.SQLAlchemyError, RuntimeError) as error:
            if attempt == _ATTEMPTS or not _is_a_race(error):
                raise
            time.sleep(0.2 * attempt)
    raise AssertionError("unreachable")


def _engine(address: Address) -> dict[str, Any]:
    match address.kind:
        case "sqlite":
            return {"connect_args": {"timeout": _LOCK_SECONDS}}
        case "postgresql":
            # A server that vanished is noticed within a minute, not after hours.
            alive = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3}
            connect = {"connect_timeout": _CONNECT_SECONDS, **alive}
        case _:
            connect = {"connect_timeout": _CONNECT_SECONDS, "read_timeout": 60}
    return {"connect_args": connect, "pool_pre_ping": True, "pool_size": 2}


def _is_a_race(error: BaseException) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("already exists", "duplicate", "unique constraint"))


@contextmanager
def _experiments_allowed() -> Iterator[None]:
    """Both have been marked experimental for years; we use nothing else of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
