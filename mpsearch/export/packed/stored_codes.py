"""The codes of a packed file that no scheme would choose again."""

from collections.abc import Mapping, Sequence
from typing import Self

from mpsearch.export.packed.reader import PackedFile
from mpsearch.values.arrays import Codes, Float32Array
from mpsearch.values.layer import WeightLayer


class StoredCodes:
    """Calibrated codes as a packed file has them; implements the engine's ``CodeSource``.

    Args:
        codes: Of each tensor of a layer, by its index and a scheme.
    """

    def __init__(self, codes: Mapping[tuple[int, str], tuple[Codes, ...]]) -> None:
        self._codes = codes

    @classmethod
    def read(cls, packed: PackedFile, layers: Sequence[WeightLayer]) -> Self:
        """Read those of a file, which may be closed afterwards.

        Args:
            packed: The file, of a model with these layers.
            layers: The weight layers.

        Raises:
            PackedError: If a tensor is damaged.
        """
        codes: dict[tuple[int, str], tuple[Codes, ...]] = {}
        by_name = {layer.name: layer.index for layer in layers}
        for entry in packed.header.tensors:
            if entry.calibrated:
                key = by_name[entry.layer], entry.scheme
                codes[key] = (*codes.get(key, ()), packed.codes(entry))
        return cls(codes)

    def codes(self, layer: int, scheme: str) -> tuple[Codes, ...] | None:
        """Codes of each tensor of a layer; None where the file has none for this scheme."""
        return self._codes.get((layer, scheme))

    def error(self, layer: int, decoded: Sequence[Float32Array]) -> float | None:  # noqa: ARG002
        """None: the file does not hold the measure by which the codes were chosen."""
        return None
