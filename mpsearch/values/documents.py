"""JSON files of others' making: read whole, checked field by field."""

import json
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mpsearch.values.errors import MPSearchError

_LARGEST_NUMBER: Final = sys.float_info.max
_LARGEST_WHOLE: Final = 2**63 - 1


class Fields:
    """One JSON object whose fields are taken by name and kind.

    Args:
        where: Begins every message, for instance ``result 'a/result.json'``.
        values: The object.
        error: Raised for a field that is not as it must be.
    """

    def __init__(self, where: str, values: Any, error: type[MPSearchError]) -> None:
        self._where, self._error = where, error
        if not isinstance(values, Mapping):
            raise self._wrong("it", values, "an object")
        self._values = values

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def text(self, key: str) -> str:
        """A string."""
        return self._text(key, self._values.get(key))

    def optional_text(self, key: str) -> str | None:
        """A string, or None where there is none."""
        return self.text(key) if key in self else None

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._values.get(key)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def whole(self, key: str) -> int:
        """An integer from 0 to 2⁶³ − 1."""
        return self._whole(key, self._values.get(key))

    def optional_whole(self, key: str) -> int | None:
        """An integer, or None where there is none."""
        return self.whole(key) if key in self else None

    def number(self, key: str) -> float:
        """A finite number."""
        return self._finite(key, self._values.get(key))

    def optional_number(self, key: str) -> float | None:
        """A finite number, or None where there is none."""
        return self.number(key) if key in self else None

    def numbers(self, key: str, count: int) -> list[float]:
        """A list of exactly *count* finite numbers."""
        entries = self._list(key)
        if len(entries) != count:
            raise self._wrong(key, entries, f"a list of {count} numbers")
        return [self._finite(key, entry) for entry in entries]

    def wholes(self, key: str, count: int | None = None) -> list[int]:
        """A list of integers, of exactly *count* where that is given."""
        entries = self._list(key)
        if count is not None and len(entries) != count:
            raise self._wrong(key, entries, f"a list of {count} integers")
        return [self._whole(key, entry) for entry in entries]

    def integers(self, key: str) -> list[int]:
        """A list of integers of either sign."""
        entries = self._list(key)
        for entry in entries:
            self._whole(key, abs(entry) if isinstance(entry, int) and entry < 0 else entry)
        return list(entries)

    def texts(self, key: str) -> list[str]:
        """A list of strings."""
        return [self._text(key, entry) for entry in self._list(key)]

    def inner(self, key: str) -> "Fields":
        """An object inside."""
        return Fields(f"{self._where}, {key}", self._values.get(key), self._error)

    def rows(self, key: str) -> Iterator["Fields"]:
        """A list of objects."""
        for index, entry in enumerate(self._list(key)):
            yield Fields(f"{self._where}, {key}[{index}]", entry, self._error)

    def named(self, key: str) -> Iterator[tuple[str, "Fields"]]:
        """An object of objects."""
        for name in self.inner(key).names():
            yield name, self.inner(key).inner(name)

    def names(self) -> list[str]:
        """The names of all fields."""
        return [str(name) for name in self._values]

    def _list(self, key: str) -> list[Any]:
        value = self._values.get(key)
        if not isinstance(value, list):
            raise self._wrong(key, value, "a list")
        return value

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong(key, value, "a string")
        return value

    def _whole(self, key: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(key, value, "an integer")
        if not 0 <= value <= _LARGEST_WHOLE:
            raise self._wrong(key, value, "an integer from 0 to 2^63 - 1")
        return value

    def _finite(self, key: str, value: Any) -> float:
        # NaN, infinity, and integers that float() cannot take compare false.
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not abs(value) <= _LARGEST_NUMBER
        ):
            raise self._wrong(key, value, "a number")
        return float(value)

    def _wrong(self, key: str, value: Any, expected: str) -> MPSearchError:
        # str() of an integer of thousands of digits is refused by Python itself.
        shown = "a huge number" if isinstance(value, int) and abs(value) > 1e40 else repr(value)
        return self._error(
            f"{self._where}: {key} is {shown[:40]}, expected {expected}; run the command that "
            "wrote it again"
        )


def read_document(
    path: Path, what: str, form: str, version: int, largest: int, error: type[MPSearchError]
) -> Fields:
    """Read a JSON file that says of itself what it is; as :func:`read_object`, as fields."""
    remedy = "run the command that wrote it again"
    document = read_object(path, what, form, version, largest, error, remedy)
    return Fields(f"{what} {str(path)!r}", document, error)


def read_object(
    path: Path,
    what: str,
    form: str,
    version: int,
    largest: int,
    error: type[MPSearchError],
    remedy: str,
) -> dict[str, Any]:
    """Read a JSON object that says of itself what it is.

    Args:
        path: The file.
        what: Kind of the document, for messages.
        form: Required value of ``format``.
        version: Required value of ``version``.
        largest: Bytes; a larger file is refused unread.
        error: Raised for anything else.
        remedy: Ends messages of a file that is of another kind.

    Raises:
        MPSearchError: *error*, if the file is missing, too large, no JSON, or of another kind.
    """
    where = f"{what} {str(path)!r}"
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
            raise error(f"{where} is no regular file; {remedy}")
        if status.st_size > largest:
            raise error(f"{where} is larger than {largest // 2**20} MiB; {remedy}")
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except error:
        raise
    except (OSError, UnicodeDecodeError) as cause:
        raise error(f"{where} cannot be read ({cause}); check the file") from cause
    except (ValueError, RecursionError) as cause:
        raise error(f"{where} is not JSON ({cause}); {remedy}") from cause
    if not isinstance(document, dict) or document.get("format") != form:
        raise error(f"{str(path)!r} is not a {what} of mpsearch; {remedy}")
    number = document.get("version")
    if isinstance(number, bool) or number != version:
        raise error(
            f"{where} has version {str(number)[:20]!r}; this program reads version {version}: "
            "update mpsearch"
        )
    return document
