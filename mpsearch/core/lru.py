"""Things kept while there is room for them."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class LRU(Generic[_Key, _Value]):
    """Keeps what was used last, up to a number of bytes; the newest always.

    Args:
        memory: Bytes.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._held: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self.nbytes = 0

    def get(self, key: _Key) -> _Value | None:
        """What is kept under *key*."""
        if key not in self._held:
            return None
        self._held.move_to_end(key)
        return self._held[key][0]

    def make_room(self, nbytes: int) -> None:
        """Let go at once of what a value of *nbytes* will push out.

        Called before such a value is made, it spares the memory of both together.
        """
        while self._held and self.nbytes + nbytes > self._memory:
            self.nbytes -= self._held.popitem(last=False)[1][1]

    def put(self, key: _Key, value: _Value, nbytes: int) -> None:
        """Keep *value*; what was used longest ago goes."""
        if key in self._held:
            self.nbytes -= self._held.pop(key)[1]
        self.make_room(nbytes)
        self._held[key] = value, nbytes
        self.nbytes += nbytes
