"""Stages that are the same code, for other weights and other sides of their tensors.

Networks repeat themselves: the 59 stages of EfficientNet-Lite0 are of ten forms. What is traced for
one stage of a form serves the others, the constants of its normalizations being arguments, too.
"""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from mpsearch.model.backend import keras, tf
from mpsearch.model.folding import FoldedCall
from mpsearch.model.graph import Cut
from mpsearch.model.plain_layer import PlainLayer, plain_kind
from mpsearch.model.pooled_concat import PooledConcat
from mpsearch.model.scopes import compile_safely
from mpsearch.model.split_concat import SplitCall
from mpsearch.model.step import Call, Concatenation, LayerStep, Step, Tensor, Variable

# Layers without weights that compute the same whatever the sides of their inputs.
_ANY_SIDES: Final = """
    Activation Add AveragePooling2D Concatenate Dropout ELU GlobalAveragePooling2D
    GlobalMaxPooling2D Identity LeakyReLU MaxPooling2D Maximum Minimum Multiply ReLU Softmax
    SpatialDropout2D Subtract ZeroPadding2D
    """


@cache
def _any_sides() -> frozenset[Any]:
    return frozenset(getattr(keras.layers, name) for name in _ANY_SIDES.split())


@dataclass(frozen=True, slots=True, eq=False)
class StageForm:
    """What a stage computes, its sides and numbers apart.

    Attributes:
        key: Equal for stages that the same code runs.
        constants: Numbers outside the weight layers, which that code takes as arguments.
    """

    key: Hashable
    constants: tuple[Tensor, ...]


def form_of(
    steps: Sequence[Step], piece: Cut, variables: Sequence[Variable], specs: Sequence[Any]
) -> StageForm | None:
    """The form of a stage; None where its code serves no other.

    Args:
        steps: What it runs.
        piece: The piece of the network that they are.
        variables: The variables of its weight layers.
        specs: Shape and type of each input.
    """
    if not compile_safely(call.operation for call in piece.calls):
        return None
    if any(spec.dtype != tf.float32 for spec in specs):
        return None
    numbers = {value: number for number, value in enumerate(piece.inputs)}
    ranks = {value: len(spec.shape) for value, spec in zip(piece.inputs, specs, strict=True)}
    keys, constants = [], []
    for step in steps:
        kind = _kind(step, variables, ranks)
        if kind is None:
            return None
        read = tuple(numbers[value] for value in _inputs(step))
        numbers.update((value, len(numbers)) for value in step.outputs)
        keys.append((kind, read))
        constants += _constants(step)
    made = tuple(numbers[value] for value in piece.outputs)
    key = (tuple(keys), made, tuple(ranks[value] for value in piece.inputs))
    return StageForm(key, tuple(tf.constant(array) for array in constants))


def in_any_sides(steps: Sequence[Step], constants: Sequence[Tensor]) -> list[Step]:
    """Steps of a stage that has a form, with tensors in place of its constants."""
    left = list(constants)
    return [_in_any_sides(step, left) for step in steps]


def _in_any_sides(step: Step, left: list[Tensor]) -> Step:
    if isinstance(step, SplitCall):
        return replace(step, convolution=_with_constants(step.convolution, left))
    if step.layer is not None and step.layer.call.operation.weights:
        return PlainLayer(_with_constants(step.layer, left))
    return step


def _with_constants(step: LayerStep, left: list[Tensor]) -> LayerStep:
    if isinstance(step, FoldedCall):
        return replace(step, scale=left.pop(0), shift=left.pop(0))
    return step


def _constants(step: Step) -> list[Any]:
    inner = step.convolution if isinstance(step, SplitCall) else step
    return [inner.scale, inner.shift] if isinstance(inner, FoldedCall) else []


def _inputs(step: Step) -> tuple[int, ...]:
    if step.concatenation is not None:
        return step.concatenation.parts
    if isinstance(step, SplitCall):
        return step.parts_before.parts
    assert step.layer is not None
    call = step.layer.call
    return tuple(call.values[id(tensor)] for tensor in call.arguments.keras_tensors)


def _kind(step: Step, variables: Sequence[Variable], ranks: dict[int, int]) -> Hashable | None:
    """What a step computes, and note the ranks of what it makes."""
    if isinstance(step, PooledConcat):
        ranks[step.outputs[0]] = ranks[step.concatenation.parts[0]]
        return _kind_of_parts(step.concatenation)
    assert step.layer is not None
    call = step.layer.call
    if isinstance(step, SplitCall):
        ranks.update(dict.fromkeys(call.inputs, len(call.operation.output.shape)))
        merge, layer = _kind_of_parts(step.parts_before), _kind(step.convolution, variables, ranks)
        return None if merge is None or layer is None else (merge, layer)
    if call.knows_masks or not _are_tensors_alone(call):
        return None
    if type(call.operation) in _any_sides():
        return _kind_of_plain_call(call, ranks)
    kind = _kind_of_weight_layer(call, variables, ranks)
    if kind is None:
        return None
    ranks[step.outputs[0]] = ranks[call.inputs[0]]
    return (kind, isinstance(step, FoldedCall))


def _kind_of_weight_layer(
    call: Call, variables: Sequence[Variable], ranks: dict[int, int]
) -> Hashable | None:
    operation = call.operation
    if not isinstance(operation, keras.Layer) or not _are_same(operation.weights, variables):
        return None
    return plain_kind(operation, ranks[call.inputs[0]]) if len(call.inputs) == 1 else None


def _are_same(some: Sequence[Variable], others: Sequence[Variable]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def _kind_of_parts(concatenation: Concatenation) -> Hashable | None:
    """Of channels put side by side."""
    pool: Any = concatenation.pool
    if not isinstance(pool, keras.Layer):
        return ("side by side", len(concatenation.parts))
    if type(pool) not in _any_sides():
        return None
    return ("pooled, side by side", len(concatenation.parts), type(pool), _config(pool))


def _kind_of_plain_call(call: Call, ranks: dict[int, int]) -> Hashable | None:
    """Of a layer without weights, the kind; noting the rank of its output."""
    operation = call.operation
    activation = getattr(operation, "activation", None)
    if operation.compute_dtype != "float32" or len(call.outputs) != 1:
        return None
    if activation is not None and not str(activation.__module__).startswith("keras."):
        return None
    ranks[call.outputs[0]] = len(operation.output.shape)
    return (type(operation), activation, _config(operation))


def _are_tensors_alone(call: Call) -> bool:
    """Whether a call is given tensors in order, and nothing else."""
    arguments = call.arguments
    given = keras.tree.flatten((arguments.args, arguments.kwargs))
    return not arguments.kwargs and len(given) == len(arguments.keras_tensors)


def _config(operation: Any) -> str:
    config = {key: value for key, value in operation.get_config().items() if key != "name"}
    return json.dumps(config, sort_keys=True, default=repr)
