"""A model built of a description that the inspection wrote, with the weights of a file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mpsearch.model.backend import keras
from mpsearch.model.layer_numbers import extracted_weights
from mpsearch.model.layer_order import require_same_order
from mpsearch.values.errors import ModelError


def rebuilt(description: str, path: Path, layout: str) -> Any:
    """Build a network and fill it with a file's weights.

    Args:
        description: JSON of the architecture as Keras 3 writes it, from the inspection.
        path: The file with the weights.
        layout: The ending by which Keras reads such a file.

    Raises:
        ModelError: If the arrays of the file are not those of the network's layers.
    """
    # Keras' guard is on: it builds nothing that holds code.
    model = keras.models.model_from_json(description)
    if not model.built:
        raise ModelError(
            f"model {model.name!r} has no input shape; call it on an image once and save it again"
        )
    # Keras goes by the ending; a file may be called otherwise.
    with tempfile.TemporaryDirectory() as folder:
        if layout == ".keras":
            weights = extracted_weights(path, Path(folder))
        else:
            weights = Path(folder) / f"model{layout}"
            weights.symlink_to(path.resolve())
        if layout == ".h5":
            require_same_order(model, weights)
        model.load_weights(weights)
    for layer in _flattened(model):
        if hasattr(layer, "finalize_state"):  # Normalization derives numbers from its weights
            layer.finalize_state()
    return model


def _flattened(model: Any) -> Iterator[Any]:
    # _flatten_layers is Keras' own walk, which knows layers inside wrappers as well.
    yield from model._flatten_layers()
