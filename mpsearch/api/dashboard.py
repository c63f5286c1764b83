"""A study's folder in Optuna's dashboard."""

from collections.abc import Hashable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from mpsearch.api.study_record import folder_storage, record_of, study_trials
from mpsearch.export.quanti_array import quanti_array_file
from mpsearch.report.dashboard.attributes import file_attributes, graph_attributes, note_attributes
from mpsearch.report.dashboard.files import FolderFiles
from mpsearch.report.dashboard.graphs import study_graphs
from mpsearch.report.dashboard.note import study_note
from mpsearch.report.dashboard.server import dashboard_server, require_dashboard
from mpsearch.report.dashboard.shown_storage import ShownStorage
from mpsearch.report.record import StudyRecord
from mpsearch.study.storage.address import Address
from mpsearch.study.storage.opening import close_storage, open_for_reading
from mpsearch.study.trials import StudyTrials, reading_faults
from mpsearch.values.study_folder import StudyFolder

# What a folder may hold that is worth a download.
_FILES: Final = (
    "plan.json",
    "quanti_array.py",
    "result.json",
    "best.json",
    "study.toml",
    "NOTES.md",
    "profile.csv",
    "*.txt",
    "report/*.html",
    "report/*.png",
    "report/*.csv",
)
_MOST_FILES: Final = 60


class Dashboard(AbstractContextManager["Dashboard"]):
    """A server that shows the study of a folder, and those beside it in the same storage.

    Args:
        folder: The study's.
        port: 0 for one that is free.
        storage: URL of its storage; what the folder says where it is None.

    Raises:
        StudyError: If the folder has no storage, or one that cannot be read.
        SettingError: If optuna-dashboard is not installed, or the folder names a storage that may
            not be taken from it (:mod:`mpsearch.trust`).
        EnvironmentFault: If the port is taken, or a server does not answer.
    """

    def __init__(self, folder: Path, port: int, storage: str | None = None) -> None:
        require_dashboard()
        self._folder, self._files = folder, FolderFiles()
        url = storage or folder_storage(folder)
        address = Address.parse(url)
        with reading_faults(address):
            self._storage = open_for_reading(address)
        try:
            shown = ShownStorage(self._storage, self._shown, self._stamp)
            with reading_faults(address):
                self._main = study_trials(folder, shown.study_trials)
            self._server = dashboard_server(shown, self._files, port)
            study = shown.get_study_id_from_name(self._main.name)
        except BaseException:
            close_storage(self._storage)
            raise
        self.port: int = self._server.server_port
        #: Address of the study's page.
        self.url = f"http://127.0.0.1:{self.port}/dashboard/studies/{study}"

    def serve(self) -> None:
        """Answer until interrupted."""
        self._server.serve_forever()

    def stop(self) -> None:
        """End :meth:`serve`; from another thread."""
        self._server.shutdown()

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Let go of the port and the storage."""
        self._server.server_close()
        close_storage(self._storage)

    def _shown(self, trials: StudyTrials) -> dict[str, Any]:
        is_main = trials.name == self._main.name
        record = self._record(trials, is_main)
        note = study_note(record, quanti_array_file(record.plan), is_main)
        files = self._files.offer(self._found()) if is_main else {}
        return (
            note_attributes(note) | graph_attributes(study_graphs(record)) | file_attributes(files)
        )

    def _record(self, trials: StudyTrials, is_main: bool) -> StudyRecord:
        record = record_of(self._folder, trials if is_main else self._main)
        if not is_main:
            bare = replace(record, name=trials.name, result=None, trials=trials, left_out=())
            if self._main.identity == trials.identity:
                return bare
            return replace(bare, model="the network", subject=None, profile=None)
        if record.result is not None and len(trials.trials) > record.result.trials:
            return replace(record, result=None)  # the search has gone on
        return record

    def _found(self) -> list[Path]:
        every = [path for pattern in _FILES for path in sorted(self._folder.glob(pattern))]
        return [path for path in every if self._is_inside(path)][:_MOST_FILES]

    def _is_inside(self, path: Path) -> bool:
        """A regular file of the folder's own, not one that a link leads to."""
        real = self._folder.resolve() / path.relative_to(self._folder)
        return path.is_file() and path.resolve() == real

    def _stamp(self) -> Hashable:
        folder = StudyFolder(self._folder)
        files = (folder.result, folder.profile, folder.report)
        return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)
