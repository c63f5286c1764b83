"""A study's folder in Optuna's dashboard."""

from collections.abc import Hashable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from wsgiref.simple_server import WSGIServer

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


@dataclass(frozen=True, slots=True, eq=False)
class _ShownFolder:
    """What a study's folder adds to what its storage has.

    Attributes:
        folder: The study's.
        main: The study itself; others of the storage are compared with it.
        files: Those that can be downloaded.
    """

    folder: Path
    main: StudyTrials
    files: FolderFiles

    def attributes(self, trials: StudyTrials) -> dict[str, Any]:
        """What is added to a study of the storage."""
        is_main = trials.name == self.main.name
        record = self._record(trials, is_main)
        note = study_note(record, quanti_array_file(record.plan), is_main)
        files = self.files.offer(self._shown_files()) if is_main else {}
        return (
            note_attributes(note) | graph_attributes(study_graphs(record)) | file_attributes(files)
        )

    def _record(self, trials: StudyTrials, is_main: bool) -> StudyRecord:
        record = record_of(self.folder, trials if is_main else self.main)
        if not is_main:
            bare = replace(record, name=trials.name, result=None, trials=trials, left_out=())
            if self.main.identity == trials.identity:
                return bare
            return replace(bare, model="the network", subject=None, profile=None)
        if record.result is not None and len(trials.trials) > record.result.trials:
            return replace(record, result=None)  # the search has gone on
        return record

    def _shown_files(self) -> list[Path]:
        every = [path for pattern in _FILES for path in sorted(self.folder.glob(pattern))]
        return [path for path in every if self._is_inside(path)][:_MOST_FILES]

    def _is_inside(self, path: Path) -> bool:
        """A regular file of the folder's own, not one that a link leads to."""
        real = self.folder.resolve() / path.relative_to(self.folder)
        return path.is_file() and path.resolve() == real

    def stamp(self) -> Hashable:
        """Changes when :meth:`attributes` of the same trials would."""
        folder = StudyFolder(self.folder)
        files = (folder.result, folder.profile, folder.report)
        return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


class Dashboard(AbstractContextManager["Dashboard"]):
    """A server that shows the study of a folder, and those beside it in the same storage.

    Args:
        server: Listens.
        study: Number of the study that is shown first.
        opened: What is closed at the end.

    Attributes:
        port: At which it listens.
        url: Address of the study's page.
    """

    def __init__(self, server: WSGIServer, study: int, opened: ExitStack) -> None:
        self._server, self._opened = server, opened
        self.port: int = server.server_port
        self.url = f"http://127.0.0.1:{self.port}/dashboard/studies/{study}"

    @classmethod
    def open(cls, folder: Path, port: int, storage: str | None = None) -> Self:
        """Open a study's storage and a port.

        Args:
            folder: The study's.
            port: 0 for one that is free.
            storage: URL of its storage; what the folder says where it is None.

        Raises:
            StudyError: If the folder has no storage, or one that cannot be read.
            SettingError: If optuna-dashboard is not installed, or the folder names a storage that
                may not be taken from it (:mod:`mpsearch.trust`).
            EnvironmentFault: If the port is taken, or a server does not answer.
        """
        require_dashboard()
        url = storage or folder_storage(folder)
        address = Address.parse(url)
        with ExitStack() as opened:
            with reading_faults(address):
                inner = open_for_reading(address)
            opened.callback(close_storage, inner)

            # Called when a page is asked for: the view exists by then.
            def attributes(trials: StudyTrials) -> dict[str, Any]:
                return view.attributes(trials)

            def stamp() -> Hashable:
                return view.stamp()

            shown = ShownStorage(inner, attributes, stamp)
            with reading_faults(address):
                main = study_trials(folder, shown.study_trials)
            view = _ShownFolder(folder, main, FolderFiles())
            server = dashboard_server(shown, view.files, port)
            opened.callback(server.server_close)
            study = shown.get_study_id_from_name(view.main.name)
            return cls(server, study, opened.pop_all())

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
        self._opened.close()
