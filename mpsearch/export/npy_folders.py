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

from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.system.files import file_name, file_names, write_bytes
from mpsearch.values.arrays import Codes, Float32Array
from mpsearch.values.layer import WeightLayer
from mpsearch.values.plan import Plan

_CODES_AS_STORED: Final = frozenset({"fl16", "fix8"})


def write_npy_folder(
    folder: Path,
    model_name: str,
    scheme: AnyScheme,
    layers: tuple[WeightLayer, ...],
    weights: Callable[[int], tuple[Float32Array, ...]],
) -> list[Path]:
    """Write every weight tensor under *scheme*.

    Args:
        folder: Folder that will contain ``<model name>/<scheme>/``.
        model_name: Name of the Keras model.
        scheme: The scheme to store all weights under.
        layers: The weight layers.
        weights: Function from a layer to its trained tensors.

    Returns:
        The files, in layer order.

    Raises:
        SchemeError: If the scheme refuses a layer's weights; what was written stays whole.
        SettingError: If a folder inside *folder* is a symbolic link.
        EnvironmentFault: If the disk refuses.
    """
    plan = Plan.uniform([layer.name for layer in layers], scheme.name)
    return _write(folder, file_name(model_name), plan, layers, weights)


def write_npy_plan(
    folder: Path,
    model_name: str,
    plan: Plan,
    layers: tuple[WeightLayer, ...],
    weights: Callable[[int], tuple[Float32Array, ...]],
    codes: Callable[[int, str], tuple[Codes, ...] | None] = lambda _layer, _scheme: None,
) -> Path:
    """Write every weight tensor under its layer's scheme, each in that scheme's folder.

    Args:
        folder: Folder that will contain ``<model name>/``.
        model_name: Name of the Keras model.
        plan: One scheme per layer.
        layers: The weight layers.
        weights: Function from a layer to its trained tensors.
        codes: Gives the codes of a layer's tensors under a scheme; None where the scheme chooses.

    Returns:
        ``<folder>/<model name>``.

    Raises:
        SchemeError: If a scheme refuses a layer's weights; what was written stays whole.
        SettingError: If a folder inside *folder* is a symbolic link.
        EnvironmentFault: If the disk refuses.
    """
    name = file_name(model_name)
    _write(folder, name, plan, layers, weights, codes)
    return folder / name


def _write(
    folder: Path,
    name: str,
    plan: Plan,
    layers: tuple[WeightLayer, ...],
    weights: Callable[[int], tuple[Float32Array, ...]],
    codes: Callable[[int, str], tuple[Codes, ...] | None] = lambda _layer, _scheme: None,
) -> list[Path]:
    # Made distinct after joining: sep + depthwise_kernel and sep_depthwise + kernel meet.
    names = iter(file_names([f"{k.name}_{tensor.name}" for k in layers for tensor in k.tensors]))
    return [
        write_bytes(folder / name / file_name(scheme) / f"{next(names)}.npy", _npy(array), folder)
        for layer, scheme in zip(layers, plan.schemes, strict=True)
        for array in _stored(
            parse_scheme(scheme), layer, weights(layer.index), codes(layer.index, scheme)
        )
    ]


def _stored(
    scheme: AnyScheme,
    layer: WeightLayer,
    tensors: tuple[Float32Array, ...],
    given: tuple[Codes, ...] | None,
) -> Iterator[npt.NDArray[np.generic]]:
    for i, (tensor, weights) in enumerate(zip(layer.tensors, tensors, strict=True)):
        bound = scheme.along(tensor.channel_axes)
        codes = bound.encode(weights) if given is None else given[i]
        array = np.asarray(codes) if scheme.family in _CODES_AS_STORED else bound.decode(codes)
        yield array.reshape(-1)


def _npy(array: npt.NDArray[np.generic]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
