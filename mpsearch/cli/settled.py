"""The settings of a search, kept in its folder."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mpsearch.model.source import BUNDLED_DIGITS
from mpsearch.system.files import write_text
from mpsearch.trust import SettingsFile
from mpsearch.values.errors import EnvironmentFault
from mpsearch.values.question import Question
from mpsearch.values.study_folder import StudyFolder
from mpsearch.values.study_toml import settings_text


@dataclass(frozen=True, slots=True)
class Settled:
    """What a search was asked, and where.

    Attributes:
        config: The settings.
        folder: The study's folder.
        is_typed: Whether all settings come from the command line, none from a ``study.toml``.
    """

    config: Question
    folder: Path
    is_typed: bool

    def keep(self) -> Iterator[str]:
        """Write ``study.toml``, unless there is one: others find the storage by it meanwhile.

        It is remembered as written here, so that this user's later commands obey it. So is one
        that is there and says just what was typed: another machine of the same search wrote it.
        One that says what it was itself read from is not.

        Yields:
            What the user should know.
        """
        path = StudyFolder(self.folder).settings
        text = settings_text(named(self.config), self.folder)
        if not path.exists():
            write_text(path, text)
        elif not self.is_typed or not _is(path, text):
            return
        file = SettingsFile.of(path, text.encode())
        if not file.guarded:
            return  # any file may choose what it says
        try:
            file.trust("written")
        except EnvironmentFault as fault:
            yield f"{fault}; until then other commands ask for: {file.remedy}"


def named(config: Question) -> Question:
    """The settings with the model that was used, so that they say all there is."""
    return replace(config, model=config.model or BUNDLED_DIGITS)


def _is(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False
