"""A model and images, ready to be measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mpsearch.engine.evaluate import Engine
from mpsearch.memory.input_images import InputImages
from mpsearch.sensitivity.measure import refusals
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.values.choices import Metric
from mpsearch.values.fingerprint import Fingerprint, array_digest
from mpsearch.values.layer import WeightLayer
from mpsearch.values.measurement import Measurement
from mpsearch.values.plan import Plan
from mpsearch.values.progress import Progress
from mpsearch.workbench.held_back import ImageSetDrop, compare
from mpsearch.workbench.open_model import OpenModel


@dataclass(frozen=True, slots=True, eq=False)
class Workbench:
    """A classifier, its images, and the engine that measures plans on them.

    Attributes:
        model: The classifier.
        engine: Measures plans.
        inputs: Preprocessed images, as the model takes them: (n, h, w, c) or, gray, (n, h, w); a
            slice of them is an array.
        images: Names of the images.
        classes: Class names.
        fingerprint: Identity of model and images.
        memory: Bytes for activations and decoded weights.
        has_truth: Whether the reference classes are the true ones.
        notes: Notes to the user about the images.
    """

    model: OpenModel
    engine: Engine
    inputs: InputImages
    images: tuple[str, ...]
    classes: tuple[str, ...]
    fingerprint: Fingerprint
    memory: int
    has_truth: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def layers(self) -> tuple[WeightLayer, ...]:
        """The weight layers in model order."""
        return self.model.layers

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the weight layers."""
        return self.model.layer_names

    @property
    def baseline(self) -> Measurement:
        """Measurement of the unchanged model."""
        return self.engine.baseline

    def measure(
        self, plans: Sequence[Plan], on_measured: Callable[[Measurement], None] | None = None
    ) -> list[Measurement]:
        """Measure plans; see :meth:`mpsearch.engine.evaluate.Engine.measure`."""
        return self.engine.measure(plans, on_measured)

    def refusals(
        self, schemes: Sequence[str], progress: Progress | None = None
    ) -> dict[tuple[str, str], str]:
        """(layer name, scheme) → why the scheme cannot store the layer."""
        return refusals(self.engine, schemes, progress)

    def of_images(self, rows: IntArray) -> "Workbench":
        """The same model on some of the images.

        Args:
            rows: Positions of the images, in order.
        """
        inputs = self.inputs.of(rows)
        self.engine.release()  # one of them is measured on at a time
        reference = self.engine.reference[rows]
        engine = Engine.of(self.model.network, self.model.bank, inputs, reference, self.memory)
        return replace(
            self,
            engine=engine,
            inputs=inputs,
            images=tuple(self.images[int(i)] for i in rows),
            fingerprint=replace(
                self.fingerprint,
                images=inputs.digest(),
                reference=array_digest([reference]),
            ),
        )

    def with_model(self, model: OpenModel) -> "Workbench":
        """The same images under the same network with another bank."""
        self.engine.release()
        engine = Engine.of(
            model.network, model.bank, self.inputs, self.engine.reference, self.memory
        )
        return replace(self, model=model, engine=engine)

    def plain_forward(self, plan: Plan) -> Float32Array:
        """Class probabilities from Keras' own forward pass of a model with the plan's weights.

        Slower than :meth:`measure`, and independent of it. The model is kept for the next plan
        until ``model.copy.release()``.

        Returns:
            Shape (n, classes).
        """
        self.engine.release()  # in whose place comes another model
        self.model.network.end_gradients()
        bank = self.model.bank
        scores = self.model.copy.scores(lambda i: bank.decoded(i, plan.schemes[i]), self.inputs)
        probabilities: Float32Array = self.model.network.probabilities(scores)
        return probabilities

    def drop(self, before: Float32Array, after: Float32Array, metric: Metric) -> ImageSetDrop:
        """Compare class probabilities of two models on the images.

        Args:
            before: Class probabilities of the unchanged model, shape (n, classes).
            after: Class probabilities of the other model, same shape.
            metric: How the drops of images become one number.
        """
        return compare(before, after, self.engine.reference, metric, self.images, self.has_truth)

    def mean_confidence_pct(self, probabilities: Float32Array) -> float:
        """Confidence under class probabilities of shape (n, classes), mean over the images."""
        chosen = probabilities[range(len(probabilities)), self.engine.reference]
        return 100 * float(chosen.mean(dtype=np.float64))


def model_of(subject: Workbench | OpenModel) -> OpenModel:
    """The model, with images or without."""
    return subject.model if isinstance(subject, Workbench) else subject
