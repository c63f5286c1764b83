"""A stage as compiled code that is cheap to call."""

import math
from collections.abc import Hashable, Sequence
from functools import cache, partial
from typing import Any, Final

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.model.folding import fold
from mpsearch.model.graph import Cut
from mpsearch.model.scopes import compile_safely
from mpsearch.model.split_concat import split_first
from mpsearch.model.stacking import most_stacked, run_stacked
from mpsearch.model.stage_form import form_of, in_any_sides
from mpsearch.model.step import Step, Tensor, Tensors, Variable

# Variables outside the weight layers up to this many elements are built into the code as constants,
# so that TensorFlow computes beforehand what depends on nothing else.
_SMALL: Final = 2**14


class CompiledStage:
    """A pure function of (weights, inputs), traced for any number of images.

    Args:
        piece: The piece of the network to run.
        variables: The variables of its weight layers; calls give a value for each.
        specs: Shape and type of each input.
        known: Key of a form → code of the stages before that have it; what is made is added.

    Attributes:
        spreads: An input may have n images where others have k·n: it is the same for each n.
    """

    def __init__(
        self, piece: Cut, variables: list[Any], specs: list[Any], known: dict[Hashable, "StageCode"]
    ) -> None:
        steps = split_first(fold(piece.calls, piece.outputs))
        form = form_of(steps, piece, variables, specs)
        self._constants: tuple[Tensor, ...] = () if form is None else form.constants
        if form is None:
            self._code = StageCode(piece, steps, variables, specs)
        else:
            if form.key not in known:
                known[form.key] = StageCode(piece, steps, variables, specs, form.constants)
            self._code = known[form.key]
        self._most_stacked = {
            shared: most_stacked(steps[0], shared) if variables else 0 for shared in (False, True)
        }
        self.spreads = steps[0].spreads

    def __call__(self, weights: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Outputs of the stage, with *weights* in place of its variables."""
        return self._code.single([*weights, *self._constants], inputs)

    def most_stacked(self, shared: bool) -> int:
        """Images per weight set up to which :meth:`stacked` is faster; 0 where it cannot be."""
        return self._most_stacked[shared]

    def stacked(
        self, sets: Sequence[Sequence[Any]], inputs: Sequence[Any], shared: bool
    ) -> tuple[Any, ...]:
        """Outputs of the stage for several sets of weights, one after the other."""
        weights = [tf.raw_ops.Pack(values=list(same)) for same in zip(*sets, strict=True)]
        return self._code.stacked(shared)([*weights, *self._constants], inputs)


class StageCode:
    """Code of a stage, or of all stages of one form.

    Args:
        piece: The stage, or the first of its form.
        steps: What it runs.
        variables: The variables of its weight layers.
        specs: Shape and type of each input.
        constants: Of a stage that has a form: its constants. The code then takes tensors of any
            sides, and constants after the weights.

    Attributes:
        single: Function of (weights and constants, inputs).
    """

    def __init__(
        self,
        piece: Cut,
        steps: list[Step],
        variables: list[Any],
        specs: list[Any],
        constants: Sequence[Tensor] | None = None,
    ) -> None:
        self._piece, self._steps, self._variables = piece, steps, variables
        self._has_form = constants is not None
        self._constants = [tf.TensorSpec([None], c.dtype) for c in constants or ()]
        shapes = [[*v.shape] for v in variables]
        if self._has_form:
            specs = [tf.TensorSpec([None] * len(spec.shape), spec.dtype) for spec in specs]
            # Windows stay: what is made of them depends on their sides.
            shapes = [[*shape[:-2], *[None] * len(shape[-2:])] for shape in shapes]
        self._specs = specs
        self._weights = list(zip(shapes, (v.dtype for v in variables), strict=True))
        self.single = self._traced(self._run, [])
        # Compiled when first asked for: not every stage is.
        self.stacked = cache(
            lambda shared: self._traced(partial(self._run_stacked, shared), [None])
        )

    def _traced(self, function: Any, before: list[Any]) -> "Code":
        weights = [tf.TensorSpec([*before, *shape], dtype) for shape, dtype in self._weights]
        operations = [call.operation for call in self._piece.calls]
        return Code(function, [[*weights, *self._constants], self._specs], operations)

    def _run(self, given: list[Any], inputs: list[Any]) -> tuple[Any, ...]:
        steps, weights = self._split(given)
        tensors = dict(zip(self._piece.inputs, inputs, strict=True))
        if self._has_form:
            _run_in_any_sides(steps, self._variables, weights, tensors)
        else:
            run_steps(steps, list(zip(self._variables, weights, strict=True)), tensors)
        return tuple(tensors[value] for value in self._piece.outputs)

    def _run_stacked(self, shared: bool, given: list[Any], inputs: list[Any]) -> tuple[Any, ...]:
        steps, weights = self._split(given)
        tensors = dict(zip(self._piece.inputs, inputs, strict=True))
        run_stacked(steps[0], weights, tensors, shared)
        if self._has_form:
            _run_in_any_sides(steps[1:], [], [], tensors)
        else:
            run_steps(steps[1:], [], tensors)
        return tuple(tensors[value] for value in self._piece.outputs)

    def _split(self, given: list[Any]) -> tuple[list[Step], list[Any]]:
        """The steps with their constants, and the weights."""
        weights, constants = given[: len(self._variables)], given[len(self._variables) :]
        steps = in_any_sides(self._steps, constants) if self._has_form else self._steps
        return steps, weights


def _run_in_any_sides(
    steps: Sequence[Step], variables: Sequence[Any], weights: Sequence[Any], tensors: Tensors
) -> None:
    # No scope: Keras would hold the sides of the weights against those of its variables.
    by_id = {id(variable): tensor for variable, tensor in zip(variables, weights, strict=True)}
    for step in steps:
        step.run(tensors, by_id)


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
