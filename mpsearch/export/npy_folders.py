"""The original program's folders: one flat ``.npy`` per kernel and bias.

::

    <model name>/<scheme>/<layer>_kernel.npy
    <model name>/<scheme>/<layer>_bias.npy
    <model name>/bitwiseAnd_k/model.json and model.weights.h5

Arrays are flattened as the original did. ``fl16`` holds float16, ``fix8`` its codes as uint8
(whose bytes are the original's int8 ones), the other schemes decoded float32.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from mpsearch.core.arrays import Codes, Float32Array
from mpsearch.core.files import file_name, file_names, write_bytes
from mpsearch.core.layer import WeightLayer
from mpsearch.schemes import Scheme

_CODES_AS_STORED: Final = frozenset({"fl16", "fix8"})


def write_npy_folder(
    folder: Path,
    model_name: str,
    scheme: Scheme,
    layers: tuple[WeightLayer, ...],
    weights: Callable[[int], tuple[Float32Array, ...]],
) -> list[Path]:
    """Write every weight tensor under *scheme*.

    Args:
        folder: Where ``<model name>/<scheme>/`` goes.
        model_name: As Keras keeps it.
        scheme: How to store.
        layers: The weight layers.
        weights: Gives a layer's trained tensors.

    Returns:
        The files, in layer order.

    Raises:
        SchemeError: If the scheme refuses a layer's weights; what was written stays whole.
        EnvironmentFault: If the disk refuses.
    """
    target = folder / file_name(model_name) / file_name(scheme.name)
    # Made distinct after joining: sep + depthwise_kernel and sep_depthwise + kernel meet.
    names = iter(file_names([f"{k.name}_{tensor.name}" for k in layers for tensor in k.tensors]))
    return [
        write_bytes(target / f"{next(names)}.npy", _npy(array))
        for layer in layers
        for array in _stored(scheme, weights(layer.index))
    ]


def _stored(scheme: Scheme, tensors: tuple[Float32Array, ...]) -> Iterator[Codes]:
    for weights in tensors:
        codes = scheme.encode(weights)
        array = codes if scheme.family in _CODES_AS_STORED else scheme.decode(codes)
        yield array.reshape(-1)


def _npy(array: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
