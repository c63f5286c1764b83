"""A stage as compiled code that is cheap to call."""

import math
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Final

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.model.folding import fold
from mpsearch.model.graph import Cut
from mpsearch.model.scopes import compile_safely
from mpsearch.model.split_concat import split_first
from mpsearch.model.stacking import most_stacked, run_stacked
from mpsearch.model.step import Step, Tensor, Tensors, Variable

# Variables outside the weight layers up to this many elements are built into the code as constants,
# so that TensorFlow computes beforehand what depends on nothing else.
_SMALL: Final = 2**14


class CompiledStage:
    """A pure function of (weights, inputs), traced once for any number of images.

    Args:
        piece: The piece of the network to run.
        variables: The variables of its weight layers; calls give a value for each.
        specs: Shape and type of each input.

    Attributes:
        spreads: An input may have n images where others have k·n: it is the same for each n.
    """

    def __init__(self, piece: Cut, variables: list[Any], specs: list[Any]) -> None:
        steps = split_first(fold(piece.calls, piece.outputs))
        weight_specs = [tf.TensorSpec(v.shape, v.dtype) for v in variables]

        def stage(weights: list[Any], inputs: list[Any]) -> tuple[Any, ...]:
            tensors = dict(zip(piece.inputs, inputs, strict=True))
            run_steps(steps, list(zip(variables, weights, strict=True)), tensors)
            return tuple(tensors[value] for value in piece.outputs)

        def stacked(shared: bool, weights: list[Any], inputs: list[Any]) -> tuple[Any, ...]:
            tensors = dict(zip(piece.inputs, inputs, strict=True))
            run_stacked(steps[0], weights, tensors, shared)
            run_steps(steps[1:], [], tensors)
            return tuple(tensors[value] for value in piece.outputs)

        operations = [call.operation for call in piece.calls]
        self._code = Code(stage, [weight_specs, specs], operations)
        self._most_stacked = {
            shared: most_stacked(steps[0], shared) if variables else 0 for shared in (False, True)
        }
        self.spreads = steps[0].spreads
        many = [tf.TensorSpec([None, *v.shape], v.dtype) for v in variables]
        # Compiled when first asked for: not every stage is.
        self._stacked = cache(
            lambda shared: Code(partial(stacked, shared), [many, specs], operations)
        )

    def __call__(self, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Outputs of the stage, with *weights* in place of its variables."""
        return self._code(weights, inputs)

    def most_stacked(self, shared: bool) -> int:
        """Images per weight set up to which :meth:`stacked` is faster; 0 where it cannot be."""
        return self._most_stacked[shared]

    def stacked(
        self, sets: Sequence[Sequence[Any]], inputs: Sequence[Any], shared: bool
    ) -> tuple[Any, ...]:
        """Outputs of the stage for several sets of weights, one after the other."""
        weights = [tf.raw_ops.Pack(values=list(same)) for same in zip(*sets, strict=True)]
        return self._stacked(shared)(weights, inputs)


class Code:
    """A function of two lists of tensors, traced.

    Args:
        function: From (weights, inputs) to a tuple of tensors.
        signature: Shapes and types of weights and of inputs.
        operations: The Keras operations that it runs.
    """

    def __init__(self, function: Any, signature: list[Any], operations: list[Any]) -> None:
        self._function = function
        self._traced = traced(function, signature, operations)
        if self._traced is not None:
            self._types = [tensor.dtype for tensor in self._traced.outputs]
            self._captured = list(self._traced.captured_inputs)

    def __call__(self, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        """The results."""
        if self._traced is None:
            results: tuple[Any, ...] = self._function(list(weights), list(inputs))
            return results
        # The raw operation: calling the traced function checks and converts its arguments in
        # Python each time, which takes longer than a small convolution.
        return tuple(
            tf.raw_ops.StatefulPartitionedCall(
                args=[*weights, *inputs, *self._captured], Tout=self._types, f=self._traced
            )
        )


def run_steps(
    steps: Sequence[Step], weights: list[tuple[Variable, Tensor]], values: Tensors
) -> None:
    """Run calls with values in place of variables.

    Args:
        steps: In order.
        weights: Variables and the tensors that stand for them.
        values: Value number → tensor; what the steps make is added.
    """
    tensors = {id(variable): tensor for variable, tensor in weights}
    constants = [
        (variable, tf.constant(_value(variable)))
        for step in steps
        for variable in step.variables
        if id(variable) not in tensors and math.prod(variable.shape) <= _SMALL
    ]
    with keras.StatelessScope(state_mapping=[*weights, *constants]):
        for step in steps:
            step.run(values, tensors)


def _value(variable: Any) -> Any:
    with tf.init_scope():  # now, and not as part of the code that is being traced
        return np.asarray(variable)


def traced(function: Any, signature: list[Any], operations: list[Any]) -> Any:
    """*function* as TensorFlow graph code, or None where the name of an operation forbids that."""
    if not compile_safely(operations):
        return None
    return tf.function(function, input_signature=signature, autograph=False).get_concrete_function()
