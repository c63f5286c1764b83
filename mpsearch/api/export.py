"""Write a plan in the formats other programs take."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, get_args

from mpsearch.api.litert import write_litert
from mpsearch.api.litert_report import LiteRTReport
from mpsearch.export.keras_model import write_keras_model
from mpsearch.export.npy_folders import write_npy_plan
from mpsearch.export.plan_json import PlanFile, read_plan_file
from mpsearch.export.quanti_array import quanti_array_file, read_quanti_array
from mpsearch.system.files import file_name, write_text
from mpsearch.values.choices import Coding, one_of
from mpsearch.values.parts import Parts
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.packing import pack
from mpsearch.workbench.workbench import Workbench, model_of

Format = Literal["quanti_array", "json", "npy", "keras", "packed", "litert"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass(frozen=True, slots=True)
class ExportedFiles:
    """The files that were written.

    Attributes:
        folder: Folder of the files.
        files: Format → path, in the order asked for; of those that could be written.
        litert: Report on the LiteRT model; None where that was not asked for.
    """

    folder: Path
    files: dict[str, Path]
    litert: LiteRTReport | None = None


def read_plan(path: Path, model: OpenModel, force: bool = False) -> PlanFile:
    """Read a plan from ``plan.json``, or from a file with a quanti_array.

    Args:
        path: The file.
        model: The model that the plan will be applied to.
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
    coding: Coding | None = None,
    progress: Progress | None = None,
    parts: Parts | None = None,
) -> ExportedFiles:
    """Write *plan* into *folder* in every format of *formats*.

    Args:
        workbench: The model the plan is for, with or without images.
        plan: The plan to export.
        folder: Folder of the files; created if it is missing.
        formats: ``quanti_array``, ``json``, ``npy``, ``keras``, ``packed``, ``litert``.
        drop_pp: Measured drop, for ``plan.json``.
        metric: Metric of *drop_pp*.
        budget_pp: The search's budget, for ``plan.json``.
        coding: How codes are packed; as the workbench counts bytes where it is None.
        progress: Receives an update after every layer packed.
        parts: Collects errors of formats that cannot be written; where it is None they are raised
            when the others are written.

    Raises:
        SettingError: If a format is unknown, or needs a package that is not installed.
        ModelError: If LiteRT's converter cannot take the model.
        EnvironmentFault: If the disk refuses; files already there stay whole.
    """
    for wanted in formats:
        parse_format(wanted)
    model = model_of(workbench)
    if coding is not None:
        model = model.coded(coding)
    subject = replace(workbench, model=model) if isinstance(workbench, Workbench) else model
    job = _Job(subject, plan, Path(folder), drop_pp, metric, budget_pp, progress)
    every = parts or Parts()
    files: dict[str, Path] = {}
    for wanted in formats:
        with every.part(wanted):
            files[wanted] = getattr(job, f"write_{wanted}")()
    if parts is None:
        every.raise_failed()
    return ExportedFiles(job.folder, files, job.litert)


def parse_format(text: str) -> Format:
    """The format called *text*.

    Raises:
        SettingError: If there is none.
    """
    return one_of(text, FORMATS, f"unknown format {text!r}")


@dataclass(slots=True)
class _Job:
    """One plan to write; a method per format."""

    subject: Workbench | OpenModel
    plan: Plan
    folder: Path
    drop_pp: float | None
    metric: str
    budget_pp: float | None
    progress: Progress | None
    litert: LiteRTReport | None = None

    @property
    def model(self) -> OpenModel:
        return model_of(self.subject)

    def write_quanti_array(self) -> Path:
        return write_text(StudyFolder(self.folder).quanti_array, quanti_array_file(self.plan))

    def write_json(self) -> Path:
        record = PlanFile(
            plan=self.plan,
            model=self.model.digest,
            nbytes=self.model.nbytes(self.plan),
            drop_pp=self.drop_pp,
            metric=self.metric,
            budget_pp=self.budget_pp,
            coding=self.model.bank.coding,
            calibrated=self.model.bank.source is not None,
        )
        if record.calibrated:  # the plan alone does not say what the weights are
            self._pack(StudyFolder(self.folder).weights)
        return write_text(StudyFolder(self.folder).plan, record.to_json())

    def write_npy(self) -> Path:
        model = self.model
        model.nbytes(self.plan)  # refused before a part of the folder is there
        return write_npy_plan(
            self.folder,
            model.name,
            self.plan,
            model.layers,
            model.network.weights,
            model.bank.sourced_codes,
        )

    def write_packed(self) -> Path:
        path = self._path("mpq")
        self._pack(path)
        return path

    def write_keras(self) -> Path:
        return write_keras_model(self.model.decoded_model(self.plan), self._path("keras"))

    def write_litert(self) -> Path:
        path = self._path("tflite")
        self.litert = write_litert(self.subject, self.plan, path, progress=self.progress)
        return path

    def _pack(self, path: Path) -> None:
        pack(self.model, self.plan, path, self.model.bank.coding, self.progress)

    def _path(self, suffix: str) -> Path:
        return self.folder / f"{file_name(self.model.name)}.{suffix}"
