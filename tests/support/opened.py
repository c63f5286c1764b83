"""A model file opened as the command opens it, without a process for its inspection."""

from pathlib import Path
from typing import Any, Literal

from mpsearch.model.inspection.file import inspect_file
from mpsearch.model.source import ModelSource
from mpsearch.values.errors import ModelError
from mpsearch.workbench.open_model import open_source


def opened(path: Path) -> Any:
    """The open model.

    Raises:
        MPSearchError: As the command does.
    """
    verdict = inspect_file(path)
    if verdict.reason or verdict.foreign:
        found = "; ".join((verdict.reason, *verdict.foreign))
        raise ModelError(f"model {str(path)!r} {found}; {verdict.remedy}")
    kind: Literal["h5", "keras"] = "h5" if path.suffix == ".h5" else "keras"
    source = ModelSource(
        str(path), kind, path, path.stem, calls=verdict.calls, nbytes=verdict.nbytes
    )
    return open_source(source, False, None, 2**30)
