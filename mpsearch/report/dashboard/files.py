"""The files of a study's folder, as Optuna's artifacts."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from optuna.artifacts.exceptions import ArtifactNotFound

from mpsearch.system.folders import open_as_it_is


class FolderFiles:
    """An artifact store that only reads, and only files that were added to it.

    Ids are random: no foreign page can guess them.
    """

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}

    def offer(self, paths: Sequence[Path]) -> dict[str, Path]:
        """Let these files be read; returns id → file, of a file always the same."""
        ids = {path: key for key, path in self._paths.items()}
        offered = {ids.get(path) or str(uuid.uuid4()): path for path in paths}
        self._paths |= offered
        return offered

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open a file.

        Raises:
            ArtifactNotFound: If there is none of this id any more.
        """
        try:
            return open_as_it_is(self._paths[artifact_id])
        except (KeyError, OSError) as error:
            raise ArtifactNotFound(artifact_id) from error

    def _refuse(self, *_args: Any) -> NoReturn:
        raise PermissionError("the dashboard only reads")

    write = _refuse
    remove = _refuse
