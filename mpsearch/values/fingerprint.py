"""What a profile or a study is about, as hashes that can be compared."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt


def array_digest(arrays: Iterable[npt.NDArray[np.generic]]) -> str:
    """sha256 over shapes, little-endian dtypes and bytes of *arrays*, in order."""
    total = hashlib.sha256()
    for array in arrays:
        little = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
        total.update(f"{little.dtype.str}{little.shape}".encode())
        total.update(little.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def text_digest(parts: Iterable[str]) -> str:
    """sha256 over *parts*; no two different lists give the same text."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Identity of what is measured.

    Attributes:
        model: sha256 of layer names, shapes and all weights.
        images: sha256 of the preprocessed image tensors.
        reference: sha256 of the reference class of every image.
        numerics: Settings that move results in the last digits (library versions, oneDNN).
    """

    model: str
    images: str
    reference: str
    numerics: str

    def as_mapping(self) -> dict[str, str]:
        """Field → value, for JSON and study attributes."""
        return asdict(self)

    def differences(self, stored: Mapping[str, object]) -> list[str]:
        """Names of the fields in which *stored* differs from this fingerprint."""
        return [field for field, now in asdict(self).items() if stored.get(field) != now]
