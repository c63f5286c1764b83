"""A server for the dashboard, on this machine alone."""

import importlib.util
import logging
import socketserver
import wsgiref.simple_server
from typing import Any, Final

from optuna.storages import BaseStorage

from mpsearch.report.dashboard.files import FolderFiles
from mpsearch.report.dashboard.guard import Guard
from mpsearch.system.extras import install_command
from mpsearch.values.errors import EnvironmentFault, SettingError

LOOPBACK: Final = "127.0.0.1"
_NAMES: Final = (LOOPBACK, "localhost")
_IDLE_SECONDS: Final = 30


class _Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    # Browsers open connections in advance; one at a time would wait for them.
    daemon_threads = True


class _Handler(wsgiref.simple_server.WSGIRequestHandler):
    timeout = _IDLE_SECONDS

    def log_message(self, *_args: Any) -> None:
        """Write nothing: a line per request is of no use."""


def require_dashboard() -> None:
    """Check that optuna-dashboard is there.

    Raises:
        SettingError: If it is not installed.
    """
    if importlib.util.find_spec("optuna_dashboard") is None:
        raise SettingError(
            "mpsearch dashboard needs the package optuna-dashboard, which is not installed; run "
            f"{install_command('dashboard')}"
        )


def dashboard_server(
    storage: BaseStorage, files: FolderFiles, port: int
) -> wsgiref.simple_server.WSGIServer:
    """A server that listens and does not answer yet: ``serve_forever`` does.

    Args:
        storage: The storage to show.
        files: The files that can be downloaded.
        port: 0 for one that is free.

    Raises:
        EnvironmentFault: If the port is taken.
    """
    import optuna_dashboard  # noqa: PLC0415 - takes seconds

    from mpsearch.report.dashboard.study_detail import StudyDetail  # noqa: PLC0415 - likewise

    logging.getLogger("optuna_dashboard").setLevel(logging.CRITICAL)
    application = optuna_dashboard.wsgi(storage, artifact_store=files)
    guarded = Guard(StudyDetail(application, storage), _NAMES)
    try:
        return wsgiref.simple_server.make_server(LOOPBACK, port, guarded, _Server, _Handler)
    except (OSError, OverflowError) as error:
        raise EnvironmentFault(
            f"port {port} of {LOOPBACK} cannot be used ({error}); give another `port`, or 0 for "
            "one that is free"
        ) from error
