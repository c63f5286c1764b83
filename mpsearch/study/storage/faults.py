"""Errors of storages, in one line with a remedy."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import optuna
import sqlalchemy.exc

from mpsearch.study.storage.address import Address, Kind
from mpsearch.values.errors import EnvironmentFault, MPSearchError
from mpsearch.values.secret import without_secrets

_REMEDIES: Final[dict[Kind, str]] = {
    "sqlite": "check the path, free space and permissions",
    "journal": "check the path, free space and permissions",
    "postgresql": "check that the server runs and that host, database, user and password (in the "
    "URL, PGPASSWORD or ~/.pgpass) are right",
    "mysql": "check that the server runs and that host, database, user and password are right",
    "grpc": "check that the proxy runs there and reaches its database",
}


#: What Optuna, and what reads trials, stumbles over in a storage that is damaged.
MEANINGLESS: Final = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
    ArithmeticError,
)


@contextmanager
def storage_faults(address: Address) -> Iterator[None]:
    """Turn what Optuna, SQLAlchemy, a driver, gRPC or the system raise into our errors.

    Raises:
        EnvironmentFault: Says what failed and what to do; holds no password.
    """
    try:
        yield
    except MPSearchError:
        raise
    except (KeyError, optuna.exceptions.OptunaError) as error:
        # A KeyError is a study or trial that another process deleted meanwhile.
        raise _fault(address, _root(error)) from error
    except (sqlalchemy.exc.SQLAlchemyError, json.JSONDecodeError, RuntimeError, OSError) as error:
        raise _fault(address, error) from error
    except MEANINGLESS as error:
        raise EnvironmentFault(
            f"the study's storage {address.shown!r} holds inconsistent data "
            f"({type(error).__name__}: {_reason(address, error)}); put back a copy of it, or name "
            "another `storage` to start anew"
        ) from error
    except Exception as error:
        if not _is_of_grpc(error):
            raise
        raise _fault(address, error) from error


def _is_of_grpc(error: Exception) -> bool:
    """It cannot be named without importing it."""
    return any(kind.__name__ == "RpcError" for kind in type(error).__mro__)


def _root(error: BaseException) -> BaseException:
    """What Optuna wraps says more than its wrapper."""
    return error.__cause__ or error


def _fault(address: Address, error: BaseException) -> EnvironmentFault:
    return EnvironmentFault(
        f"the study's storage {address.shown!r} cannot be used: {_reason(address, error)}; "
        f"{_REMEDIES[address.kind]}, then run the same command again: what was measured is kept"
    )


def _reason(address: Address, error: BaseException) -> str:
    if isinstance(error, KeyError):
        return "the study, or a trial of it, is no longer there"
    details = getattr(error, "details", None)  # of gRPC
    text = details() if callable(details) else None
    text = str(text or getattr(error, "orig", None) or error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    return without_secrets(line.rstrip(".;"), address.url)
