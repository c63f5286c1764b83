"""Packed files: write, prove, restore."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mpsearch.api.model import OpenModel
from mpsearch.api.workbench import Workbench, model_of
from mpsearch.coding.coder import Coding
from mpsearch.core.arrays import Float32Array
from mpsearch.core.errors import PackedError
from mpsearch.core.plan import Plan
from mpsearch.core.progress import Progress, Silent
from mpsearch.engine.confidence import Metric
from mpsearch.export.packed import (
    OtherEntry,
    PackedFile,
    PackedSizes,
    TensorEntry,
    write_packed,
)
from mpsearch.search.verify import ImageSetDrop


@dataclass(frozen=True, slots=True)
class Verified:
    """What a packed file turned out to be.

    Attributes:
        sizes: Of its parts.
        coding: How its codes are packed.
        plan: Layer → scheme.
        tensors: How many it holds, other parameters included.
        calibrated: How many of them cannot be compared: their codes were chosen by images.
        different: Names of those that are not what the plan makes of the model.
        drop: Of the unpacked model on the images, by plain forward passes; None without images.
        baseline_confidence_pct: Mean over images, of the unchanged model.
        confidence_pct: Mean over images, of the unpacked model.
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


def pack(
    model: OpenModel,
    plan: Plan,
    path: Path,
    coding: Coding = "none",
    progress: Progress | None = None,
) -> PackedSizes:
    """Write *plan* as a packed file.

    Args:
        model: What the plan is for.
        plan: One scheme per weight layer.
        path: The file.
        coding: How codes are packed.
        progress: Is told of every layer.

    Raises:
        SchemeError: If a scheme refuses a layer's weights.
        EnvironmentFault: If the disk refuses; a file already there stays whole.
    """
    from mpsearch.model.other_parameters import other_parameters  # noqa: PLC0415 - TensorFlow

    progress = progress or Silent()
    tensors = sum(len(layer.tensors) for layer in model.layers)
    progress.start("packing", tensors)
    sizes = write_packed(
        path,
        model=model.digest,
        model_name=model.name,
        layers=model.layers,
        weights=model.network.weights,
        plan=plan,
        others=other_parameters(model.live),
        coding=coding,
        codes=model.bank.sourced_codes,
        on_layer=lambda name: progress.advance(1, name),
    )
    progress.finish()
    return sizes


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
        metric: How the drops of images become one.
        progress: Is told of every tensor.

    Raises:
        PackedError: If the file is damaged, or was made from another model.
    """
    model = model_of(subject)
    progress = progress or Silent()
    with PackedFile(path) as packed:
        plan = require_model(packed, model)
        header = packed.header
        progress.start("comparing", len(header.tensors) + len(header.others))
        different = _different_weights(packed, model, plan, progress)
        different += _different_others(packed, model, progress)
        progress.finish()
        found = Verified(
            PackedSizes(header.nbytes, header.other_nbytes, packed.header_nbytes),
            header.coding,
            plan,
            len(header.tensors) + len(header.others),
            sum(entry.calibrated for entry in header.tensors),
            tuple(different),
        )
        if isinstance(subject, Workbench):
            return _measured(found, packed, subject, metric)
        return found


def unpack(path: Path, model: OpenModel, target: Path, force: bool = False) -> Path:
    """Write a ``.keras`` model that holds a packed file's weights.

    Args:
        path: The packed file.
        model: Of the same architecture.
        target: The model file.
        force: Take a model whose weights are not those the file was made from.

    Raises:
        PackedError: If the file is damaged, or is one of another model.
        EnvironmentFault: If the disk refuses; a file already there stays whole.
    """
    from mpsearch.export.keras_model import write_keras_model  # noqa: PLC0415 - TensorFlow

    with PackedFile(path) as packed:
        require_model(packed, model, force)
        return write_keras_model(unpacked_model(packed, model), target)


def unpacked_model(packed: PackedFile, model: OpenModel) -> Any:
    """A Keras model of its own with a packed file's weights."""
    from mpsearch.export.keras_model import decoded_model  # noqa: PLC0415 - TensorFlow
    from mpsearch.model.other_parameters import other_parameters  # noqa: PLC0415

    by_layer = _by_layer(packed)

    def weights(layer: int) -> tuple[Float32Array, ...]:
        return tuple(packed.weights(entry) for entry in by_layer[model.layer_names[layer]])

    restored = decoded_model(model.source, model.size, weights)
    for one, entry in zip(other_parameters(restored), packed.header.others, strict=True):
        one.assign(packed.other(entry))
    return restored


def require_model(packed: PackedFile, model: OpenModel, force: bool = False) -> Plan:
    """The plan of a packed file, once it is known to be one of *model*.

    Args:
        packed: The file.
        model: What it should have been made from.
        force: Other weights will do.

    Raises:
        PackedError: If it was made from another model.
    """
    header = packed.header
    if header.model != model.digest and not force:
        raise PackedError(
            f"packed file {str(packed.path)!r} was made from another model "
            f"({header.model_name!r}, {header.model[:12]}…; this one is {model.digest[:12]}…); "
            "give that model, or to unpack into other weights of the same layers, --force"
        )
    wanted = [(k.name, t.name, (t.shape, t.channel_axes)) for k in model.layers for t in k.tensors]
    found = [(one.layer, one.tensor, (one.shape, one.channel_axes)) for one in header.tensors]
    _require_same(packed, found, wanted)
    from mpsearch.model.other_parameters import other_parameters  # noqa: PLC0415 - TensorFlow

    _require_same(
        packed,
        [(one.name, one.dtype, one.shape) for one in header.others],
        [(one.name, one.dtype, one.shape) for one in other_parameters(model.live)],
    )
    return Plan.from_mapping(model.layer_names, dict(header.plan))


def _require_same(
    packed: PackedFile,
    found: Sequence[tuple[str, str, object]],
    wanted: Sequence[tuple[str, str, object]],
) -> None:
    for position in range(max(len(found), len(wanted))):
        one = found[position] if position < len(found) else None
        other = wanted[position] if position < len(wanted) else None
        if one != other:
            raise PackedError(
                f"packed file {str(packed.path)!r} has {_shown(one)} where the model has "
                f"{_shown(other)}; give the model it was made from"
            )


def _shown(tensor: tuple[str, str, object] | None) -> str:
    return "nothing" if tensor is None else f"{tensor[0]!r} {tensor[1]} {tensor[2]}"


def _by_layer(packed: PackedFile) -> dict[str, list[TensorEntry]]:
    by_layer: dict[str, list[TensorEntry]] = {}
    for entry in packed.header.tensors:
        by_layer.setdefault(entry.layer, []).append(entry)
    return by_layer


def _different_weights(
    packed: PackedFile, model: OpenModel, plan: Plan, progress: Progress
) -> list[str]:
    different = []
    for index, (name, entries) in enumerate(_by_layer(packed).items()):
        expected = model.bank.decoded(index, plan.schemes[index])
        for entry, array in zip(entries, expected, strict=True):
            if entry.calibrated:
                packed.weights(entry)  # damage is found all the same
            elif not np.array_equal(packed.weights(entry).view(np.uint32), array.view(np.uint32)):
                different.append(str(entry))
            progress.advance(1, name)
    return different


def _different_others(packed: PackedFile, model: OpenModel, progress: Progress) -> list[str]:
    from mpsearch.model.other_parameters import other_parameters  # noqa: PLC0415 - TensorFlow

    different = []
    pairs: list[tuple[Any, OtherEntry]] = list(
        zip(other_parameters(model.live), packed.header.others, strict=True)
    )
    for one, entry in pairs:
        if not np.array_equal(packed.other(entry), one.data()):
            different.append(str(entry))
        progress.advance(1, one.name)
    return different


def _measured(found: Verified, packed: PackedFile, work: Workbench, metric: Metric) -> Verified:
    """With the confidence of the unpacked model."""
    from mpsearch.export.keras_model import plain_forward_once  # noqa: PLC0415 - TensorFlow

    before = work.plain_forward(work.model.original)
    scores = plain_forward_once(lambda: unpacked_model(packed, work.model), work.inputs)
    after = work.model.network.probabilities(scores)
    return replace(
        found,
        drop=work.drop(before, after, metric),
        baseline_confidence_pct=work.mean_confidence_pct(before),
        confidence_pct=work.mean_confidence_pct(after),
    )
