"""Compile every stage of a network."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from mpsearch.model.backend import tf
from mpsearch.model.compiled import CompiledStage, StageCode
from mpsearch.model.graph import INPUT, Cut
from mpsearch.model.step import Tensor, Tensors, Variable
from mpsearch.values.stage import Stage


class CompiledStages(NamedTuple):
    """The stages of a network.

    Attributes:
        functions: Each as compiled code.
        stages: What the engine knows of each.
        scores: Class scores of the image they were compiled with, shape (1, classes).
    """

    functions: tuple[CompiledStage, ...]
    stages: tuple[Stage, ...]
    scores: Tensor


def compile_stages(
    cuts: Sequence[Cut],
    variables: Sequence[Sequence[Variable]],
    trained: Sequence[Sequence[Tensor]],
    image: Tensor,
    output: int,
) -> CompiledStages:
    """Compile stages, and learn the size of every value from one image.

    Args:
        cuts: The stages.
        variables: Of each weight layer, in the order of its tensors.
        trained: Their values.
        image: As the network computes with it, the first side being 1.
        output: The value that holds the class scores.
    """
    values: Tensors = {INPUT: image}
    last = {value: index for index, piece in enumerate(cuts) for value in piece.inputs}
    functions, stages = [], []
    known: dict[Hashable, StageCode] = {}
    for index, piece in enumerate(cuts):
        specs = [tf.TensorSpec([None, *values[v].shape[1:]], values[v].dtype) for v in piece.inputs]
        own = [v for i in piece.layers for v in variables[i]]
        function = CompiledStage(piece, own, specs, known)
        weights = [tensor for i in piece.layers for tensor in trained[i]]
        outputs = function(weights, [values[v] for v in piece.inputs])
        values.update(zip(piece.outputs, outputs, strict=True))
        for value in {*piece.inputs, *piece.outputs} - {output}:
            if last.get(value, index) == index:
                del values[value]  # nothing reads it any more
        functions.append(function)
        stages.append(
            Stage(
                index=index,
                name=str(piece.calls[0].operation.name),
                layers=piece.layers,
                inputs=piece.inputs,
                outputs=piece.outputs,
                output_nbytes=tuple(t.dtype.size * int(tf.size(t)) for t in outputs),
            )
        )
    return CompiledStages(tuple(functions), tuple(stages), values[output])
