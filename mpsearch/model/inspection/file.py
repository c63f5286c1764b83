"""The whole inspection of one file."""

from itertools import islice
from pathlib import Path
from typing import Final

from mpsearch.model.inspection import magic
from mpsearch.model.inspection.archive import WEIGHTS, Archive
from mpsearch.model.inspection.calls import count_calls
from mpsearch.model.inspection.config import foreign_parts
from mpsearch.model.inspection.document import parse
from mpsearch.model.inspection.hdf5 import inspect_hdf5
from mpsearch.model.inspection.verdict import SAVE_WHOLE, Refused, Verdict

_MOST_NAMED: Final = 5


def inspect_file(path: Path) -> Verdict:
    """Read a model file by the allow-list.

    Args:
        path: A regular file that begins as a zip archive or an HDF5 file does.
    """
    try:
        return _inspected(path)
    except Refused as refusal:
        return Verdict(refusal.reason, refusal.remedy)


def _inspected(path: Path) -> Verdict:
    with path.open("rb") as file:
        is_hdf5 = file.read(len(magic.HDF5)) == magic.HDF5
    assets: list[str] = []
    if is_hdf5:
        contents = inspect_hdf5(path, path.stat().st_size)
        if contents.model_config is None:
            raise Refused("holds weights only, no architecture", SAVE_WHOLE)
        config = parse(contents.model_config)
    else:
        archive = Archive(path)
        config, assets = parse(archive.config()), archive.assets
        with archive.weights() as weights:
            contents = inspect_hdf5(weights, archive.size_of(WEIGHTS))
    calls = count_calls(config)
    findings = islice(foreign_parts(config, contents.largest), _MOST_NAMED)
    foreign = (*findings, *(f"a file {name!r}" for name in assets[:_MOST_NAMED]))
    return Verdict(foreign=foreign, calls=calls, nbytes=contents.nbytes)
