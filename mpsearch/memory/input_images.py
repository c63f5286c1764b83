"""Preprocessed images, read some at a time: from memory, or a temporary file if they are many."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mpsearch.memory.temporary_file import TemporaryFile
from mpsearch.values.arrays import Float32Array, IntArray

_PIECE: Final = 8 * 2**20  # bytes read at once where all are read
_FLOAT: Final = 4  # bytes

_Shape = tuple[int, ...]


class Inputs(Protocol):
    """Images as a network takes them: an array of shape (n, h, w, c), or what reads like one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, h, w, c)."""

    def __len__(self) -> int: ...

    def __getitem__(self, which: slice, /) -> Float32Array:
        """Consecutive images, shape (k, h, w, c)."""


class InputImages:
    """Images of shape (n, h, w, c) in float32; a slice of them is an array.

    Args:
        stored: All images that are kept.
        rows: Positions of these images among the stored ones; all where it is None.

    Attributes:
        shape: (n, h, w, c).
    """

    def __init__(self, stored: "_InMemory | _InFile", rows: IntArray | None = None) -> None:
        self._stored = stored
        self._rows = rows
        count = stored.shape[0] if rows is None else len(rows)
        self.shape: _Shape = (count, *stored.shape[1:])

    @classmethod
    def kept(cls, shape: _Shape, pieces: Iterable[Float32Array], memory: int) -> "InputImages":
        """Images that come some at a time.

        Args:
            shape: Shape of all images together.
            pieces: Arrays of shape (k, h, w, c), one after the other.
            memory: Bytes up to which they are held in memory; beyond, in a temporary file.

        Raises:
            EnvironmentFault: If the disk for temporary files refuses.
        """
        fits = _FLOAT * math.prod(shape) <= memory
        return cls((_InMemory if fits else _InFile)(shape, pieces))

    def of(self, rows: IntArray) -> "InputImages":
        """Some of them; nothing is copied.

        Args:
            rows: Positions of the images.
        """
        return InputImages(self._stored, rows if self._rows is None else self._rows[rows])

    @property
    def nbytes(self) -> int:
        """Bytes of all of them as one array."""
        return _FLOAT * math.prod(self.shape)

    @property
    def resident_nbytes(self) -> int:
        """Bytes of memory that what is kept takes; 0 where it is in a file."""
        return self._stored.resident_nbytes

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: slice | Sequence[int] | IntArray, /) -> Float32Array:
        """Some images as an array of their own, shape (k, h, w, c)."""
        rows = np.arange(len(self))[which]
        if self._rows is not None:
            rows = self._rows[rows]
        images = np.empty((len(rows), *self.shape[1:]), np.float32)
        for start, stop in _runs(rows):
            self._stored.read(int(rows[start]), images[start:stop])
        return images

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        """All of them, for numpy; takes as many bytes of memory."""
        if copy is False:
            raise ValueError("images are copied to become one array")
        return np.asarray(self[:], dtype)

    def pieces(self) -> Iterator[Float32Array]:
        """All of them in order, some at a time."""
        step = max(1, _PIECE // (_FLOAT * math.prod(self.shape[1:])))
        for first in range(0, len(self), step):
            yield self[first : first + step]

    def digest(self) -> str:
        """What :func:`~mpsearch.values.fingerprint.array_digest` says of them as one array."""
        total = hashlib.sha256(f"<f4{self.shape}".encode())
        for piece in self.pieces():
            total.update(piece.astype("<f4", copy=False).data)
        return total.hexdigest()


def _runs(rows: IntArray) -> list[tuple[int, int]]:
    """Where runs of consecutive numbers begin and end."""
    if not len(rows):
        return []
    breaks = (np.flatnonzero(np.diff(rows) != 1) + 1).tolist()
    return list(zip([0, *breaks], [*breaks, len(rows)], strict=True))


class _InMemory:
    def __init__(self, shape: _Shape, pieces: Iterable[Float32Array]) -> None:
        self.shape = shape
        self._array = np.empty(shape, np.float32)
        self.resident_nbytes = self._array.nbytes
        done = 0
        for piece in pieces:
            self._array[done : done + len(piece)] = piece
            done += len(piece)

    def read(self, first: int, into: Float32Array) -> None:
        """Fill *into* with the images from *first* on."""
        into[...] = self._array[first : first + len(into)]


class _InFile:
    resident_nbytes = 0

    def __init__(self, shape: _Shape, pieces: Iterable[Float32Array]) -> None:
        self.shape = shape
        self._image_nbytes = _FLOAT * math.prod(shape[1:])
        self._file = TemporaryFile("images", shape[0] * self._image_nbytes)
        for piece in pieces:
            self._file.append(piece)

    def read(self, first: int, into: Float32Array) -> None:
        """Fill *into* with the images from *first* on."""
        self._file.read(first * self._image_nbytes, into)
