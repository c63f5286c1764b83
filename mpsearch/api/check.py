"""The original program's three reports for a workbench."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from mpsearch.export.quanti_array import read_quanti_array
from mpsearch.report.text import each_layer_report, specific_report, uniform_report
from mpsearch.sensitivity.plans import per_layer_plan, prefixes
from mpsearch.system.files import file_names, write_text
from mpsearch.values.errors import PlanError, SchemeError
from mpsearch.values.measurement import Measurement
from mpsearch.values.parts import Parts
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent
from mpsearch.workbench.workbench import Workbench

Kind = Literal["uniform", "each-layer", "specific"]

# Text of the report of one image, by its position.
_Render = Callable[[int], str]

_FILES: Final[dict[Kind, str]] = {
    "uniform": "test.txt",
    "each-layer": "check_each_layer.txt",
    "specific": "check_specific.txt",
}


def check(
    workbench: Workbench,
    kind: Kind,
    folder: Path,
    *,
    schemes: Sequence[str] = (),
    quanti_array: str | None = None,
    progress: Progress | None = None,
    parts: Parts | None = None,
) -> list[Path]:
    """Measure and write one report, for each image in a folder of its own if there are several.

    Args:
        workbench: Model and images.
        kind: Name of the report.
        folder: Folder of the report.
        schemes: Schemes of the reports ``uniform`` and ``each-layer``.
        quanti_array: Plan of the report ``specific``: a list literal, or a file.
        progress: Receives an update after every plan measured.
        parts: Collects refusals of schemes; the report covers the other layers. Where it is
            None they are raised when the report is written.

    Raises:
        PlanError, SchemeError: If the quanti_array does not fit or a scheme refuses a layer.
        SettingError: If an image's folder is a symbolic link.
    """
    listener, every = progress or Silent(), parts or Parts()
    match kind:
        case "uniform":
            render = _uniform(workbench, schemes, listener, every)
        case "each-layer":
            render = _each_layer(workbench, schemes, listener, every)
        case "specific":
            if quanti_array is None:
                raise PlanError("check specific needs a quanti_array; give one")
            plan = read_quanti_array(quanti_array, workbench.layer_names)
            render = _specific(workbench, plan, listener)
    written = [
        write_text(place / _FILES[kind], render(image), within=folder)
        for image, place in enumerate(_places(workbench, folder))
    ]
    if parts is None:
        every.raise_failed()
    return written


def _places(workbench: Workbench, folder: Path) -> list[Path]:
    if len(workbench.images) == 1:
        return [folder]
    return [folder / name for name in file_names([Path(i).stem for i in workbench.images])]


def _measure(workbench: Workbench, plans: list[Plan], progress: Progress) -> list[Measurement]:
    progress.start("measuring", len(plans))
    measurements = workbench.measure(plans, on_measured=lambda _: progress.advance())
    progress.finish()
    return measurements


def _uniform(
    workbench: Workbench, schemes: Sequence[str], progress: Progress, parts: Parts
) -> _Render:
    refused = {scheme for _, scheme in _refused(workbench, schemes, parts)}
    taken = [scheme for scheme in schemes if scheme not in refused]
    if not taken:
        parts.raise_failed()
    plans = [Plan.uniform(workbench.layer_names, scheme) for scheme in taken]
    rows = list(zip(taken, _measure(workbench, plans, progress), strict=True))
    return lambda image: uniform_report(rows, image, workbench.classes)


def _each_layer(
    workbench: Workbench, schemes: Sequence[str], progress: Progress, parts: Parts
) -> _Render:
    refused = _refused(workbench, schemes, parts)
    every = [(layer, scheme) for layer in workbench.layers for scheme in schemes]
    cells = [(layer, scheme) for layer, scheme in every if (layer.name, scheme) not in refused]
    if not cells:
        parts.raise_failed()
    plans = [per_layer_plan(workbench.layer_names, k.name, s) for k, s in cells]
    measurements = _measure(workbench, plans, progress)
    rows = [(k.index, s, m) for (k, s), m in zip(cells, measurements, strict=True)]
    return lambda image: each_layer_report(rows, image, workbench.classes)


def _refused(workbench: Workbench, schemes: Sequence[str], parts: Parts) -> set[tuple[str, str]]:
    """Pairs (layer name, scheme) that cannot be stored; the errors are added to *parts*."""
    refusals = workbench.refusals(schemes)
    for (_, scheme), reason in refusals.items():
        with parts.part(scheme):
            raise SchemeError(reason)
    return set(refusals)


def _specific(workbench: Workbench, plan: Plan, progress: Progress) -> _Render:
    measurements = _measure(workbench, prefixes(plan), progress)
    rows = list(zip(plan.schemes, measurements, strict=True))
    return lambda image: specific_report(rows, image, workbench.classes)
