"""Settings that do more than choose what is read and computed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Final

from mpsearch.memory.amounts import parse_memory
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.values.secret import masked

_FILES: Final = ("sqlite", "journal")
_ASSUMED_MEMORY: Final = 4 * 2**30  # where the system does not say


@dataclass(frozen=True, slots=True)
class GuardedValue:
    """A setting that an untrusted file may not choose.

    Attributes:
        key: Key in ``study.toml``.
        value: The value as ``study.toml`` would have it; passwords are masked, and nothing in it
            can move a terminal's cursor.
        reason: What the value would do.
    """

    key: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key} = {self.value} ({self.reason})"

    @property
    def option(self) -> str:
        """The setting to give instead, as messages name it."""
        return f"`{self.key}`"


def guarded_values(config: Question, folder: Path) -> tuple[GuardedValue, ...]:
    """Those values of a ``study.toml`` that connect somewhere, write elsewhere or lower a guard.

    Nothing is opened, and no file outside the folder is looked at.

    Args:
        config: The settings, with their paths as
            :func:`~mpsearch.values.study_toml.read_question` leaves them.
        folder: Folder of the file.
    """
    values = [*_model(config), *_shares(config, folder), *_storage(config, folder)]
    if config.workers > (cores := os.cpu_count() or 1):
        there = f"this machine has {cores} core{'s' * (cores > 1)}"
        values.append(GuardedValue("workers", str(config.workers), there))
    if config.memory is not None and _parsed(config.memory) > (memory := _machine_memory()):
        there = f"this machine has {memory / 2**30:.1f} GiB"
        values.append(GuardedValue("memory", repr(config.memory), there))
    return tuple(values)


def _model(config: Question) -> Iterator[GuardedValue]:
    if config.allow_unsafe_model:
        yield GuardedValue("allow_unsafe_model", "true", "a model file may then run code")
    if config.model is not None and config.model.startswith("keras:"):
        yield GuardedValue("model", repr(config.model), "downloads from Keras' servers")


def _shares(config: Question, folder: Path) -> Iterator[GuardedValue]:
    """Paths on shares of other machines, which Windows connects to when such a file is opened."""
    if os.name != "nt":
        return
    paths = {
        "model": (config.model or "",),
        "architecture": (config.architecture or "",),
        "images": config.images or (),
        "labels": (config.labels or "",),
        "truth": (config.truth or "",),
    }
    for key, values in paths.items():
        for value in values:
            if is_on_another_share(value, folder):
                yield GuardedValue(key, repr(value), "connects to another machine")


def is_on_another_share(path: str, folder: Path | str) -> bool:
    r"""Whether a path is ``\\HOST\SHARE\…`` or a device, and not where *folder* is."""
    drive = PureWindowsPath(path).drive.casefold()
    return drive.startswith("\\\\") and drive != PureWindowsPath(folder).drive.casefold()


def _storage(config: Question, folder: Path) -> Iterator[GuardedValue]:
    if config.storage is None:
        return
    shown = repr(masked(config.storage))
    kind, _, rest = config.storage.partition("://")
    if kind not in _FILES or not rest.startswith("/"):
        yield GuardedValue("storage", shown, "connects to a server")
    elif not _is_inside(rest.removeprefix("/"), folder):
        yield GuardedValue("storage", shown, "a file outside the study's folder")


def _is_inside(file: str, folder: Path) -> bool:
    """Whether a file is in a folder, by its name and by where links lead.

    Its name comes first: looking at a file may already mount a disk, or connect to a share.
    """
    try:
        named = Path(file).absolute()
        homes = folder.resolve(), folder.absolute()
    except (OSError, RuntimeError):
        return False
    is_named_inside = any(named != home and named.is_relative_to(home) for home in homes)
    return is_named_inside and ".." not in named.parts and not leads_out(named, folder)


def leads_out(file: Path, folder: Path) -> bool:
    """Whether a file named in a folder is outside of it, by links in its path."""
    try:
        return not file.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # links in a circle, a name that cannot be one
        return True


def _parsed(memory: str) -> int:
    try:
        return parse_memory(memory)
    except SettingError:
        return 0  # the command that needs it says so


def _machine_memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return _ASSUMED_MEMORY
