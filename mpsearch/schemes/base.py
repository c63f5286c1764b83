"""The contract of a scheme, and the checks all schemes share."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

import numpy as np

from mpsearch.schemes.extremes import extremes
from mpsearch.schemes.stream import Stream, StreamForm
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import SchemeError

#: What a scheme stores of a tensor.
CodesT = TypeVar("CodesT")


class Scheme(ABC, Generic[CodesT]):
    """A named way to store the weights of one tensor, as codes of some type.

    Schemes are values: made from a name, without state, equal if their names are equal.
    What an implementation must keep (``tests/contracts/test_schemes.py`` holds every registered
    scheme to it):

    - ``decode(encode(w))`` has the shape of *w*, is float32 and finite; schemes that store each
      weight for itself do not change it when they encode and decode it again;
    - *w* is never changed, and codes do not share its memory in a way that lets it be;
    - ``nbytes(encode(w))`` is exactly what a packed file holds for the tensor;
    - ``codes(streams(encode(w)), w.shape)`` has the streams of ``encode(w)`` and decodes to the
      same, bit for bit;
    - ``apply(w)`` and, if *w* can be stored, ``apply_storable(w)`` are ``decode(encode(w))``, and
      ``stored_nbytes(w)`` is ``nbytes(encode(w))``, bit for bit and refusal for refusal; a scheme
      that has a shorter way to them takes it there;
    - weights it cannot store are refused with a :class:`SchemeError` that names the first one.
    """

    #: Whether a part of a tensor is stored and restored as that part of the whole.
    local: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """The name that :func:`~mpsearch.schemes.parse_scheme` turns back into this scheme."""

    @property
    def weight_bits(self) -> int | None:
        """Bits of a weight's code; None where that differs from weight to weight."""
        return None

    def along(self, axes: tuple[int, ...]) -> Self:  # noqa: ARG002 - most schemes know no channels
        """This scheme for tensors whose output channels lie along *axes*.

        Args:
            axes: Counted from the last, which is −1 and what a scheme takes unless told.
        """
        return self

    @property
    def family(self) -> str:
        """The part of the name before ``_``."""
        return self.name.partition("_")[0]

    @abstractmethod
    def encode(self, weights: Float32Array) -> CodesT:
        """Turn float32 weights of any shape into what is stored.

        Raises:
            SchemeError: If a weight cannot be stored.
        """

    @abstractmethod
    def decode(self, codes: CodesT) -> Float32Array:
        """Turn codes back into the float32 weights the network will compute with."""

    @abstractmethod
    def nbytes(self, codes: CodesT) -> int:
        """Bytes that the packed form of *codes* takes: the sum over :meth:`streams`."""

    @abstractmethod
    def streams(self, codes: CodesT) -> tuple[Stream, ...]:
        """*codes* as integers of certain widths; packed one after the other they are the file's."""

    @abstractmethod
    def has_forms(self, forms: Sequence[StreamForm], shape: tuple[int, ...]) -> bool:
        """Whether :meth:`streams` gives such streams for some tensor of *shape*.

        Asked before anything a file claims is decoded: no more may be accepted than can be.
        """

    @abstractmethod
    def codes(self, streams: Sequence[Stream], shape: tuple[int, ...]) -> CodesT:
        """The codes of a tensor of *shape* from what :meth:`streams` gave.

        Raises:
            SchemeError: If the streams are not those of such a tensor; they come from a file.
        """

    def apply(self, weights: Float32Array) -> Float32Array:
        """The float32 weights the network will compute with; *weights* stay as they are.

        Raises:
            SchemeError: If a weight cannot be stored.
        """
        return self.decode(self.encode(weights))

    def apply_storable(self, weights: Float32Array) -> Float32Array:
        """:meth:`apply` for weights that are known to be storable: no check is needed."""
        return self.apply(weights)

    def stored_nbytes(self, weights: Float32Array) -> int:
        """Bytes that the packed form of *weights* takes.

        Raises:
            SchemeError: If a weight cannot be stored.
        """
        return self.nbytes(self.encode(weights))

    def require_forms(self, forms: Sequence[StreamForm], shape: tuple[int, ...]) -> None:
        """Check that a tensor of *shape* can be stored in such streams.

        Raises:
            SchemeError: If not.
        """
        if not self.has_forms(forms, shape):
            text = " and ".join(map(str, forms)) or "nothing"
            raise SchemeError(f"{self.name} does not store a tensor of shape {shape} as {text}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scheme) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<scheme {self.name}>"


#: A scheme whose codes are its own business.
AnyScheme: TypeAlias = Scheme[Any]


def native_float32(weights: Float32Array, scheme: str) -> Float32Array:
    """*weights* in the machine's byte order and C layout, without looking at the values.

    Args:
        weights: float32 in any byte order and layout.
        scheme: Who asks; named in the message.

    Raises:
        SchemeError: If the dtype is not float32.
    """
    if weights.dtype == np.float32 and weights.flags.c_contiguous:
        return weights
    if weights.dtype.newbyteorder("=") != np.float32:
        raise SchemeError(
            f"{scheme} stores float32 weights, got {weights.dtype}; convert the tensor first"
        )
    return np.asarray(weights, dtype=np.float32, order="C")


def float32_bits(weights: Float32Array, scheme: str) -> np.ndarray[tuple[int, ...], np.dtype]:
    """The bit patterns of *weights* as uint32, after the checks every scheme makes.

    Raises:
        SchemeError: If the dtype is not float32, or a weight is NaN or infinite.
    """
    native = native_float32(weights, scheme)
    if not extremes(native).within(math.inf):
        raise not_finite(native, scheme)
    return native.view(np.uint32)


def too_large(native: Float32Array, scheme: str, limit: float, why: str) -> SchemeError:
    """The error for a tensor of which some weight's magnitude is *limit* or more."""
    bad = int(np.flatnonzero(np.abs(native) >= limit)[0])
    return SchemeError(
        f"{scheme} cannot store {native.flat[bad]} at flat index {bad} of a tensor of shape "
        f"{native.shape}: {why}; use another scheme for this layer"
    )


def not_finite(native: Float32Array, scheme: str) -> SchemeError:
    """The error for a tensor of which some weight is NaN or infinite."""
    bad = int(np.flatnonzero(~np.isfinite(native))[0])
    return SchemeError(
        f"{scheme} cannot store {native.flat[bad]} at flat index {bad} of a tensor of shape "
        f"{native.shape}; remove NaN and Inf from the model"
    )
