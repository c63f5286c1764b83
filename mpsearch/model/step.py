"""What a stage runs, one after the other: calls of Keras operations, and what calls become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, Self, TypeAlias

from mpsearch.model.backend import keras

Tensor: TypeAlias = Any  # TensorFlow and Keras have no type information
Variable: TypeAlias = Any
Operation: TypeAlias = Any

# Value number → tensor.
Tensors: TypeAlias = dict[int, Tensor]
# id of a variable → the tensor that stands for it.
Weights: TypeAlias = Mapping[int, Tensor]

_MASK: Final = "_keras_mask"  # Keras has no public name for it
_TRAINED: Final[Weights] = MappingProxyType({})


class Step(Protocol):
    """What a stage runs: a call, or several that give the same numbers as one."""

    #: Whether an input may have n images where others have k·n: it is the same for each n.
    spreads: ClassVar[bool]

    @property
    def outputs(self) -> tuple[int, ...]:
        """Values made."""

    @property
    def variables(self) -> Sequence[Variable]:
        """Variables that Keras reads while it runs."""

    @property
    def concatenation(self) -> "Concatenation | None":
        """What it puts side by side, if that and a pooling is all it does."""

    @property
    def layer(self) -> "LayerStep | None":
        """Itself as the use of one layer, if it is that."""

    def run(self, tensors: Tensors, weights: Weights) -> None:
        """Compute the outputs from the values in *tensors* and add them there."""


class LayerStep(Step, Protocol):
    """The use of one layer, and of what stands before and after it."""

    @property
    def call(self) -> "Call":
        """The call of the layer itself."""

    @property
    def before(self) -> Step | None:
        """What has to run before the layer, if anything is part of this step."""

    def scaled(self, kernel: Tensor) -> Tensor:
        """The layer's *kernel*, output channels last, with what follows it applied."""

    def offset(self, bias: Tensor | None) -> Tensor | None:
        """What is added per channel, the layer's own *bias* being None or that tensor."""


class KernelStep:
    """What the uses of one layer share that take its kernel and bias as tensors, and no variable.

    Base of a :class:`LayerStep`.
    """

    __slots__ = ()

    @property
    def variables(self) -> Sequence[Variable]:
        """None: all have tensors that stand for them."""
        return ()

    @property
    def concatenation(self) -> None:
        """It is none by itself."""

    @property
    def layer(self) -> Self:
        """Itself."""
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Concatenation:
    """Channels put side by side, and perhaps pooled.

    Attributes:
        call: The call that concatenates.
        parts: Values that are concatenated, with repetition.
        pool: What becomes of each part.
    """

    call: "Call"
    parts: tuple[int, ...]
    pool: Callable[[Tensor], Tensor] = lambda part: part


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One use of one Keras operation; a :class:`Step` and, of a layer, a :class:`LayerStep`.

    Attributes:
        operation: A layer, or a function of ``keras.ops``.
        arguments: Keras' record of the call; holds symbolic tensors in place of values.
        values: id of each symbolic tensor → number of the value it stands for.
        inputs: Values read, without repetition.
        outputs: Values made; the masks of *masked* ones are last.
        entering: Value read → its mask, or None where it has one no more; others never had one.
        masked: Which of the values made have masks.
    """

    spreads: ClassVar[bool] = False

    operation: Operation
    arguments: Any
    values: dict[int, int]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    entering: Mapping[int, int | None] = field(default_factory=dict)
    masked: tuple[int, ...] = ()

    @property
    def knows_masks(self) -> bool:
        """Whether masks are more than nothing to it."""
        return bool(self.entering or self.masked)

    @property
    def variables(self) -> Sequence[Variable]:
        """The operation's."""
        variables: Sequence[Variable] = getattr(self.operation, "variables", ())
        return variables

    @property
    def concatenation(self) -> Concatenation | None:
        """Its own, if the operation is Keras' concatenation."""
        if type(self.operation) is not keras.layers.Concatenate:
            return None
        parts = tuple(self.values[id(tensor)] for tensor in self.arguments.keras_tensors)
        return Concatenation(self, parts)

    @property
    def layer(self) -> "Call":
        """Itself."""
        return self

    @property
    def call(self) -> "Call":
        """Itself."""
        return self

    @property
    def before(self) -> None:
        """Nothing."""

    def scaled(self, kernel: Tensor) -> Tensor:
        """As it is."""
        return kernel

    def offset(self, bias: Tensor | None) -> Tensor | None:
        """As it is."""
        return bias

    def run(self, tensors: Tensors, weights: Weights = _TRAINED) -> None:  # noqa: ARG002
        """Compute the outputs from the values in *tensors* and add them there.

        Keras itself finds what stands for its variables, in a scope around this.
        """
        for value, mask in self.entering.items():
            _set_mask(tensors[value], None if mask is None else tensors[mask])
        args, kwargs = self.arguments.fill_in(
            {tensor: tensors[value] for tensor, value in self.values.items()}
        )
        # As Model.predict does: dropout off, stored statistics in BatchNormalization.
        # Functional models pass it on where Keras lists it among the layer's context arguments;
        # what was recorded in the graph is overruled, as there.
        if "training" in getattr(self.operation, "_call_context_args", ()):
            kwargs["training"] = False
        results = keras.tree.flatten(self.operation(*args, **kwargs))
        masks = [get_mask(results[place]) for place in self.masked]
        tensors.update(zip(self.outputs, [*results, *masks], strict=True))


def get_mask(tensor: Tensor) -> Tensor | None:
    """The mask that Keras hung on a tensor, or None."""
    return getattr(tensor, _MASK, None)


def _set_mask(tensor: Tensor, mask: Tensor | None) -> None:
    setattr(tensor, _MASK, mask)


def activated(operation: Operation, result: Tensor) -> Tensor:
    """What a layer makes of the sums it has computed."""
    activation = operation.activation
    if activation is None or activation is keras.activations.linear:
        return result
    return activation(result)
