"""Names that TensorFlow 2.12 and 2.13 gave to the weights of layers in ``.keras`` files.

Of several layers of a class, these versions count each one twice: ``conv2d``, ``conv2d_2``,
``conv2d_4``. Keras 3 looks for ``conv2d``, ``conv2d_1``, ``conv2d_2``.
"""

import re
import shutil
import zipfile
from pathlib import Path
from typing import Any, Final

from mpsearch.model.backend import h5py
from mpsearch.model.inspection.archive import WEIGHTS

_LAYERS: Final = "_layer_checkpoint_dependencies"
_NUMBERED: Final = re.compile(r"(.+)_([1-9]\d*)")


def extracted_weights(archive: Path, folder: Path) -> Path:
    """The weights of a ``.keras`` file as a file of their own, under the names Keras 3 looks for.

    Args:
        archive: A file that was inspected.
        folder: Folder of the new file.
    """
    path = folder / "model.weights.h5"
    with (
        zipfile.ZipFile(archive) as members,
        members.open(WEIGHTS) as stored,
        path.open("wb") as file,
    ):
        shutil.copyfileobj(stored, file)
    with h5py.File(path, "r+") as root:
        _renumber(root)
    return path


def _renumber(group: Any) -> None:
    for name in list(group):
        inner = group[name]
        if isinstance(inner, h5py.Group):
            _renumber(inner)
    if group.name.rpartition("/")[2] != _LAYERS:
        return
    matches = [match for name in group if (match := _NUMBERED.fullmatch(name))]
    names = set(group)
    twice = [m for m in matches if f"{m[1]}_1" not in names and m[1] in names]
    for match in sorted(twice, key=lambda m: int(m[2])):
        group.move(match[0], f"{match[1]}_{int(match[2]) // 2}")
