"""The original program's folders of ``.npy`` files."""

from collections.abc import Sequence
from pathlib import Path

from mpsearch.export.keras_model import write_architecture_and_weights
from mpsearch.export.npy_folders import write_npy_folder
from mpsearch.schemes import AnyScheme, parse_scheme
from mpsearch.values.parts import Parts
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress
from mpsearch.workbench.open_model import OpenModel

_WITH_MODEL = "bitwiseAnd"  # the family for which the original also wrote the model itself


def create_folders(
    model: OpenModel,
    schemes: Sequence[AnyScheme],
    folder: Path,
    progress: Progress,
    parts: Parts | None = None,
) -> dict[str, Path]:
    """Write one folder per scheme, and ``original`` beside masks, as the original did.

    Args:
        model: The model whose weights are written.
        schemes: Names of the schemes to store the weights under.
        folder: Folder that will contain the new folders.
        progress: Receives an update after every scheme.
        parts: Collects errors of schemes that cannot be written; where it is None they are raised
            when the others are written.

    Returns:
        AnyScheme name → its folder; of those that could be written.

    Raises:
        SchemeError: If a scheme refuses a layer's weights.
        EnvironmentFault: If the disk refuses.
    """
    wanted = list(schemes)
    if any(scheme.family == _WITH_MODEL for scheme in wanted):
        wanted.insert(0, parse_scheme("original"))
    every = parts or Parts()
    written: dict[str, Path] = {}
    progress.start("writing", len(wanted))
    for scheme in wanted:
        with every.part(scheme.name):
            written[scheme.name] = _create_folder(model, scheme, folder)
        progress.advance(1, scheme.name)
    progress.finish()
    if parts is None:
        every.raise_failed()
    return written


def _create_folder(model: OpenModel, scheme: AnyScheme, folder: Path) -> Path:
    for layer in model.layers:  # refused before a part of the folder is there
        model.bank.nbytes(layer.index, scheme.name)
    files = write_npy_folder(folder, model.name, scheme, model.layers, model.network.weights)
    target = files[0].parent
    if scheme.family == _WITH_MODEL:
        plan = Plan.uniform(model.layer_names, scheme.name)
        write_architecture_and_weights(model.decoded_model(plan), target, folder)
    return target
