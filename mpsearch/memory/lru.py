"""Cache of the values used last, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class LRU(Generic[_Key, _Value]):
    """Keeps the values used last, up to a number of bytes; the newest always.

    What was not asked for again may be held to a part of the room: a long row of values that
    are used once then neither pushes out what is used often nor fills memory for nothing.

    Source: segmented LRU; Karedla, Love and Wherry, "Caching strategies to improve disk system
    performance", Computer 27(3), 1994.

    Args:
        memory: Bytes of all values together, at most.
        newcomers: Bytes for values not asked for again; None for all of *memory*.
    """

    def __init__(self, memory: int, newcomers: int | None = None) -> None:
        self._memory = memory
        self._newcomers = memory if newcomers is None else min(newcomers, memory)
        self._new: _Segment[_Key, _Value] = _Segment()
        self._used: _Segment[_Key, _Value] = _Segment()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._new.nbytes + self._used.nbytes

    def get(self, key: _Key) -> _Value | None:
        """The value kept under *key*."""
        if key in self._used.held:
            self._used.held.move_to_end(key)
            return self._used.held[key][0]
        if key not in self._new.held:
            return None
        value, nbytes = self._new.pop(key)
        self._used.put(key, value, nbytes)
        while self._used.held and self._used.nbytes >= self._memory - self._newcomers:
            self._new.put(*self._used.pop_oldest())
        return value

    def make_room(self, nbytes: int) -> None:
        """Drop now the values that a value of *nbytes* will push out.

        Called before such a value is made, it spares the memory of both together.
        """
        while self._new.held and self._new.nbytes + nbytes > self._newcomers:
            self._new.pop_oldest()
        while self._used.held and self.nbytes + nbytes > self._memory:
            self._used.pop_oldest()

    def put(self, key: _Key, value: _Value, nbytes: int) -> None:
        """Keep *value*; the values used longest ago are dropped."""
        for segment in (self._new, self._used):
            if key in segment.held:
                segment.pop(key)
        self.make_room(nbytes)
        self._new.put(key, value, nbytes)


class _Segment(Generic[_Key, _Value]):
    """Values and their bytes, the last used at the end."""

    def __init__(self) -> None:
        self.held: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self.nbytes = 0

    def put(self, key: _Key, value: _Value, nbytes: int) -> None:
        self.held[key] = value, nbytes
        self.nbytes += nbytes

    def pop(self, key: _Key) -> tuple[_Value, int]:
        value, nbytes = self.held.pop(key)
        self.nbytes -= nbytes
        return value, nbytes

    def pop_oldest(self) -> tuple[_Key, _Value, int]:
        key = next(iter(self.held))
        return key, *self.pop(key)
