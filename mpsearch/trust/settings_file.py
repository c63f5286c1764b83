"""A ``study.toml`` and what may be taken from it."""

import hashlib
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from mpsearch.trust.guarded import GuardedValue, guarded_values
from mpsearch.trust.record import Origin, is_trusted, remember
from mpsearch.trust.storage_variable import STORAGE_VARIABLE, same_storage, storage_variable
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.values.study_folder import SETTINGS
from mpsearch.values.study_toml import question_of, read_settings

_LONGEST: Final = 200  # characters of a value in an error


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A ``study.toml`` as it was when it was read, once.

    Attributes:
        path: The file.
        config: What it says, for people to read: use :meth:`taken`, or :meth:`storage`.
        sha256: SHA-256 of the file's content, hexadecimal.
    """

    path: Path
    config: Question
    sha256: str

    @classmethod
    def read(cls, path: Path) -> "SettingsFile":
        """Read a file.

        Raises:
            SettingError: If it is no ``study.toml``.
        """
        return cls.of(path, read_settings(path))

    @classmethod
    def of(cls, path: Path, content: bytes) -> "SettingsFile":
        """A file of which the content is known.

        Raises:
            SettingError: If it is no ``study.toml``.
        """
        config = question_of(path, content)
        return cls(path, config, hashlib.sha256(content).hexdigest())

    @property
    def guarded(self) -> tuple[GuardedValue, ...]:
        """Values of the file that an untrusted file may not choose."""
        return guarded_values(self.config, self.path.parent)

    def refused(self, keys: Collection[str]) -> tuple[GuardedValue, ...]:
        """Values under these keys that may not be taken: guarded, and not trusted."""
        values = [
            value for value in self.guarded if value.key in keys and not self._is_given(value)
        ]
        return () if not values or is_trusted(self.path, self.sha256) else tuple(values)

    def taken(self, uses: Collection[str], given: Mapping[str, Any]) -> Question:
        """The settings of a command.

        Args:
            uses: Keys that the command has options for.
            given: Key → what the user gave, which wins over the file; None if it is not given.

        Raises:
            SettingError: Names the values that may not be taken from this file, and the remedy.
        """
        own = {key for key, value in given.items() if value is not None}
        self._require(set(uses) - own)
        # What the command knows no option for, it does not get.
        every = {field.name: field.default for field in fields(Question)}
        unasked: dict[str, Any] = {value.key: every[value.key] for value in self.refused(every)}
        return replace(self.config, **unasked).with_options(given)

    def storage(self) -> str | None:
        """The storage that the file names, or None.

        Raises:
            SettingError: If it may not be taken from this file; says what to do.
        """
        self._require({"storage"})
        named, given = self.config.storage, storage_variable()
        if named is not None and given is not None and same_storage(named, given):
            return given  # it may have the password
        return named

    def trust(self, origin: Origin) -> None:
        """Remember that this very content may be obeyed in this folder.

        Raises:
            EnvironmentFault: If it cannot be remembered.
        """
        remember(self.path, self.sha256, origin)

    @property
    def remedy(self) -> str:
        """The command that trusts the file."""
        usual = self.path.name == SETTINGS
        return f"mpsearch trust {shlex.quote(str(self.path.parent if usual else self.path))}"

    def _is_given(self, value: GuardedValue) -> bool:
        named, given = self.config.storage, storage_variable()
        if value.key != "storage" or named is None or given is None:
            return False
        return same_storage(named, given)

    def _require(self, keys: Collection[str]) -> None:
        values = self.refused(keys)
        if not values:
            return
        shown = " and ".join(_short(str(value)) for value in values)
        options = " and ".join(dict.fromkeys(value.option for value in values))
        if any(value.key == "storage" for value in values):
            options += f" (or {STORAGE_VARIABLE})"
        raise SettingError(
            f"{str(self.path)!r}: {shown} cannot be taken from a file that mpsearch did not write "
            f"here; give {options}, or if you trust the file: {self.remedy}"
        )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
