"""Restore a Keras model from a packed file."""

from pathlib import Path

from mpsearch.export.keras_model import write_keras_model
from mpsearch.export.packed import PackedFile
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.packing import require_model, unpacked_model


def unpack(path: Path, model: OpenModel, target: Path, force: bool = False) -> Path:
    """Write a ``.keras`` model that holds a packed file's weights.

    Args:
        path: The packed file.
        model: A model of the same architecture.
        target: The model file to write.
        force: Take a model whose weights are not those the file was made from.

    Raises:
        PackedError: If the file is damaged, or is one of another model.
        EnvironmentFault: If the disk refuses; a file already there stays whole.
    """
    with PackedFile.open(path) as packed:
        require_model(packed, model, force)
        return write_keras_model(unpacked_model(packed, model), target)
