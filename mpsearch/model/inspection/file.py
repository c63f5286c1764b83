"""The whole inspection of one file."""

import json
from itertools import islice
from pathlib import Path
from typing import Final

from mpsearch.model.inspection.calls import count_calls
from mpsearch.model.inspection.config import foreign_parts
from mpsearch.model.inspection.description import Description, described
from mpsearch.model.inspection.loadable import will_load
from mpsearch.model.inspection.verdict import Refused, Verdict

_MOST_NAMED: Final = 5


def inspect_file(path: Path, architecture: Path | None = None) -> Verdict:
    """Read a model file by the allow-list.

    Args:
        path: A regular file that begins as a zip archive or an HDF5 file does.
        architecture: Where the file holds weights only: the regular file that describes the
            network.
    """
    try:
        return _inspected(described(path, architecture), architecture is not None)
    except Refused as refusal:
        return Verdict(refusal.reason, refusal.remedy)


def _inspected(found: Description, weights_only: bool) -> Verdict:
    largest = found.weights.largest if found.weights else 0
    calls = count_calls(found.config)
    findings = islice(foreign_parts(found.config, largest), _MOST_NAMED)
    foreign = (*findings, *(f"a file {name!r}" for name in found.assets[:_MOST_NAMED]))
    description = json.dumps(found.config) if found.rewritten or weights_only else ""
    return Verdict(
        foreign=foreign,
        calls=calls,
        nbytes=found.weights.nbytes if found.weights else 0,
        loadable=not foreign or will_load(found.config),
        version=found.version,
        description=description,
        layout=found.layout if description else "",
    )
