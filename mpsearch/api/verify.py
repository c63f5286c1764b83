"""Prove a packed file: compare it with its model, and measure it again."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mpsearch.export.packed import PackedFile, PackedSizes
from mpsearch.model.other_parameters import other_parameters
from mpsearch.model.plain_forward import plain_forward_once
from mpsearch.values.choices import Coding, Metric
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent
from mpsearch.workbench.held_back import ImageSetDrop
from mpsearch.workbench.open_model import OpenModel
from mpsearch.workbench.packing import by_layer, require_model, unpacked_model
from mpsearch.workbench.workbench import Workbench, model_of


@dataclass(frozen=True, slots=True)
class Verified:
    """How a packed file compares with its model.

    Attributes:
        sizes: Sizes of the file's parts.
        coding: How the file's codes are packed.
        plan: Layer → scheme.
        tensors: Number of tensors in the file, other parameters included.
        calibrated: Number of tensors that cannot be compared: images chose their codes.
        different: Names of the tensors that differ from what the plan makes of the model.
        drop: Drop of the unpacked model on the images by plain forward passes; None without images.
        baseline_confidence_pct: Mean confidence of the unchanged model over the images.
        confidence_pct: Mean confidence of the unpacked model over the images.
    """

    sizes: PackedSizes
    coding: Coding
    plan: Plan
    tensors: int
    calibrated: int
    different: tuple[str, ...]
    drop: ImageSetDrop | None = None
    baseline_confidence_pct: float | None = None
    confidence_pct: float | None = None

    @property
    def bit_exact(self) -> bool:
        """Every tensor compared is what the plan makes of the model, bit for bit."""
        return not self.different


def verify(
    path: Path,
    subject: Workbench | OpenModel,
    metric: Metric = "mean",
    progress: Progress | None = None,
) -> Verified:
    """Decode a packed file, compare it with what its plan makes of a model, and measure it again.

    Args:
        path: The file.
        subject: The model it was made from, with images to measure on or without.
        metric: How the drops of images become one number.
        progress: Receives an update after every tensor.

    Raises:
        PackedError: If the file is damaged, or was made from another model.
    """
    model = model_of(subject)
    progress = progress or Silent()
    with PackedFile.open(path) as packed:
        plan = require_model(packed, model)
        header = packed.header
        progress.start("comparing", len(header.tensors) + len(header.others))
        different = _different_weights(packed, model, plan, progress)
        different += _different_others(packed, model, progress)
        progress.finish()
        verified = Verified(
            PackedSizes(header.nbytes, header.other_nbytes, packed.header_nbytes),
            header.coding,
            plan,
            len(header.tensors) + len(header.others),
            sum(entry.calibrated for entry in header.tensors),
            tuple(different),
        )
        if isinstance(subject, Workbench):
            return _measured(verified, packed, subject, metric)
        return verified


def _different_weights(
    packed: PackedFile, model: OpenModel, plan: Plan, progress: Progress
) -> list[str]:
    different = []
    for index, (name, entries) in enumerate(by_layer(packed).items()):
        expected = model.bank.decoded(index, plan.schemes[index])
        for entry, array in zip(entries, expected, strict=True):
            if entry.calibrated:
                packed.weights(entry)  # damage is found all the same
            elif not np.array_equal(packed.weights(entry).view(np.uint32), array.view(np.uint32)):
                different.append(str(entry))
            progress.advance(1, name)
    return different


def _different_others(packed: PackedFile, model: OpenModel, progress: Progress) -> list[str]:
    different = []
    for parameter, entry in zip(other_parameters(model.live), packed.header.others, strict=True):
        if not np.array_equal(packed.other(entry), parameter.data()):
            different.append(str(entry))
        progress.advance(1, parameter.name)
    return different


def _measured(verified: Verified, packed: PackedFile, work: Workbench, metric: Metric) -> Verified:
    """The comparison with the confidence of the unpacked model added."""
    before = work.plain_forward(work.model.original)
    work.model.copy.release()  # one copy at a time
    scores = plain_forward_once(lambda: unpacked_model(packed, work.model), work.inputs)
    after = work.model.network.probabilities(scores)
    return replace(
        verified,
        drop=work.drop(before, after, metric),
        baseline_confidence_pct=work.mean_confidence_pct(before),
        confidence_pct=work.mean_confidence_pct(after),
    )
