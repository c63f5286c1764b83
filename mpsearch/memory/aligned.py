"""Arrays that start where vector instructions want them."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mpsearch.memory.recycled import LEAST, recycled_empty
from mpsearch.values.arrays import Float32Array

#: Bytes that vector instructions want addresses to be a multiple of.
ALIGNMENT: Final = 64


def aligned_empty(shape: tuple[int, ...]) -> Float32Array:
    """An uninitialised float32 array that starts at a multiple of :data:`ALIGNMENT` bytes.

    Libraries that compute with vector instructions can use such memory as it is, without a copy.
    """
    nbytes = 4 * math.prod(shape)
    size = nbytes + ALIGNMENT
    room = np.empty(size, dtype=np.uint8) if size < LEAST else recycled_empty(size)
    start = -address(room) % ALIGNMENT
    array: Float32Array = room[start : start + nbytes].view(np.float32).reshape(shape)
    return array


def address(array: npt.NDArray[Any]) -> int:
    """Where an array begins in memory."""
    where: int = array.__array_interface__["data"][0]  # ``ctypes.data`` takes five times longer
    return where
