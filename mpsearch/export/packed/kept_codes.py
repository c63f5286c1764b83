"""Calibrated codes kept in a folder while a calibration goes on: packed files of single layers.

Such a file's *layers* are schemes, each with the same layer's tensors under that scheme. The folder
is not trusted: a file that is damaged, or of something else, is passed over, and what is
read from one are valid codes of the very tensors that decode to finite weights.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from mpsearch.export.packed.header import TensorEntry
from mpsearch.export.packed.reader import PackedFile
from mpsearch.export.packed.writer import PackedContents, write_packed
from mpsearch.schemes.fitted import FittedCodes
from mpsearch.system.folders import regular_files
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import PackedError
from mpsearch.values.fingerprint import text_digest
from mpsearch.values.layer import WeightLayer
from mpsearch.values.plan import Plan

_NAME: Final = re.compile(r"(\d{1,6})-[0-9a-f]{12}\.mpq")
_MOST_FILES: Final = 4096

_Place = tuple[Path, tuple[TensorEntry, ...]]


class KeptCodes:
    """Codes by layer and scheme, in files of a folder.

    Args:
        folder: Folder of the files; it need not exist.
        key: Identity of what was calibrated, and on what; files of another are passed over.
        layers: The weight layers.
        within: The folder that the user named, around it; see
            :func:`~mpsearch.system.files.write_with`.
    """

    def __init__(
        self, folder: Path, key: str, layers: Sequence[WeightLayer], within: Path | None = None
    ) -> None:
        self._folder, self._key, self._layers = folder, key, layers
        self._within = within
        self._places: dict[tuple[int, str], _Place] = {}

    @classmethod
    def open(
        cls, folder: Path, key: str, layers: Sequence[WeightLayer], within: Path | None = None
    ) -> Self:
        """The codes of a folder, once its files have been looked at."""
        kept = cls(folder, key, layers, within)
        for path in regular_files(folder, _MOST_FILES):
            kept._look_at(path)
        return kept

    def __contains__(self, place: tuple[int, str]) -> bool:
        return place in self._places

    def get(self, layer: int, scheme: str) -> tuple[FittedCodes, ...] | None:
        """What is kept of a layer under a scheme; None if there is nothing sound."""
        place = self._places.get((layer, scheme))
        if place is None:
            return None
        path, entries = place
        try:
            with PackedFile.open(path) as packed:
                if any(entry not in packed.header.tensors for entry in entries):
                    raise PackedError("it was changed")
                all_codes = list(map(packed.codes, entries))
                fitted = tuple(codes for codes in all_codes if isinstance(codes, FittedCodes))
                if len(fitted) < len(all_codes):
                    raise PackedError("its scheme fits nothing")
                return fitted
        except PackedError:
            del self._places[layer, scheme]
            return None

    def write(
        self,
        layer: int,
        weights: tuple[Float32Array, ...],
        codes: Mapping[str, tuple[FittedCodes, ...]],
    ) -> int:
        """Keep codes of a layer under some schemes, in one file, whole or not at all.

        Args:
            layer: Index of the layer.
            weights: Trained tensors of the layer.
            codes: Scheme → codes of each tensor.

        Returns:
            Bytes of the file.

        Raises:
            SettingError: If a folder on the way to it is a symbolic link.
            EnvironmentFault: If the disk refuses.
        """
        schemes = sorted(codes)
        spec = self._layers[layer]
        path = self._folder / f"{layer}-{text_digest(schemes)[:12]}.mpq"
        sizes = write_packed(
            path,
            PackedContents(
                model=self._key,
                model_name=_title(layer),
                layers=[
                    WeightLayer(i, scheme, spec.kind, spec.tensors)
                    for i, scheme in enumerate(schemes)
                ],
                weights=lambda _: weights,
                plan=Plan(tuple(schemes), tuple(schemes)),
                others=(),
                codes=lambda _, scheme: codes[scheme],
            ),
            within=self._within,
        )
        self._look_at(path)
        return sizes.file_nbytes

    def _look_at(self, path: Path) -> None:
        """Index the codes of a file; a file that mpsearch did not write is passed over."""
        match = _NAME.fullmatch(path.name)
        if match is None or int(match[1]) >= len(self._layers):
            return
        layer = int(match[1])
        try:
            with PackedFile.open(path) as packed:
                header = packed.header
        except PackedError:
            return
        if (header.model, header.model_name) != (self._key, _title(layer)):
            return
        wanted = [
            (tensor.name, tensor.shape, tensor.channel_axes)
            for tensor in self._layers[layer].tensors
        ]
        for scheme, entries in itertools.groupby(header.tensors, lambda entry: entry.layer):
            tensor_entries = tuple(entries)
            tensors = [(entry.tensor, entry.shape, entry.channel_axes) for entry in tensor_entries]
            if tensors == wanted and all(entry.scheme == scheme for entry in tensor_entries):
                self._places[layer, scheme] = path, tensor_entries


def _title(layer: int) -> str:
    return f"calibrated layer {layer}"
