"""Keras models in files."""

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from mpsearch.system.files import write_bytes
from mpsearch.values.errors import EnvironmentFault

_WEIGHTS: Final = "model.weights.h5"  # within a .keras archive, too


def write_keras_model(model: Any, path: Path) -> Path:
    """Save a model as ``.keras``, whole or not at all.

    Raises:
        EnvironmentFault: If the disk, or that of temporary files, refuses.
    """
    return write_bytes(path, _saved(model, Path.read_bytes))


def write_architecture_and_weights(
    model: Any, folder: Path, within: Path | None = None
) -> list[Path]:
    """``model.json`` and ``model.weights.h5``, as the original wrote for each mask.

    Args:
        model: The Keras model.
        folder: Folder of the two files.
        within: The folder that the user named, around it.

    Raises:
        SettingError: If a folder inside *within* is a symbolic link.
        EnvironmentFault: If the disk, or that of temporary files, refuses.
    """
    # Out of the archive: where h5py writes to a disk that fills up, Python crashes as it ends.
    weights = _saved(model, _weights_in)
    return [
        write_bytes(folder / "model.json", model.to_json().encode(), within),
        write_bytes(folder / _WEIGHTS, weights, within),
    ]


def _weights_in(archive: Path) -> bytes:
    with zipfile.ZipFile(archive) as members:
        return members.read(_WEIGHTS)


def _saved(model: Any, read: Callable[[Path], bytes]) -> bytes:
    """What *read* takes from a ``.keras`` archive, which Keras writes to files only."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            return read(path)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot write temporary files to {tempfile.gettempdir()!r}: "
            f"{error.strerror or error}; free space there or set TMPDIR to another folder"
        ) from error
