"""The structure of an HDF5 file: only plain arrays that are really in it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py

from mpsearch.model.inspection.verdict import SAVE_WHOLE, Refused
from mpsearch.model.inspection.window import Readable

_MOST_OBJECTS: Final = 200_000
_MOST_ATTRIBUTES: Final = 10_000  # of one object
_LARGEST_ATTRIBUTE: Final = 64 * 2**20  # bytes
_DEEPEST: Final = 64
_WIDEST: Final = 8  # bytes of one number
_FILTERS: Final = frozenset({1, 2, 3, 32000})  # deflate, shuffle, fletcher32, lzf
_FREE_EXPANSION: Final = 2**20  # bytes that a compressed dataset may unpack to in any case
_MOST_EXPANSION: Final = 100
_NUMBERS: Final = frozenset({h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM, h5py.h5t.OPAQUE})
_TEXT_OR_NUMBERS: Final = frozenset({h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING})


@dataclass(frozen=True, slots=True)
class Contents:
    """Content of an HDF5 file.

    Attributes:
        model_config: The architecture, in the legacy ``.h5`` format; None in a file of weights.
        largest: Elements of the largest array.
        nbytes: Bytes of all arrays, unpacked.
        version: Version of the Keras that wrote the file, as in its attribute; None without one.
        backend: Backend of that Keras; None where the file does not say.
        by_layers: Whether arrays are listed by the names of layers, as in the legacy format.
    """

    model_config: bytes | str | None
    largest: int
    nbytes: int
    version: Any = None
    backend: Any = None
    by_layers: bool = False


def inspect_hdf5(file: Path | Readable, size: int) -> Contents:
    """Walk through all groups, arrays and attributes; arrays are not read.

    Args:
        file: A path, or an open file.
        size: Length of the file in bytes.

    Raises:
        Refused: If it is damaged, points outside itself, or declares more than it holds.
    """
    try:
        with h5py.File(file, "r") as root:
            largest, nbytes = _extent(root, size)
            said = root.attrs
            return Contents(
                model_config=said.get("model_config"),
                largest=largest,
                nbytes=nbytes,
                version=said.get("keras_version"),
                backend=said.get("backend"),
                by_layers=bool({"layer_names", "layer_names0"} & set(said))
                or "model_weights" in root,
            )
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, NotImplementedError):
        # h5py raises all of these, and what they say helps no user.
        raise Refused("is truncated or damaged: its weights are no valid HDF5") from None


def _extent(root: Any, size: int) -> tuple[int, int]:
    """Elements of the largest array and bytes of all, once all of them are checked."""
    largest = declared = stored = 0
    for name, dataset in _datasets(root):
        _check_type(name, dataset)
        _check_storage(name, dataset, size)
        count = math.prod(dataset.shape)
        largest = max(largest, count)
        declared += count * dataset.id.get_type().get_size()
        stored += dataset.id.get_storage_size()
    if stored > size:
        raise Refused(f"stores {stored:,} bytes of arrays in {size:,}", SAVE_WHOLE)
    if declared > _MOST_EXPANSION * size:
        raise Refused(f"declares {declared:,} bytes of arrays in {size:,}", SAVE_WHOLE)
    return largest, declared


def _datasets(root: Any) -> Iterator[tuple[str, Any]]:
    """Name and dataset, in any order; every object once."""
    seen = {_address(root)}
    _read_attributes("/", root)
    waiting = [("", root, 0)]
    while waiting:
        path, group, depth = waiting.pop()
        for name in group:
            here = f"{path}/{name}"
            _check_link(here, name, group)
            entry = group[name]
            address = _address(entry)
            if address in seen:
                raise Refused(f"holds one object under two names ({here!r})", SAVE_WHOLE)
            seen.add(address)
            if len(seen) > _MOST_OBJECTS:
                raise Refused(f"holds more than {_MOST_OBJECTS:,} objects", SAVE_WHOLE)
            _read_attributes(here, entry)
            if isinstance(entry, h5py.Dataset):
                yield here, entry
            elif not isinstance(entry, h5py.Group):
                raise Refused(f"holds a data type where weights should be ({here!r})", SAVE_WHOLE)
            elif depth >= _DEEPEST:
                raise Refused(f"nests groups deeper than {_DEEPEST}", SAVE_WHOLE)
            else:
                waiting.append((here, entry, depth + 1))


def _address(entry: Any) -> int:
    return int(h5py.h5o.get_info(entry.id).addr)


def _check_link(here: str, name: str, group: Any) -> None:
    kind = group.get(name, getclass=True, getlink=True)
    if kind is not h5py.HardLink:
        raise Refused(f"holds a link to elsewhere ({kind.__name__} {here!r})", SAVE_WHOLE)
    if name in {".", ".."}:
        raise Refused(f"holds an object of the name {name!r}", SAVE_WHOLE)


def _read_attributes(here: str, entry: Any) -> None:
    """Read every attribute, since Keras will: a damaged one may take for ever."""
    if h5py.h5a.get_num_attrs(entry.id) > _MOST_ATTRIBUTES:
        raise Refused(f"holds more than {_MOST_ATTRIBUTES:,} attributes of {here!r}", SAVE_WHOLE)
    for name in entry.attrs:
        attribute = entry.attrs.get_id(name)
        kind = attribute.get_type()
        length = math.prod(attribute.shape) * kind.get_size()
        if kind.get_class() not in _TEXT_OR_NUMBERS or length > _LARGEST_ATTRIBUTE:
            raise Refused(f"holds an attribute no model has ({name!r} of {here!r})", SAVE_WHOLE)
        entry.attrs[name]


def _check_type(here: str, dataset: Any) -> None:
    kind = dataset.id.get_type()
    if kind.get_class() not in _NUMBERS or kind.get_size() > _WIDEST or dataset.shape is None:
        raise Refused(f"holds an array that is not of numbers ({here!r})", SAVE_WHOLE)


def _check_storage(here: str, dataset: Any, size: int) -> None:
    """Refuse an array that is elsewhere, or that would unpack to far more than is stored."""
    plan = dataset.id.get_create_plist()
    if plan.get_external_count():
        raise Refused(f"keeps an array in another file (external storage, {here!r})", SAVE_WHOLE)
    if plan.get_layout() == h5py.h5d.VIRTUAL:
        raise Refused(f"takes an array from elsewhere (virtual dataset, {here!r})", SAVE_WHOLE)
    filters = {plan.get_filter(number)[0] for number in range(plan.get_nfilters())}
    if not filters <= _FILTERS:
        raise Refused(f"packs an array in an unknown way (filter, {here!r})", SAVE_WHOLE)
    item = dataset.id.get_type().get_size()
    declared = math.prod(dataset.shape) * item
    stored = dataset.id.get_storage_size()
    most = max(_MOST_EXPANSION * stored, _FREE_EXPANSION) if filters else stored
    if declared > most:
        reason = f"declares {declared:,} bytes of an array and stores {stored:,} ({here!r})"
        raise Refused(reason, SAVE_WHOLE)
    chunk = math.prod(dataset.chunks or ()) * item
    if dataset.chunks and chunk > max(2 * declared, _FREE_EXPANSION):
        raise Refused(f"packs an array in pieces larger than itself ({here!r})", SAVE_WHOLE)
    offset = dataset.id.get_offset()
    if offset is not None and offset + stored > size:
        raise Refused(f"is truncated: an array ends behind the file ({here!r})")
