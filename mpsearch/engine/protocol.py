"""The little that the engine asks of a network."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from mpsearch.values.arrays import Codes, Float32Array
from mpsearch.values.layer import WeightLayer
from mpsearch.values.outer import OuterProduct
from mpsearch.values.stage import Stage

# Activations of some images at one value: whatever the network computes with, images first.
Batch: TypeAlias = object
# The decoded tensors of one weight layer, ready to be computed with.
Loaded: TypeAlias = object


class Network(Protocol):
    """A classifier cut into stages; it never changes.

    ``mpsearch.model.network.KerasNetwork`` is the real one.
    """

    @property
    def layers(self) -> tuple[WeightLayer, ...]:
        """The weight layers in model order."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages; each comes after those it reads from."""

    @property
    def output(self) -> int:
        """The value that holds the class scores."""

    def weights(self, layer: int) -> tuple[Float32Array, ...]:
        """The trained tensors of a weight layer, as read-only arrays."""

    def trained(self, layer: int) -> Loaded:
        """The trained tensors of a weight layer, loaded."""

    def load(self, tensors: tuple[Float32Array, ...]) -> Loaded:
        """Bring decoded tensors to where the network computes; they must not change afterwards."""

    def enter(self, inputs: Float32Array) -> Batch:
        """Bring input images of shape (n, h, w, c) to where the network computes."""

    def run(
        self, stage: int, weights: Sequence[Loaded], inputs: Sequence[Batch]
    ) -> tuple[Batch, ...]:
        """Evaluate one stage with one loaded weight set per layer of the stage."""

    def spreads(self, stage: int) -> bool:
        """Whether an input of :meth:`run` may have n images where others have k·n.

        It then stands for k times the same n images.
        """

    def most_stacked(self, stage: int, shared: bool) -> int:
        """Images per weight set up to which :meth:`run_stacked` is faster than single runs.

        Args:
            stage: Index of the stage.
            shared: As for :meth:`run_stacked`; the result is never smaller where it is true.

        Returns:
            0 where the stage cannot be run so.
        """

    def run_stacked(
        self,
        stage: int,
        sets: Sequence[Sequence[Loaded]],
        inputs: Sequence[Batch],
        shared: bool,
    ) -> tuple[Batch, ...]:
        """Evaluate a stage with several sets of weights, if :meth:`most_stacked` allows it.

        Args:
            stage: Index of the stage.
            sets: For each set, one loaded weight set per layer of the stage.
            inputs: Inputs of the stage, as for :meth:`run`.
            shared: Every set is run on all of *inputs*; otherwise each on its own part of them,
                the first set on the first, all parts being equally large.

        Returns:
            As :meth:`run`; the images of the first set come first.
        """

    def take(self, batch: Batch, start: int, stop: int) -> Batch:
        """Images *start* to *stop* of a batch."""

    def join(self, batches: Sequence[Batch]) -> Batch:
        """One batch of all images of *batches*, in order."""

    def probabilities(self, scores: Batch) -> Float32Array:
        """Class probabilities, shape (n, classes), of the output value."""

    def margin_gradients(
        self, image: Float32Array, reference: int, weights: Sequence[Loaded] | None = None
    ) -> tuple[tuple[Float32Array | OuterProduct, ...], ...]:
        """Derivative of one image's log-odds margin by every tensor of every weight layer.

        Args:
            image: One image, shape (1, h, w, c).
            reference: The class whose margin is differentiated.
            weights: Per weight layer, the weights at which it is taken; the trained ones where
                it is None.

        Raises:
            GradientsLost: If it cannot be had, nor any other.
        """

    @property
    def gradient_deaths(self) -> Sequence[str]:
        """How processes ended that took derivatives for us, such as ``was killed by SIGSEGV``."""


class CodeSource(Protocol):
    """Source of codes that a scheme alone would not choose, such as calibrated ones.

    ``mpsearch.calibration.Calibration`` finds them, ``mpsearch.export.packed.StoredCodes`` reads
    them from a file.
    """

    def codes(self, layer: int, scheme: str) -> tuple[Codes, ...] | None:
        """Codes of each tensor of a layer under a scheme; None where the scheme's own are meant.

        Raises:
            SchemeError: If the scheme refuses the layer's weights.
        """

    def error(self, layer: int, decoded: Sequence[Float32Array]) -> float | None:
        """Error of *decoded* tensors of a layer, in the measure by which the codes are chosen.

        None where they are the scheme's own.
        """
