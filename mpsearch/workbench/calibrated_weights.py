"""The weights of a calibrated plan, as the search left them."""

from pathlib import Path
from typing import overload

from mpsearch.export.packed import PackedFile, StoredCodes
from mpsearch.values.errors import PlanError
from mpsearch.values.plan import Plan
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.packing import require_model
from mpsearch.workbench.workbench import Workbench


@overload
def with_stored_codes(subject: Workbench, plan: Plan, folder: Path) -> Workbench: ...


@overload
def with_stored_codes(
    subject: Workbench | OpenModel, plan: Plan, folder: Path
) -> Workbench | OpenModel: ...


def with_stored_codes(
    subject: Workbench | OpenModel, plan: Plan, folder: Path
) -> Workbench | OpenModel:
    """A model, with images or without, that has the codes left beside a calibrated plan.

    Args:
        subject: The model that the plan is for.
        plan: Calibrated by a search.
        folder: Folder in which the search left the codes.

    Raises:
        PlanError, PackedError: As :func:`stored`.
    """
    path = StudyFolder(folder).weights
    if isinstance(subject, Workbench):
        return subject.with_model(stored(subject.model, plan, path))
    return stored(subject, plan, path)


def stored(model: OpenModel, plan: Plan, path: Path) -> OpenModel:
    """The model, with the calibrated codes of a packed file.

    Args:
        model: The model that the plan is for.
        plan: Calibrated by a search that left the file.
        path: The file.

    Raises:
        PlanError: If there is no such file, or it is one of another plan.
        PackedError: If it is damaged, or of another model.
    """
    if not path.is_file():
        raise PlanError(
            f"the plan was calibrated and its weights are in {str(path)!r}, which is not there; "
            "put it back, or run the search again to its end"
        )
    with PackedFile.open(path) as packed:
        if require_model(packed, model) != plan:
            raise PlanError(
                f"packed file {str(path)!r} holds the weights of another calibrated plan; run the "
                "search again to its end"
            )
        return model.sourced(StoredCodes.read(packed, model.layers))
