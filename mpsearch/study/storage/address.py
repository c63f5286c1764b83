"""The URL of a storage, understood without opening it."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mpsearch.system.extras import install_command
from mpsearch.values.errors import SettingError
from mpsearch.values.secret import HIDDEN, masked

Kind = Literal["sqlite", "journal", "postgresql", "mysql", "grpc"]

_SCHEMES: Final[dict[str, Kind]] = {
    "sqlite": "sqlite",
    "journal": "journal",
    "postgresql": "postgresql",
    "postgresql+psycopg": "postgresql",
    "mysql": "mysql",
    "mysql+pymysql": "mysql",
    "grpc": "grpc",
}
_FORMS: Final = (
    "sqlite:///FILE, journal:///FILE, postgresql+psycopg://USER@HOST/DATABASE, "
    "mysql+pymysql://USER@HOST/DATABASE or grpc://HOST:PORT"
)
# Module that must be there, and the extra of ours that installs it.
_DRIVERS: Final[dict[Kind, tuple[str, str]]] = {
    "postgresql": ("psycopg", "postgres"),
    "mysql": ("pymysql", "mysql"),
    "grpc": ("grpc", "grpc"),
}
_DEFAULT_PORT: Final = 13000  # of Optuna's proxy


@dataclass(frozen=True, slots=True)
class Address:
    """A storage URL in its parts.

    Attributes:
        kind: Kind of the storage.
        url: URL for the driver; may hold a password.
        shown: URL for people: the password is masked.
        path: The file of ``sqlite`` and ``journal``; None for servers.
        host: Host of a ``grpc`` storage.
        port: Port of a ``grpc`` storage.
    """

    kind: Kind
    url: str
    shown: str
    path: Path | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Understand a storage URL; nothing is opened.

        Raises:
            SettingError: If there is no such kind of storage, a part is missing, or the driver is
                not installed.
        """
        scheme, separator, rest = text.partition("://")
        kind = _SCHEMES.get(scheme)
        if not separator or kind is None or "\0" in text:
            raise SettingError(f"storage {masked(text)!r} is not supported; use {_FORMS}")
        if kind in {"sqlite", "journal"}:
            return cls._file(kind, text, rest)
        _require_driver(kind, text)
        if kind == "grpc":
            return cls._proxy(text, rest)
        # A password that was left out of a study.toml comes from where the driver looks for it.
        url = text.replace(f":{HIDDEN}@", "@", 1)
        driver = "postgresql+psycopg" if kind == "postgresql" else "mysql+pymysql"
        if not re.fullmatch(r"([^/?#]*@)?[^/?#@]*/[^/?#]+(\?.*)?", url.partition("://")[2]):
            raise SettingError(f"storage {masked(text)!r} names no database; use {_FORMS}")
        return cls(kind, f"{driver}://{url.partition('://')[2]}", masked(text))

    @classmethod
    def _file(cls, kind: Kind, text: str, rest: str) -> "Address":
        path = rest.removeprefix("/")
        if path == rest or not path:
            raise SettingError(
                f"storage {text!r} names no file; three slashes and a path as the shell takes it: "
                f"{kind}:///here.db, {kind}:////home/me/there.db"
            )
        if "?" in path:
            raise SettingError(f"{path!r} holds a '?', which ends a URL; give another folder")
        return cls(kind, text, text, Path(path))

    @classmethod
    def _proxy(cls, text: str, rest: str) -> "Address":
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:/@?#\[\]]+)(?::(\d{1,5}))?/?", rest)
        if match is None:
            raise SettingError(
                f"storage {masked(text)!r} is not grpc://HOST:PORT; write it in that form"
            )
        return cls("grpc", text, masked(text), None, match[1], int(match[2] or _DEFAULT_PORT))


def _require_driver(kind: Kind, text: str) -> None:
    module, extra = _DRIVERS[kind]
    if importlib.util.find_spec(module) is None:
        raise SettingError(
            f"storage {masked(text)!r} needs the package {module}, which is not installed; "
            f"run {install_command(extra)}"
        )


def sqlite_url(path: Path) -> str:
    """Storage URL of an SQLite file."""
    return f"sqlite:///{path}"
