"""The names and places of a study's files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Settings of a study; a folder that holds one is a study's.
SETTINGS: Final = "study.toml"


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """Paths of a study's files; the files need not exist.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def settings(self) -> Path:
        """The question, as the search or a person wrote it."""
        return self.path / SETTINGS

    @property
    def trials(self) -> Path:
        """SQLite file of the trials, where no other storage was named."""
        return self.path / "study.db"

    @property
    def profile(self) -> Path:
        """Sensitivity of the layers, as measured."""
        return self.path / "profile.json"

    @property
    def profile_table(self) -> Path:
        """Sensitivity of the layers, as a table."""
        return self.path / "profile.csv"

    @property
    def best(self) -> Path:
        """The best feasible plan so far of a search that goes on."""
        return self.path / "best.json"

    @property
    def plan(self) -> Path:
        """The plan of a finished search."""
        return self.path / "plan.json"

    @property
    def weights(self) -> Path:
        """Packed weights of a calibrated plan, which the plan alone does not determine."""
        return self.path / "plan.mpq"

    @property
    def quanti_array(self) -> Path:
        """The plan as the original program's list."""
        return self.path / "quanti_array.py"

    @property
    def result(self) -> Path:
        """The result of a finished search."""
        return self.path / "result.json"

    @property
    def report(self) -> Path:
        """Folder of pages, figures and tables."""
        return self.path / "report"

    @property
    def is_one(self) -> bool:
        """Whether a search has left anything here."""
        return any(map(_is_there, (self.settings, self.trials, self.best)))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be looked into
        return False
