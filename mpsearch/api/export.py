"""Write a plan in the formats other programs take."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from mpsearch.api.model import OpenModel
from mpsearch.api.workbench import Workbench
from mpsearch.core.errors import SettingError
from mpsearch.core.files import file_name, write_text
from mpsearch.core.plan import Plan
from mpsearch.export.plan_json import PlanFile, read_plan_file
from mpsearch.export.quanti_array import quanti_array_file, read_quanti_array

Format = Literal["quanti_array", "json", "keras"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """What was written.

    Attributes:
        folder: Where.
        files: Format → path, in the order asked for.
    """

    folder: Path
    files: dict[str, Path]


def read_plan(path: Path, model: OpenModel, force: bool = False) -> PlanFile:
    """Read a plan from ``plan.json``, or from a file with a quanti_array.

    Args:
        path: The file.
        model: What the plan is wanted for.
        force: Take a plan that was made for another model with the same layers.

    Raises:
        PlanError: If it is neither, or does not fit the model.
    """
    if path.suffix == ".py":
        plan = read_quanti_array(str(path), model.layer_names)
        return PlanFile(plan, model.digest, model.nbytes(plan))
    return read_plan_file(path, model.layer_names, model.digest, force)


def export_plan(
    workbench: Workbench | OpenModel,
    plan: Plan,
    folder: Path,
    formats: Sequence[str] = ("quanti_array", "json"),
    *,
    drop_pp: float | None = None,
    metric: str = "mean",
    budget_pp: float | None = None,
) -> ExportedFiles:
    """Write *plan* into *folder* in every format of *formats*.

    Args:
        workbench: The model the plan is for, with or without images.
        plan: What to export.
        folder: Made if it is missing.
        formats: ``quanti_array``, ``json``, ``keras``.
        drop_pp: Measured drop, for ``plan.json``.
        metric: Of the drop.
        budget_pp: The search's budget, for ``plan.json``.

    Raises:
        SettingError: If a format is unknown.
        EnvironmentFault: If the disk refuses; files already there stay whole.
    """
    for wanted in formats:
        if wanted not in FORMATS:
            raise SettingError(f"unknown format {wanted!r}; choose from {', '.join(FORMATS)}")
    model = workbench.model if isinstance(workbench, Workbench) else workbench
    folder = Path(folder)
    files: dict[str, Path] = {}
    for wanted in formats:
        match wanted:
            case "quanti_array":
                text = quanti_array_file(plan)
                files[wanted] = write_text(folder / "quanti_array.py", text)
            case "json":
                record = PlanFile(
                    plan=plan,
                    model=model.digest,
                    nbytes=model.nbytes(plan),
                    drop_pp=drop_pp,
                    metric=metric,
                    budget_pp=budget_pp,
                )
                files[wanted] = write_text(folder / "plan.json", record.to_json())
            case "keras":
                from mpsearch.export.keras_model import write_keras_model  # noqa: PLC0415

                path = folder / f"{file_name(model.name)}.keras"
                files[wanted] = write_keras_model(model.decoded_model(plan), path)
            case _:
                raise SettingError(f"unknown format {wanted!r}; choose from {', '.join(FORMATS)}")
    return ExportedFiles(folder, files)
