"""Settings of a run: from ``study.toml``, from the command line, from the defaults."""

import difflib
import io
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from mpsearch.values.errors import SettingError
from mpsearch.values.secret import masked

_LARGEST: Final = 2**20


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Every setting a command may need; the keys of ``study.toml`` are these names.

    Attributes:
        model: File, ``keras:NAME`` or ``bundled:digits``; None where none was named.
        architecture: For a model file that holds weights only: the file that describes its network.
        allow_unsafe_model: Load what the allow-list for model files refuses.
        images: Files, folders, globs, or one ``.npz``; None for the bundled ones.
        preprocess: How pixels become inputs; None asks the model.
        resize: ``squash`` or ``crop``.
        labels: File of class names.
        truth: File of true classes, or ``y``.
        from_logits: The model's output are logits.
        size: ``HEIGHTxWIDTH`` for a model that leaves them open.
        schemes: The menu; None for the documented schemes.
        metric: ``mean``, ``max`` or ``p95``.
        budget: Largest drop allowed, percentage points.
        max_bytes: Instead: most bytes of all parameters.
        ratio: The same, as how many times smaller they must become.
        pareto: Search the whole front.
        budget_on: ``search`` or ``verify``: on which images the budget is kept.
        holdout: Share of the images held back.
        lock: Pattern of layer names → scheme.
        forbid: Pattern of layer names → schemes they may not have.
        tie: Patterns of layer names that share a scheme.
        sampler: Who proposes plans.
        compare: Other methods to run beside the search.
        coding: How codes are packed: ``none`` or ``entropy``.
        calibrate: Choose codes by what layers put out on the images searched on.
        trials: Finished trials in the study, at most; None for the sampler's default.
        timeout: Seconds, at most.
        seed: Of the sampler.
        memory: As ``--memory`` takes it.
        workers: Processes that search on this machine.
        storage: Optuna's storage URL.
        study_name: Name of the study.
    """

    model: str | None = None
    architecture: str | None = None
    allow_unsafe_model: bool = False
    images: tuple[str, ...] | None = None
    preprocess: str | None = None
    resize: str = "squash"
    labels: str | None = None
    truth: str | None = None
    from_logits: bool = False
    size: str | None = None
    schemes: tuple[str, ...] | None = None
    metric: str = "mean"
    budget: float | None = None
    max_bytes: int | None = None
    ratio: float | None = None
    pareto: bool = False
    budget_on: str = "search"
    holdout: float | None = None
    lock: Mapping[str, str] | None = None
    forbid: Mapping[str, tuple[str, ...]] | None = None
    tie: tuple[str, ...] | None = None
    sampler: str = "surrogate"
    compare: tuple[str, ...] | None = None
    coding: str = "none"
    calibrate: bool = False
    trials: int | None = None
    timeout: float | None = None
    seed: int = 0
    memory: str | None = None
    workers: int = 1
    storage: str | None = None
    study_name: str | None = None

    @classmethod
    def from_toml(cls, path: Path) -> "RunConfig":
        """Read ``study.toml``; relative paths in it start from its folder.

        Raises:
            SettingError: Names the key, the value and what is allowed.
        """
        return cls.from_bytes(path, read_settings(path))

    @classmethod
    def from_bytes(cls, path: Path, content: bytes) -> "RunConfig":
        """As :meth:`from_toml`, of a file that was read already."""
        document = _parsed(path, content)
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in document.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ";"
                raise SettingError(
                    f"{str(path)!r}: unknown key {key!r}{hint} known keys: "
                    f"{', '.join(sorted(known))}"
                )
            values[key] = _typed(path, key, value)
        return cls(**values)._resolved(path.parent)

    def with_options(self, given: Mapping[str, Any]) -> "RunConfig":
        """A copy in which the options that were given (are not None) replace settings."""
        return replace(self, **{key: value for key, value in given.items() if value is not None})

    def to_toml(self, folder: Path) -> str:
        """Text of a ``study.toml`` in *folder* that describes this run."""
        lines = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == field.default:
                continue
            if field.name in _PATHS:
                value = _relative(value, folder)
            if field.name == "storage":
                value = masked(value)
            lines.append(f"{field.name} = {_toml(value)}")
        return "\n".join(lines) + "\n"

    def _resolved(self, folder: Path) -> "RunConfig":
        return replace(
            self,
            **{
                key: _absolute(getattr(self, key), folder)
                for key in _PATHS
                if getattr(self, key) is not None
            },
        )


_PATHS: Final = ("model", "architecture", "images", "labels", "truth")
_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "allow_unsafe_model": ((bool,), "true or false"),
    "from_logits": ((bool,), "true or false"),
    "pareto": ((bool,), "true or false"),
    "calibrate": ((bool,), "true or false"),
    "budget": ((int, float), "percentage points from 0 to 100"),
    "max_bytes": ((int,), "a whole number, 1 or more"),
    "ratio": ((int, float), "1 or more"),
    "holdout": ((int, float), "a share from 0 to below 1"),
    "timeout": ((int, float), "seconds above 0"),
    "trials": ((int,), "a whole number, 1 or more"),
    "seed": ((int,), "a whole number"),
    "workers": ((int,), "a whole number from 1 to 64"),
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
            raise _wrong(path, key, value, "a text or a list of texts")
        return tuple(entries)
    kinds, allowed = _KINDS.get(key, ((str,), "a text"))
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
    shared = [one for one in here.parents if there.is_relative_to(one) and one != Path(here.anchor)]
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
