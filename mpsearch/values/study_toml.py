"""A question as a ``study.toml``, and back."""

import difflib
import io
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.values.secret import masked

_LARGEST: Final = 2**20


def read_question(path: Path) -> Question:
    """Read ``study.toml``; relative paths in it start from its folder.

    Raises:
        SettingError: Names the key, the value and what is allowed.
    """
    return question_of(path, read_settings(path))


def question_of(path: Path, content: bytes) -> Question:
    """Parse a ``study.toml`` that was read already, as :func:`read_question` does."""
    document = _parsed(path, content)
    keys = {field.name for field in fields(Question)}
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            raise SettingError(
                f"{str(path)!r}: unknown key {key!r}{hint} known keys: {', '.join(sorted(keys))}"
            )
        values[key] = _typed(path, key, value)
    question = Question(**values)
    folder = path.parent
    return replace(
        question,
        **{
            key: _absolute(getattr(question, key), folder)
            for key in _PATHS
            if getattr(question, key) is not None
        },
    )


def settings_text(question: Question, folder: Path) -> str:
    """Text of a ``study.toml`` in *folder* that asks this question."""
    lines = []
    for field in fields(question):
        value = getattr(question, field.name)
        if value is None or value == field.default:
            continue
        if field.name in _PATHS:
            value = _relative(value, folder)
        if field.name == "storage":
            value = masked(value)
        lines.append(f"{field.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


_PATHS: Final = ("model", "architecture", "images", "labels", "truth")
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "allow_unsafe_model": ((bool,), "true or false"),
    "from_logits": ((bool,), "true or false"),
    "guaranteed": ((bool,), "true or false"),
    "pareto": ((bool,), "true or false"),
    "calibrate": ((bool,), "true or false"),
    "budget": ((int, float), "percentage points from 0 to 100"),
    "max_bytes": ((int,), "an integer, 1 or more"),
    "ratio": ((int, float), "1 or more"),
    "sure": ((int, float), "a percentage from 50 to below 100"),
    "holdout": ((int, float), "a share from 0 to below 1"),
    "timeout": ((int, float), "seconds above 0"),
    "trials": ((int,), "an integer, 1 or more"),
    "seed": ((int,), "an integer"),
    "workers": ((int,), "an integer from 1 to 64"),
}


def read_settings(path: Path) -> bytes:
    """The content of a ``study.toml``.

    Raises:
        SettingError: If it cannot be read, is no regular file, or is larger than 1 MiB.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
            raise SettingError(f"{str(path)!r} is no regular file; give a study.toml")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise SettingError(f"{str(path)!r}: {error.strerror}; give a study.toml") from error
    if len(content) > _LARGEST:
        raise SettingError(f"{str(path)!r} is larger than 1 MiB; give a study.toml")
    return content


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    try:
        # As a text file is read: line ends of any system.
        return tomllib.loads(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig").read())
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, a number too long
        raise SettingError(f"{str(path)!r} is not TOML ({error}); correct that line") from error


def _typed(path: Path, key: str, value: Any) -> Any:
    if key in {"lock", "forbid"}:
        return _table(path, key, value)
    if key in {"images", "schemes", "tie", "compare"}:
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list) or not all(isinstance(e, str) for e in entries):
            raise _wrong(path, key, value, "a string or a list of strings")
        return tuple(entries)
    kinds, allowed = _KINDS.get(key, ((str,), "a string"))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _wrong(path, key, value, allowed)
    return value


def _table(path: Path, key: str, value: Any) -> Mapping[str, Any]:
    """Patterns and what they are given: one scheme (lock), or several (forbid)."""
    allowed = "a table of layer patterns, each = a scheme" + " or a list" * (key == "forbid")
    if not isinstance(value, dict):
        raise _wrong(path, key, value, allowed)
    table: dict[str, Any] = {}
    for pattern, schemes in value.items():
        entries = [schemes] if isinstance(schemes, str) else schemes
        fine = isinstance(entries, list) and all(isinstance(e, str) for e in entries)
        if not fine or (key == "lock" and not isinstance(schemes, str)):
            raise _wrong(path, f"{key}.{pattern}", schemes, allowed)
        table[pattern] = schemes if key == "lock" else tuple(entries)
    return table


def _wrong(path: Path, key: str, value: Any, allowed: str) -> SettingError:
    return SettingError(f"{str(path)!r}: {key} = {value!r} is not allowed; give {allowed}")


def _is_path(text: str) -> bool:
    return not (text.startswith(("keras:", "bundled:")) or text == "y" or "://" in text)


def _absolute(value: Any, folder: Path) -> Any:
    if isinstance(value, tuple):
        return tuple(_absolute(entry, folder) for entry in value)
    return str(folder / value) if _is_path(value) else value


def _relative(value: Any, folder: Path) -> Any:
    if isinstance(value, tuple):
        return tuple(_relative(entry, folder) for entry in value)
    return _path_from(Path(value), folder) if _is_path(value) else value


def _path_from(path: Path, folder: Path) -> str:
    """*path* as seen from *folder*; absolute where there is no way without leaving the tree."""
    here, there = folder.resolve(), path.resolve()
    if there.is_relative_to(here):
        inside = str(there.relative_to(here))
        # A file called y, or keras:…, must not turn into a keyword.
        return inside if _is_path(inside) else f"./{inside}"
    shared = [
        parent
        for parent in here.parents
        if there.is_relative_to(parent) and parent != Path(here.anchor)
    ]
    if not shared:
        return str(there)
    up = len(here.relative_to(shared[0]).parts)
    return str(Path(*[".."] * up) / there.relative_to(shared[0]))


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case dict():
            pairs = (f"{_toml(key)} = {_toml(entry)}" for key, entry in value.items())
            return "{ " + ", ".join(pairs) + " }"
        case tuple():
            return "[" + ", ".join(_toml(entry) for entry in value) + "]"
        case _:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            plain = (c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)
            return f'"{"".join(plain)}"'
