"""Packed files of a model: write one, restore the model from one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mpsearch.export.packed import (
    PackedContents,
    PackedFile,
    PackedSizes,
    TensorEntry,
    write_packed,
)
from mpsearch.model.decoded_model import decoded_model
from mpsearch.model.other_parameters import other_parameters
from mpsearch.values.arrays import Float32Array
from mpsearch.values.choices import Coding
from mpsearch.values.errors import PackedError
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress, Silent
from mpsearch.workbench.open_model import OpenModel


def pack(
    model: OpenModel,
    plan: Plan,
    path: Path,
    coding: Coding = "none",
    progress: Progress | None = None,
) -> PackedSizes:
    """Write *plan* as a packed file.

    Args:
        model: The model that the plan is for.
        plan: One scheme per weight layer.
        path: The file.
        coding: How codes are packed.
        progress: Receives an update after every layer.

    Raises:
        SchemeError: If a scheme refuses a layer's weights.
        EnvironmentFault: If the disk refuses; a file already there stays whole.
    """
    progress = progress or Silent()
    tensors = sum(len(layer.tensors) for layer in model.layers)
    progress.start("packing", tensors)
    sizes = write_packed(
        path,
        PackedContents(
            model=model.digest,
            model_name=model.name,
            layers=model.layers,
            weights=model.network.weights,
            plan=plan,
            others=other_parameters(model.live),
            coding=coding,
            codes=model.bank.sourced_codes,
        ),
        on_layer=lambda name: progress.advance(1, name),
    )
    progress.finish()
    return sizes


def unpacked_model(packed: PackedFile, model: OpenModel) -> Any:
    """A Keras model of its own with a packed file's weights."""
    entries = by_layer(packed)

    def weights(layer: int) -> tuple[Float32Array, ...]:
        return tuple(packed.weights(entry) for entry in entries[model.layer_names[layer]])

    restored = decoded_model(model.source, model.size, weights)
    for variable, entry in zip(other_parameters(restored), packed.header.others, strict=True):
        variable.assign(packed.other(entry))
    return restored


def require_model(packed: PackedFile, model: OpenModel, force: bool = False) -> Plan:
    """The plan of a packed file, once it is known to be one of *model*.

    Args:
        packed: The file.
        model: The model that the file should have been made from.
        force: Whether other weights of the same layers will do.

    Raises:
        PackedError: If it was made from another model.
    """
    header = packed.header
    if header.model != model.digest and not force:
        raise PackedError(
            f"packed file {str(packed.path)!r} was made from another model "
            f"({header.model_name!r}, {header.model[:12]}…; this one is {model.digest[:12]}…); "
            "give that model, or to unpack into other weights of the same layers, `force`"
        )
    wanted = [(k.name, t.name, (t.shape, t.channel_axes)) for k in model.layers for t in k.tensors]
    entries = [
        (entry.layer, entry.tensor, (entry.shape, entry.channel_axes)) for entry in header.tensors
    ]
    _require_same(packed, entries, wanted)
    _require_same(
        packed,
        [(entry.name, entry.dtype, entry.shape) for entry in header.others],
        [
            (variable.name, variable.dtype, variable.shape)
            for variable in other_parameters(model.live)
        ],
    )
    return Plan.from_mapping(model.layer_names, dict(header.plan))


def _require_same(
    packed: PackedFile,
    entries: Sequence[tuple[str, str, object]],
    wanted: Sequence[tuple[str, str, object]],
) -> None:
    for position in range(max(len(entries), len(wanted))):
        entry = entries[position] if position < len(entries) else None
        other = wanted[position] if position < len(wanted) else None
        if entry != other:
            raise PackedError(
                f"packed file {str(packed.path)!r} has {_shown(entry)} where the model has "
                f"{_shown(other)}; give the model it was made from"
            )


def _shown(tensor: tuple[str, str, object] | None) -> str:
    return "nothing" if tensor is None else f"{tensor[0]!r} {tensor[1]} {tensor[2]}"


def by_layer(packed: PackedFile) -> dict[str, list[TensorEntry]]:
    """Layer name → what a packed file holds of it."""
    entries: dict[str, list[TensorEntry]] = {}
    for entry in packed.header.tensors:
        entries.setdefault(entry.layer, []).append(entry)
    return entries
