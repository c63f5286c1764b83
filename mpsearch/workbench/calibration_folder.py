"""The calibration kept in a study's folder: bounded in size, and not trusted."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from mpsearch.export.packed import KeptCodes, PackedContents, PackedFile, write_packed
from mpsearch.schemes.fitted import FittedCodes
from mpsearch.system.folders import Folder, opened_folder, regular_files
from mpsearch.values.arrays import Float32Array, Float64Array, UInt8Array
from mpsearch.values.errors import EnvironmentFault, ModelError, PackedError, SettingError
from mpsearch.values.layer import WeightLayer
from mpsearch.values.plan import Plan

FOLDER: Final = "calibration"  # in the study's folder
_INPUTS: Final = re.compile(r"(\d{1,6})-inputs\.mpq")
_IMAGES: Final = "images"  # name of the number of images added
_KEY_NAME: Final = re.compile(r"[0-9a-f]{16}")
#: Bytes kept of one model and images, and of all others together; half of them for sums.
MOST: Final = 512 * 2**20


@dataclass(frozen=True, slots=True)
class _Array:
    """An array as a packed file takes a parameter."""

    name: str
    array: npt.NDArray[Any]

    @property
    def dtype(self) -> str:
        return str(self.array.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    def data(self) -> UInt8Array:
        little = np.ascontiguousarray(self.array, dtype=self.array.dtype.newbyteorder("<"))
        return little.reshape(-1).view(np.uint8)


class CalibrationFolder:
    """Keeps sums over images, and codes of layers, for one model on certain images.

    Where nothing can be kept (a full disk, a link in the folder's place, no room left), nothing is:
    the search goes on without.

    Args:
        place: Where it is kept.
        study: The study's folder, around it.
        key: Digest of all that decides what the codes are.
        codes: Those that are kept there.
        files: Packed files there, and their bytes; None where nothing may be kept.
    """

    def __init__(
        self, place: Path, study: Path, key: str, codes: KeptCodes, files: Mapping[Path, int] | None
    ) -> None:
        self._place, self._study, self._key, self._codes = place, study, key, codes
        self._is_open, there = files is not None, files or {}
        self._taken = sum(there.values())
        self._sums_kept = {
            int(match[1]): nbytes
            for path, nbytes in there.items()
            if (match := _INPUTS.fullmatch(path.name))
        }
        self._has_room_been_made = False

    @classmethod
    def open(cls, study: Path, key: str, layers: Sequence[WeightLayer]) -> Self:
        """What is kept in a study's folder, once it has been looked at.

        Args:
            study: The study's folder.
            key: Digest of all that decides what the codes are.
            layers: The weight layers.
        """
        place = study / FOLDER / key[:16]
        if place.parent.is_symlink() or place.is_symlink():
            return cls(place, study, key, KeptCodes(place, key, layers, study), None)
        files = regular_files(place)
        packed = {path: nbytes for path, nbytes in files.items() if path.suffix == ".mpq"}
        return cls(place, study, key, KeptCodes.open(place, key, layers, study), packed)

    def __contains__(self, place: tuple[int, str]) -> bool:
        return place in self._codes

    def codes(self, layer: int, scheme: str) -> tuple[FittedCodes, ...] | None:
        """Codes of each tensor of a layer under a scheme, if they are kept."""
        return self._codes.get(layer, scheme)

    def keep_codes(
        self,
        layer: int,
        weights: tuple[Float32Array, ...],
        by_scheme: Mapping[str, tuple[FittedCodes, ...]],
    ) -> None:
        """Keep codes of a layer if that can be.

        Args:
            layer: Index of the layer.
            weights: Trained tensors of the layer.
            by_scheme: Scheme → codes of each tensor.
        """
        nbytes = sum(codes.symbols.nbytes for every in by_scheme.values() for codes in every)
        if self._may_take(nbytes):
            with contextlib.suppress(EnvironmentFault, ModelError, SettingError):
                self._taken += self._codes.write(layer, weights, by_scheme)

    def sums(
        self, layer: int, shapes: Mapping[str, tuple[int, ...]]
    ) -> tuple[int, dict[str, Float64Array]]:
        """Sums that are kept of what a layer sees, and of how many images; 0 where there are none.

        Args:
            layer: Index of the layer.
            shapes: Name → shape of each; a file that has others is passed over.
        """
        path = self._sums_path(layer)
        if not self._is_open or path.is_symlink() or not path.is_file():
            return 0, {}
        wanted = {name: ("float64", shape) for name, shape in shapes.items()}
        wanted[_IMAGES] = ("int64", (1,))
        try:
            with PackedFile.open(path) as packed:
                header = packed.header
                if (header.model, header.model_name) != (self._key, _title(layer)):
                    return 0, {}
                if {entry.name: (entry.dtype, entry.shape) for entry in header.others} != wanted:
                    return 0, {}
                arrays = {
                    entry.name: packed.other(entry).view(entry.dtype).reshape(entry.shape)
                    for entry in header.others
                }
        except PackedError:
            return 0, {}
        return int(arrays.pop(_IMAGES)[0]), arrays

    def keep_sums(self, layer: int, images: int, sums: Mapping[str, Float64Array]) -> bool:
        """Keep sums over so many images; False where that cannot be.

        Args:
            layer: Index of the layer.
            images: How many it has seen.
            sums: Name → array.
        """
        path = self._sums_path(layer)
        nbytes = sum(array.nbytes for array in sums.values())
        before = self._sums_kept.get(layer, 0)
        if sum(self._sums_kept.values()) + nbytes - before > MOST // 2:
            return False
        if not self._may_take(nbytes - before):
            return False
        others = [_Array(name, array) for name, array in sums.items()]
        others.append(_Array(_IMAGES, np.array([images], dtype=np.int64)))
        try:
            sizes = write_packed(
                path,
                PackedContents(
                    model=self._key,
                    model_name=_title(layer),
                    layers=(),
                    weights=lambda _: (),
                    plan=Plan((), ()),
                    others=others,
                ),
                within=self._study,
            )
        except (EnvironmentFault, ModelError, SettingError):
            return False
        self._taken += sizes.file_nbytes - before
        self._sums_kept[layer] = sizes.file_nbytes
        return True

    def _sums_path(self, layer: int) -> Path:
        return self._place / f"{layer}-inputs.mpq"

    def _may_take(self, nbytes: int) -> bool:
        """Whether so many bytes more may be kept; makes room by removing what is of others."""
        if not self._is_open or self._taken + nbytes > MOST:
            return False
        if not self._has_room_been_made:
            self._has_room_been_made = True
            _remove_others(self._study, self._place)
        return True


def _title(layer: int) -> str:
    return f"inputs of layer {layer}"


def _remove_others(study: Path, ours: Path) -> None:
    """Remove what is kept of other images or models, if it is more than may stay.

    Each folder is held open meanwhile, and none that is a link is entered.
    """
    every = ours.parent
    with contextlib.suppress(OSError, SettingError), opened_folder(every, study) as outer:
        others = [name for name in outer.names() if _KEY_NAME.fullmatch(name)]
        others = [name for name in others if name != ours.name]
        if sum(sum(_packed(study, every / name).values()) for name in others) <= MOST:
            return
        for name in others:
            with contextlib.suppress(OSError, SettingError):
                with opened_folder(every / name, study) as inner:
                    for file in _packed_in(inner):
                        inner.remove(file)
                outer.remove_empty(name)


def _packed(study: Path, folder: Path) -> dict[str, int]:
    """Packed files in a folder of a study, and their bytes; none of one that is a link."""
    with contextlib.suppress(OSError, SettingError), opened_folder(folder, study) as opened:
        return _packed_in(opened)
    return {}


def _packed_in(folder: Folder) -> dict[str, int]:
    return {name: nbytes for name, nbytes in folder.files().items() if name.endswith(".mpq")}
