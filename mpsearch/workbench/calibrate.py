"""Calibrate a model on images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mpsearch.schemes import is_long
from mpsearch.system.signals import said_when_stopped
from mpsearch.values.errors import SettingError
from mpsearch.values.fingerprint import text_digest
from mpsearch.values.progress import Progress, Silent, Work
from mpsearch.workbench.calibration_folder import CalibrationFolder
from mpsearch.workbench.kept_calibration import KeptCalibration
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.workbench import Workbench

_FEWEST: Final = 4  # images; fewer do not show how inputs are correlated
_METHOD: Final = "1"  # another where the same model and images have other codes than before


def calibrated(
    work: Workbench, progress: Progress | None = None, folder: Path | None = None
) -> OpenModel:
    """The model, with codes that preserve layer outputs on a workbench's images.

    Args:
        work: Model and images.
        progress: Receives an update after every image; with *folder*, from :func:`calibrate_all`.
        folder: The study's folder, which keeps the calibration; None to keep nothing.

    Raises:
        SettingError: If there are too few images.
    """
    if len(work.images) < _FEWEST:
        raise SettingError(
            f"`calibrate` needs {_FEWEST} images to search on, there are {len(work.images)}; give "
            "more images, or a smaller `holdout`"
        )
    kept = None
    if folder is not None:
        mine = work.fingerprint
        key = text_digest([_METHOD, mine.model, mine.images, mine.numerics, *work.layer_names])
        kept = CalibrationFolder.open(folder, key, work.layers)
    source = KeptCalibration(work, kept)
    if folder is None:
        work.engine.release()
        source.prepare(progress or Silent())
    return work.model.sourced(source)


def calibrate_all(work: Workbench, schemes: Sequence[str], progress: Progress) -> None:
    """Find the codes of every layer under every scheme before they are asked for one by one.

    Args:
        work: Workbench of a calibrated model.
        schemes: Their names.
        progress: Receives an update after every layer and scheme.
    """
    bank = work.model.bank
    source = bank.source
    assert isinstance(source, KeptCalibration)
    pairs = [(layer, scheme) for layer in work.layers for scheme in schemes]
    missing = [(k, scheme) for k, scheme in pairs if source.is_missing(k.index, scheme)]
    if missing or is_long(schemes):
        work.engine.release()
        source.prepare(progress)
    left = sum(source.cost(layer.index) for layer, _ in missing)
    work_done = 0.0
    done = len(pairs) - len(missing)

    def said() -> str:
        kept = sum(source.is_done(layer.index, scheme) for layer, scheme in pairs)
        return f"the calibration of {kept} of {len(pairs)} pairs of layer and scheme is kept"

    progress.start("calibrating: codes of layers", len(pairs), done=done)
    with said_when_stopped(said):
        try:
            for layer, scheme in missing:
                bank.refusal(layer.index, scheme)
                cost = source.cost(layer.index)
                work_done, left = work_done + cost, left - cost
                progress.advance(1, f"{layer.name} {scheme}", Work(work_done, max(0.0, left)))
        finally:
            source.flush()
    progress.finish()


def keep_calibrated(work: Workbench) -> None:
    """Keep what was found beside :func:`calibrate_all`."""
    source = work.model.bank.source
    if isinstance(source, KeptCalibration):
        source.flush()
