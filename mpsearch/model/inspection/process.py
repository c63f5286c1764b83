"""A file is inspected in a process of its own, which may hang or die."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from mpsearch.model.inspection.limits import processor_seconds, wall_seconds
from mpsearch.model.inspection.verdict import SAVE_AGAIN, Verdict
from mpsearch.values.errors import EnvironmentFault

_ROOT: Final = Path(__file__).parents[3]
# As `python -m mpsearch.model.inspection` without the current folder on the path, where a file
# beside the model could pass for one of the modules imported.
_START: Final = (
    f"import runpy, sys; sys.path.append({str(_ROOT)!r}); "
    "runpy.run_module('mpsearch.model.inspection', run_name='__main__')"
)
_LESS_BUSY: Final = "run the command again when this machine and its disks are less busy"
_OUT_OF_TIME: Final = None if sys.platform == "win32" else -signal.SIGXCPU
_ENVIRONMENT: Final = {
    # Threads of linear algebra would take address space for nothing.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "HDF5_PLUGIN_PRELOAD": "::",  # filters are not loaded from shared libraries
}


def inspected(path: Path, architecture: Path | None = None) -> Verdict:
    """Inspect a model file in a child process.

    A child that dies, hangs or says nonsense is a verdict: the file cannot be read.

    Args:
        path: A regular file that begins as a zip archive or an HDF5 file does.
        architecture: The regular file that describes the network, for a file of weights only.

    Raises:
        EnvironmentFault: If no process can be started.
    """
    files = [path] if architecture is None else [path, architecture]
    size = sum(file.stat().st_size for file in files)
    seconds = wall_seconds(size)
    try:
        # This program itself, by a list of words.
        done = subprocess.run(  # noqa: S603 # nosec B603
            [sys.executable, "-P", "-c", _START, *(str(file.absolute()) for file in files)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, **_ENVIRONMENT},
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Verdict(f"could not be read within {seconds:.0f} seconds", _LESS_BUSY)
    except OSError as error:
        raise EnvironmentFault(
            f"no process can be started to inspect model {str(path)!r}: {error.strerror}; close "
            "other programs"
        ) from error
    if done.returncode == _OUT_OF_TIME:
        most = processor_seconds(size)
        return Verdict(f"cannot be read within {most} seconds of processor time", SAVE_AGAIN)
    try:
        return Verdict.from_line(done.stdout.decode("ascii"))
    except ValueError:
        return Verdict("cannot be read: the process that inspects it died", SAVE_AGAIN)
