"""Calibrate a model on images."""

from collections.abc import Sequence
from typing import Final

from mpsearch.api.model import OpenModel
from mpsearch.api.workbench import Workbench
from mpsearch.calibration import Calibration
from mpsearch.core.errors import SettingError
from mpsearch.core.moments import KeptMoments
from mpsearch.core.progress import Progress, Silent

_FEWEST: Final = 4  # images; of fewer nobody can say how inputs go together
_MEMORY: Final = 0.25  # share of the workbench's: for sums of moments, then for codes and factors


def calibrated(work: Workbench, progress: Progress | None = None) -> OpenModel:
    """The model, with codes that suit what its layers put out on a workbench's images.

    Args:
        work: Model and images.
        progress: Is told of every image.

    Raises:
        SettingError: If there are too few images.
    """
    if len(work.images) < _FEWEST:
        raise SettingError(
            f"--calibrate needs {_FEWEST} images to search on, there are {len(work.images)}; give "
            "more images, or a smaller --holdout"
        )
    listener = progress or Silent()
    work.engine.release()
    network = work.model.network
    memory = int(_MEMORY * work.memory)
    moments = KeptMoments(memory // 2)
    groups = network.moment_groups(memory)
    listener.start("calibrating: inputs of layers", len(work.images) * len(groups))
    for group in groups:
        for layer, found in network.input_moments(work.inputs, listener.advance, group).items():
            moments.keep(layer, found)
    listener.finish()
    return work.model.sourced(Calibration(network.layers, network.weights, moments, memory))


def calibrate_all(work: Workbench, schemes: Sequence[str], progress: Progress) -> None:
    """Find the codes of every layer under every scheme before they are asked for one by one.

    Args:
        work: Of a calibrated model.
        schemes: Their names.
        progress: Is told of every layer.
    """
    bank = work.model.bank
    progress.start("calibrating: codes of layers", len(work.layers))
    for layer in work.layers:
        for scheme in schemes:
            bank.refusal(layer.index, scheme)
            progress.advance(0, layer.name)
        progress.advance(1, layer.name)
    progress.finish()
