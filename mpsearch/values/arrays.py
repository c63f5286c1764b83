"""Names for the array types that travel."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float32Array: TypeAlias = npt.NDArray[np.float32]
Float64Array: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool]
UInt8Array: TypeAlias = npt.NDArray[np.uint8]
Float16Array: TypeAlias = npt.NDArray[np.float16]
UInt16Array: TypeAlias = npt.NDArray[np.uint16]
# Unsigned integers of any size.
Symbols: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
# What some scheme stores: its form is the scheme's own business, so it can only be handed on.
Codes: TypeAlias = object
