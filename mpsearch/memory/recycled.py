"""Memory of large arrays, used again.

Memory that a process gets from its system is slower by far the first time it is written than
ever after, and a large array that is let go goes back to the system at once.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Bytes from which memory is kept for the next array.
LEAST: Final = 2**26
_MOST_WASTED: Final = 1.25  # times what is asked for

# At most one: what was let go last. Lists change in one step, whichever thread lets go.
_spare: list[npt.NDArray[np.uint8]] = []


class _Lease:
    """What an array and all its views hold on to; its memory is spare when none does."""

    def __init__(self, memory: npt.NDArray[np.uint8]) -> None:
        self._memory = memory
        self.__array_interface__: dict[str, Any] = memory.__array_interface__

    def __del__(self) -> None:
        _spare[:] = [self._memory]


def recycled_empty(nbytes: int) -> npt.NDArray[np.uint8]:
    """*nbytes* uninitialised bytes, of memory that an array of about this size had before if any.

    One such memory is kept while it is not in use; asking for another size lets it go.
    """
    memory = _taken(nbytes)
    if memory is None:
        memory = np.empty(nbytes, dtype=np.uint8)
    leased: npt.NDArray[np.uint8] = np.asarray(_Lease(memory))
    return leased[:nbytes]


def _taken(nbytes: int) -> npt.NDArray[np.uint8] | None:
    try:
        memory = _spare.pop()
    except IndexError:
        return None
    return memory if nbytes <= memory.nbytes <= _MOST_WASTED * nbytes else None
