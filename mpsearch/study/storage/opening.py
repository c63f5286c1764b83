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

from mpsearch.study.storage.address import Address
from mpsearch.study.storage.database import Database
from mpsearch.study.storage.faults import storage_faults
from mpsearch.study.storage.read_only import BoundedConnection, connect_read_only
from mpsearch.study.storage.recognition import require_storage_file
from mpsearch.study.workers.solo_lock import require_lock_file
from mpsearch.values.errors import SettingError, StudyError

_LOCK_SECONDS: Final = 60.0  # another process may hold the SQLite file for a while
_CONNECT_SECONDS: Final = 10
# Processes that make the tables of a new database at the same time get in each other's way.
_ATTEMPTS: Final = 5


def open_storage(address: Address) -> BaseStorage:
    """Open a storage; a file, and the tables of an empty database, are made if missing.

    A file that is there is looked at first: it is opened only if it is such a storage, or empty.

    Raises:
        SettingError: If a file is something else, or a link.
        StudyError: If a journal is damaged where it says what a study is about.
        EnvironmentFault: If it cannot be opened, or does not answer within some ten seconds.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # Ctrl-C in the middle of a query would print SQLAlchemy's traceback beside our sentence.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    with storage_faults(address):
        if address.path is not None:
            require_storage_file(address)
            require_lock_file(address.path)
            address.path.parent.mkdir(parents=True, exist_ok=True)
        match address.kind:
            case "journal":
                assert address.path is not None
                return _journal(address.path)
            case "grpc":
                return _proxy(address)
            case _:
                return _database(address)


def open_for_reading(address: Address) -> BaseStorage:
    """Open a storage without making files or tables; an SQLite file cannot be written through it.

    Whatever the driver raises comes as it is.

    Raises:
        StudyError: If a file is not there, or is something else.
    """
    path = address.path
    if path is None:
        return open_storage(address)
    if not path.is_file():
        raise StudyError(f"study's storage {str(path)!r}: no such file; run mpsearch search first")
    require_storage_file(address, writing=False)
    if address.kind == "journal":
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        return _journal(path, writable=False)
    # Optuna's own opening would make an empty file where there is none, and set tables up.
    return Database(
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
            f"storage {address.shown!r}: there is no folder {str(folder)!r}; create it, or name "
            "a file in another folder"
        )
    require_storage_file(address)
    require_lock_file(path)


def close_storage(storage: BaseStorage) -> None:
    """Let go of files and connections."""
    if isinstance(storage, RDBStorage):
        storage.remove_session()
        storage.engine.dispose()
    elif isinstance(storage, optuna.storages.GrpcStorageProxy):
        storage.close()


def _journal(path: Path, writable: bool = True) -> BaseStorage:
    from mpsearch.study.storage.journal import Journal, WholeJournal  # noqa: PLC0415 - see faults

    with _experiments_allowed():
        return WholeJournal(Journal(path, writable))


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
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return Database(address.url, engine_kwargs=_engine(address))
        except (sqlalchemy.exc.SQLAlchemyError, RuntimeError) as error:
            if attempt == _ATTEMPTS or not _is_a_race(error):
                raise
            time.sleep(0.2 * attempt)
    raise AssertionError("unreachable")


def _engine(address: Address) -> dict[str, Any]:
    match address.kind:
        case "sqlite":
            return {"connect_args": {"timeout": _LOCK_SECONDS, "factory": BoundedConnection}}
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
