"""Cut a Keras network into stages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mpsearch.model.backend import keras
from mpsearch.model.step import Call

INPUT = 0  # the value that is the network's input


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """One stage before it is compiled.

    Attributes:
        calls: Calls of the piece, in an order in which they can run.
        layers: Indices of the weight layers used.
        inputs: Values read from other stages.
        outputs: Values that other stages, or the caller, read.
    """

    calls: tuple[Call, ...]
    layers: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def operations(model: Any) -> list[Any]:
    """The operations of a functional or Sequential model, nested models unopened."""
    return list(_function_of(model).operations)


def outputs(model: Any) -> Iterator[tuple[str, Any]]:
    """Name of every operation and each of its symbolic outputs, nested models opened."""
    for nodes in _function_of(model)._nodes_by_depth.values():
        for node in nodes:
            for tensor in node.outputs:
                yield node.operation.name, tensor
            if not node.is_input and _can_be_opened(node.operation):
                yield from outputs(node.operation)


def flatten(model: Any) -> tuple[list[Call], int]:
    """The calls of *model*, nested models opened, and the number of its output value.

    Only calls that the output depends on are kept.
    """
    function = _function_of(model)
    values = {id(function.inputs[0]): INPUT}
    counter = iter(range(INPUT + 1, 1 << 30))
    calls = list(_calls(function, values, counter))
    output = values[id(function.outputs[0])]
    needed = {output}
    kept = []
    for call in reversed(calls):
        if needed.intersection(call.outputs):
            needed.update(call.inputs)
            kept.append(call)
    return kept[::-1], output


def _function_of(model: Any) -> Any:
    """The graph behind a functional or Sequential model."""
    return model._functional if isinstance(model, keras.Sequential) else model


def _can_be_opened(operation: Any) -> bool:
    """Whether a nested model is only its graph: no code of its own, one input."""
    # A functional model is an instance of a class that Keras does not export; its own subclasses
    # may compute something else.
    plain = isinstance(operation, keras.Model) and type(operation).__module__.startswith("keras.")
    return plain and len(operation.inputs or ()) == 1


def _calls(function: Any, values: dict[int, int], counter: Iterator[int]) -> Iterator[Call]:
    for depth in sorted(function._nodes_by_depth, reverse=True):
        for node in function._nodes_by_depth[depth]:
            if node.is_input or not node.operation:
                continue
            tensors = node.arguments.keras_tensors
            if len(tensors) == 1 and _can_be_opened(node.operation):
                inner = _function_of(node.operation)
                inner_values = {id(inner.inputs[0]): values[id(tensors[0])]}
                yield from _calls(inner, inner_values, counter)
                for outside, inside in zip(node.outputs, inner.outputs, strict=True):
                    values[id(outside)] = inner_values[id(inside)]
                continue
            used = {id(tensor): values[id(tensor)] for tensor in tensors}
            made = tuple(next(counter) for _ in node.outputs)
            values.update(zip(map(id, node.outputs), made, strict=True))
            yield Call(
                node.operation, node.arguments, used, tuple(dict.fromkeys(used.values())), made
            )


def cut(calls: list[Call], output: int, owners: dict[int, int]) -> list[Cut]:
    """Group *calls* into stages.

    A stage begins at a call that uses weight layers, or reads from more than one stage (or from
    the input); any other call joins the stage it reads from.

    Args:
        calls: Calls of the model, from :func:`flatten`.
        output: The network's output value.
        owners: id of a Keras variable → index of the weight layer it belongs to.
    """
    stage_of: dict[int, int] = {}
    groups: list[list[Call]] = []
    layers: list[tuple[int, ...]] = []
    for call in calls:
        used = _weight_layers_in(call.operation, owners)
        sources = {stage_of.get(value, -1) for value in call.inputs}
        if used or len(sources) != 1 or -1 in sources:
            number = len(groups)
            groups.append([])
            layers.append(used)
        else:
            (number,) = sources
        groups[number].append(call)
        stage_of.update(dict.fromkeys(call.outputs, number))
    return [_close(group, used, calls, output) for group, used in zip(groups, layers, strict=True)]


def join_merges(cuts: list[Cut], worth: Callable[[Cut, Call], bool]) -> list[Cut]:
    """Run merges of branches inside the stage that reads them.

    Args:
        cuts: Pieces of the model, from :func:`cut`.
        worth: Of a stage without weight layers and the first call of the only stage that reads it:
            whether to join the two.
    """
    readers: dict[int, list[int]] = {}
    for number, piece in enumerate(cuts):
        for value in piece.inputs:
            readers.setdefault(value, []).append(number)
    joined = dict(enumerate(cuts))
    for number, piece in enumerate(cuts):
        if piece.layers or len(piece.outputs) != 1:
            continue
        after = readers.get(piece.outputs[0], [])
        if len(after) != 1:
            continue
        reader = joined[after[0]]
        if reader.inputs == piece.outputs and worth(piece, reader.calls[0]):
            joined[after[0]] = Cut(
                piece.calls + reader.calls, reader.layers, piece.inputs, reader.outputs
            )
            del joined[number]
    return list(joined.values())


def _weight_layers_in(operation: Any, owners: dict[int, int]) -> tuple[int, ...]:
    """Indices of the weight layers whose variables *operation* computes with."""
    if not isinstance(operation, keras.Layer):
        return ()
    indices = (owners[id(v)] for v in operation.variables if id(v) in owners)
    return tuple(dict.fromkeys(indices))


def _close(group: list[Call], layers: tuple[int, ...], calls: list[Call], output: int) -> Cut:
    made = [value for call in group for value in call.outputs]
    members = set(map(id, group))
    read_outside = {v for call in calls if id(call) not in members for v in call.inputs} | {output}
    inputs = dict.fromkeys(v for call in group for v in call.inputs if v not in set(made))
    outputs = tuple(value for value in made if value in read_outside)
    return Cut(tuple(group), layers, tuple(inputs), outputs)
