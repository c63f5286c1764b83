"""Frames between the two processes: a header that is checked, and raw bytes. Never a pickle."""

import json
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mpsearch.values.arrays import Float32Array

#: What a frame holds.
ORDER: Final = b"O"  # JSON: which network
READY: Final = b"R"  # nothing: the network is loaded
TENSOR: Final = b"T"  # 4 bytes, a tensor's number, and its values; no values: the trained ones
IMAGE: Final = b"I"  # 4 bytes, the reference class, and one image
GRADIENT: Final = b"G"  # all arrays of one image, one after the other
FAILED: Final = b"F"  # text: why there is no answer

_HEADER: Final = struct.Struct("<4scQ")
_MAGIC: Final = b"mpgr"
_NUMBER: Final = struct.Struct("<i")
LARGEST_TEXT: Final = 2**16
_LARGEST_ORDER: Final = 2**28  # the description of a network is in it

#: Called where a frame has not gone on for some seconds; raises to give up.
Stalled = Callable[[], None]


class WireError(Exception):
    """The other process is gone, or says what it should not."""


class Wire:
    """One end of a pair of sockets.

    Args:
        end: Our end of the connection; closed with :meth:`close`.
        seconds: Time without a byte after which *stalled* is called, again and again.
        stalled: See :data:`Stalled`.
    """

    def __init__(
        self,
        end: socket.socket,
        seconds: float | None = None,
        stalled: Stalled = lambda: None,
    ) -> None:
        self._end = end
        self._end.settimeout(seconds)
        self._stalled = stalled

    def send(self, kind: bytes, *parts: Any) -> None:
        """Send a frame.

        Args:
            kind: One of the kinds of messages above.
            parts: Bytes-like, sent one after the other.

        Raises:
            WireError: If the other process is gone.
        """
        views = [_bytes_of(part) for part in parts]
        header = _HEADER.pack(_MAGIC, kind, sum(view.nbytes for view in views))
        for part in (memoryview(header), *views):
            left = part
            while left.nbytes:
                try:
                    left = left[self._end.send(left) :]
                except TimeoutError:
                    self._stalled()
                except OSError as error:
                    raise WireError from error

    def receive(self) -> tuple[bytes, int]:
        """The kind and the length of the next frame; its bytes are to be read.

        Raises:
            WireError: If the other process is gone, or this is no frame.
        """
        header = bytearray(_HEADER.size)
        self.read_into(memoryview(header))
        magic, kind, length = _HEADER.unpack(header)
        if magic != _MAGIC:
            raise WireError
        return kind, length

    def read_into(self, view: memoryview) -> None:
        """Fill *view*.

        Raises:
            WireError: If the other process is gone.
        """
        while view.nbytes:
            try:
                count = self._end.recv_into(view)
            except TimeoutError:
                self._stalled()
                continue
            except OSError as error:
                raise WireError from error
            if not count:
                raise WireError
            view = view[count:]

    def read_arrays(self, arrays: Sequence[Float32Array]) -> None:
        """Fill arrays, one after the other."""
        for array in arrays:
            if array.size:
                self.read_into(_bytes_of(array))

    def read_bytes(self, length: int, most: int) -> bytes:
        """So many bytes, if they are not more than *most*.

        Raises:
            WireError: If they are, or the other process is gone.
        """
        if length > most:
            raise WireError
        buffer = bytearray(length)
        self.read_into(memoryview(buffer))
        return bytes(buffer)

    def read_json(self, length: int) -> Any:
        """A JSON document of so many bytes."""
        return json.loads(self.read_bytes(length, _LARGEST_ORDER))

    def read_number(self) -> int:
        """A tensor's number, or a class."""
        (number,) = _NUMBER.unpack(self.read_bytes(_NUMBER.size, _NUMBER.size))
        return int(number)

    def close(self) -> None:
        """Let go of the socket."""
        self._end.close()


def _bytes_of(part: Any) -> memoryview:
    return memoryview(part).cast("B") if len(part) else memoryview(b"")


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Bytes of a value for :meth:`Wire.read_json`."""
    return json.dumps(document).encode()


def number(value: int) -> bytes:
    """Bytes of a number for :meth:`Wire.read_number`."""
    return _NUMBER.pack(value)
