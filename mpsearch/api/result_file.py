"""The file that keeps the result of a finished search in the study's folder."""

from importlib.metadata import version
from pathlib import Path
from typing import Final

from mpsearch.search.result import SearchResult
from mpsearch.search.result_json import SizedLayer, Subject, result_text
from mpsearch.system.files import write_text
from mpsearch.values.study_folder import StudyFolder
from mpsearch.values.version import __version__
from mpsearch.workbench.workbench import Workbench

_PACKAGES: Final = ("tensorflow", "keras", "numpy", "optuna")  # their versions move results


def keep_result(folder: Path, workbench: Workbench, result: SearchResult, settings: str) -> Path:
    """Write ``result.json``, whole or not at all.

    Args:
        folder: The study's folder.
        workbench: Model and all images.
        result: Result of the search.
        settings: Text of a ``study.toml`` with the settings of the run.

    Raises:
        EnvironmentFault: If the disk refuses.
    """
    bank = workbench.model.bank
    layers = tuple(
        SizedLayer(
            name=layer.name,
            kind=layer.kind,
            shape=layer.tensors[0].shape,
            original_nbytes=layer.original_nbytes,
            nbytes=bank.nbytes(layer.index, scheme),
        )
        for layer, scheme in zip(workbench.layers, result.plan.schemes, strict=True)
    )
    subject = Subject(
        model=workbench.model.source.name,
        fingerprint=workbench.fingerprint.as_mapping(),
        images=len(workbench.images),
        coding=bank.coding,
        calibrated=bank.source is not None,
        layers=layers,
        study_name=result.study_name,
        settings=settings,
        versions={"mpsearch": __version__, **{name: version(name) for name in _PACKAGES}},
    )
    return write_text(StudyFolder(folder).result, result_text(result, subject))
