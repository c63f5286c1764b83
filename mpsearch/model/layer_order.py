"""Whether a file of the legacy format lists a layer's arrays as Keras 3 does.

That format has no names for what an array is, only an order, which has changed between versions of
Keras for models within models. The names that arrays had when they were written tell.
"""

import re
from pathlib import Path
from typing import Any, Final

from mpsearch.model.backend import h5py
from mpsearch.values.errors import ModelError

_NUMBER: Final = re.compile(r"_\d+$")


def require_same_order(model: Any, path: Path) -> None:
    """Refuse weights that would go to the wrong tensors of their layer.

    Args:
        model: The network, built.
        path: An HDF5 file that was inspected.

    Raises:
        ModelError: Names the layer.
    """
    with h5py.File(path, "r") as root:
        group = root if _listed(root, "layer_names") else root["model_weights"]
        stored = [
            (name, _listed(group[name], "weight_names")) for name in _listed(group, "layer_names")
        ]
    filled = [(name, arrays) for name, arrays in stored if arrays]
    layers = [layer for layer in model.layers if layer.weights]
    for (name, arrays), layer in zip(filled, layers, strict=False):
        ours = [variable.name for variable in _in_legacy_order(layer)]
        theirs = [_last_part(array) for array in arrays]
        if ours != theirs and sorted(ours) == sorted(theirs):
            raise ModelError(
                f"model {model.name!r}: layer {name!r} stores its weights in another order than "
                "Keras 3 reads them; load it in the Keras that wrote it and save it as .keras"
            )


def _in_legacy_order(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _last_part(name: str) -> str:
    """``conv2d_1/kernel:0`` is a ``kernel``."""
    return _NUMBER.sub("", name.rpartition("/")[2].partition(":")[0])


def _listed(group: Any, key: str) -> list[str]:
    """An attribute that is a list of names, which may be cut into several."""
    keys = [key] if key in group.attrs else []
    while not keys or (keys[0] != key and f"{key}{len(keys)}" in group.attrs):
        if not keys and f"{key}0" not in group.attrs:
            return []
        keys.append(f"{key}{len(keys)}")
    return [
        name.decode() if isinstance(name, bytes) else str(name)
        for k in keys
        for name in group.attrs[k]
    ]
