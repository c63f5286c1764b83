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


def _inspected(model: Description, weights_only: bool) -> Verdict:
    largest = model.weights.largest if model.weights else 0
    calls = count_calls(model.config)
    findings = islice(foreign_parts(model.config, largest), _MOST_NAMED)
    foreign = (*findings, *(f"a file {name!r}" for name in model.assets[:_MOST_NAMED]))
    description = json.dumps(model.config) if model.rewritten or weights_only else ""
    return Verdict(
        foreign=foreign,
        calls=calls,
        nbytes=model.weights.nbytes if model.weights else 0,
        loadable=not foreign or will_load(model.config),
        version=model.version,
        description=description,
        layout=model.layout if description else "",
    )
