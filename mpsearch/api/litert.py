"""A plan as a LiteRT model."""

from pathlib import Path

from mpsearch.api.litert_report import LiteRTReport
from mpsearch.export.litert import (
    LiteRTModel,
    require_litert,
    run_litert,
    storage_of,
    to_litert,
)
from mpsearch.schemes import parse_scheme
from mpsearch.system.files import write_bytes
from mpsearch.values.choices import Metric
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent
from mpsearch.workbench.held_back import ImageSetDrop
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.workbench import Workbench, model_of


def write_litert(
    subject: Workbench | OpenModel,
    plan: Plan,
    path: Path,
    metric: Metric = "mean",
    progress: Progress | None = None,
) -> LiteRTReport:
    """Write the trained model with each layer's kernels stored as its scheme maps to.

    LiteRT quantizes the trained weights itself: ``fl16`` becomes the same halves, ``fix8`` becomes
    int8 rounded with one scale per output channel, which is another thing.

    Args:
        subject: The model, with images to run it on or without.
        plan: One scheme per weight layer.
        path: The file.
        metric: How the drops of images become one number.
        progress: Receives an update after each of two or three steps.

    Raises:
        SettingError: If LiteRT's packages are not installed.
        ModelError: If its converter cannot take the model.
        EnvironmentFault: If the disk refuses.
    """
    require_litert()  # before anything that takes time
    model = model_of(subject)
    schemes = [parse_scheme(name) for name in plan.schemes]
    weights = [model.network.weights(layer.index) for layer in model.layers]
    progress = progress or Silent()
    progress.start("LiteRT", 2 if isinstance(subject, Workbench) else 1)
    progress.advance(0, "converting")
    made = to_litert(
        model.decoded_model(model.original), model.layers, weights, [storage_of(s) for s in schemes]
    )
    drop, plan_drop = None, None
    if isinstance(subject, Workbench):
        progress.advance(1, "running the images")
        drop, plan_drop = _drops(subject, made, plan, metric)
    write_bytes(path, made.data)  # of a model that runs
    progress.advance(1, "done")
    progress.finish()
    return LiteRTReport(
        file_nbytes=len(made.data),
        packed_nbytes=model.nbytes(plan) + model.other_nbytes,
        storages=dict(zip(model.layer_names, made.storages, strict=True)),
        mapping={scheme.name: storage_of(scheme) for scheme in schemes},
        unmatched=made.unmatched,
        drop=drop,
        plan_drop=plan_drop,
    )


def _drops(
    work: Workbench, made: LiteRTModel, plan: Plan, metric: Metric
) -> tuple[ImageSetDrop, ImageSetDrop]:
    before, after = work.plain_forward(work.model.original), work.plain_forward(plan)
    work.model.copy.release()  # before LiteRT takes its memory
    by_litert = work.model.network.probabilities(run_litert(made, work.inputs))
    return work.drop(before, by_litert, metric), work.drop(before, after, metric)
