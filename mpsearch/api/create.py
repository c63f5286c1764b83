"""The original program's folders of ``.npy`` files."""

from collections.abc import Sequence
from pathlib import Path

from mpsearch.api.model import OpenModel
from mpsearch.core.plan import Plan
from mpsearch.core.progress import Progress
from mpsearch.export.npy_folders import write_npy_folder
from mpsearch.schemes import Scheme, parse_scheme

_WITH_MODEL = "bitwiseAnd"  # the family for which the original also wrote the model itself


def create_folders(
    model: OpenModel, schemes: Sequence[Scheme], folder: Path, progress: Progress
) -> dict[str, Path]:
    """Write one folder per scheme, and ``original`` beside masks, as the original did.

    Returns:
        Scheme name → its folder.
    """
    wanted = list(schemes)
    if any(scheme.family == _WITH_MODEL for scheme in wanted):
        wanted.insert(0, parse_scheme("original"))
    written: dict[str, Path] = {}
    progress.start("writing", len(wanted))
    for scheme in wanted:
        files = write_npy_folder(folder, model.name, scheme, model.layers, model.network.weights)
        target = files[0].parent
        if scheme.family == _WITH_MODEL:
            from mpsearch.export.keras_model import (  # noqa: PLC0415 - loads TensorFlow
                write_architecture_and_weights,
            )

            plan = Plan.uniform(model.layer_names, scheme.name)
            write_architecture_and_weights(model.decoded_model(plan), target, folder)
        written[scheme.name] = target
        progress.advance(1, scheme.name)
    progress.finish()
    return written
