"""What a network said under one plan."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mpsearch.values.arrays import BoolArray, Float32Array, Float64Array, IntArray
from mpsearch.values.plan import Plan

TOP = 3  # the original reports show three classes


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """The answers of one plan on n images.

    Attributes:
        plan: The plan that was measured.
        nbytes: Stored bytes of all weight layers under the plan.
        confidence: Probability of each image's reference class, shape (n,), 0..1.
        margin: Log-odds of the reference class, ``log p_c − log Σ_{j≠c} p_j``, shape (n,).
        top_classes: Indices of the (up to) three most probable classes, shape (n, k).
        top_probabilities: Probabilities of the top classes, descending, shape (n, k).
        stage_runs: How many stage evaluations (one stage on one image) it cost beyond what
            was already known.
        complete: False if measuring was given up early; images that were not run have NaN for
            numbers and −1 for classes.
    """

    plan: Plan
    nbytes: int
    confidence: Float64Array
    margin: Float64Array
    top_classes: IntArray
    top_probabilities: Float32Array
    stage_runs: int
    complete: bool = True

    def __post_init__(self) -> None:
        for name in ("confidence", "margin", "top_classes", "top_probabilities"):
            frozen = getattr(self, name).view()
            frozen.setflags(write=False)
            object.__setattr__(self, name, frozen)

    @property
    def top1(self) -> IntArray:
        """The most probable class of each image, shape (n,)."""
        return self.top_classes[:, 0]


def log_odds(probabilities: Float32Array, reference: IntArray) -> Float64Array:
    """Log-odds of each image's reference class.

    The sum runs over the other classes rather than being ``1 − p_c``, so that it stays exact
    where ``p_c`` rounds to 1.

    Args:
        probabilities: Class probabilities, shape (n, classes).
        reference: Class index per image, shape (n,).

    Returns:
        Shape (n,), finite.
    """
    p = probabilities.astype(np.float64)
    rows = np.arange(len(p))
    chosen = p[rows, reference].copy()
    p[rows, reference] = 0.0
    tiny = np.finfo(np.float32).tiny
    odds: Float64Array = np.log(np.maximum(chosen, tiny)) - np.log(np.maximum(p.sum(axis=1), tiny))
    return odds


def top_classes(probabilities: Float32Array) -> IntArray:
    """The (up to) three most probable classes of each image; equal ones in class order.

    −1 for images whose probabilities are NaN.

    Args:
        probabilities: Class probabilities, shape (n, classes).

    Returns:
        Shape (n, k).
    """
    k = min(TOP, probabilities.shape[1])
    left = probabilities.copy()
    rows = np.arange(len(left))
    classes = np.empty((len(left), k), dtype=np.int64)
    missing = np.isnan(left[:, 0])
    for place in range(k):  # argmax takes the first of equals; a sort of all classes is slower
        classes[:, place] = left.argmax(axis=1)
        left[rows, classes[:, place]] = -1.0
    classes[missing] = -1
    return classes


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Class probabilities of several plans on n images, condensed all at once.

    Attributes:
        confidence: Confidences, 0..1, shape (plans, n); NaN for images that were not run.
        margin: Log-odds margins, shape (plans, n).
        top_classes: Most probable classes, shape (plans, n, k).
        top_probabilities: Probabilities of those classes, shape (plans, n, k).
        ran: Whether an image was run, shape (plans, n).
    """

    confidence: Float64Array
    margin: Float64Array
    top_classes: IntArray
    top_probabilities: Float32Array
    ran: BoolArray

    @classmethod
    def of(cls, probabilities: Sequence[Float32Array], reference: IntArray) -> "Answers":
        """Condense.

        Args:
            probabilities: Per plan, shape (n, classes).
            reference: Class index per image, shape (n,).
        """
        shape = len(probabilities), len(reference)
        rows = np.concatenate(probabilities)
        chosen = np.tile(reference, len(probabilities))
        top = top_classes(rows)
        return cls(
            rows[np.arange(len(rows)), chosen].astype(np.float64).reshape(shape),
            log_odds(rows, chosen).reshape(shape),
            top.reshape(*shape, -1),
            np.take_along_axis(rows, top, axis=1).reshape(*shape, -1),
            np.asarray(np.isfinite(rows[:, 0]).reshape(shape)),
        )

    @classmethod
    def blank(cls, plans: int, images: int, classes: int) -> "Answers":
        """Empty answers, to be filled by :meth:`put`."""
        shape, k = (plans, images), min(TOP, classes)
        return cls(
            np.full(shape, np.nan),
            np.full(shape, np.nan),
            np.full((*shape, k), -1, np.int64),
            np.full((*shape, k), np.nan, np.float32),
            np.zeros(shape, np.bool),
        )

    def put(self, plans: Sequence[int], first: int, part: "Answers") -> None:
        """Fill in what some plans say of some images.

        Args:
            plans: Positions of the plans of *part*.
            first: Position of its first image.
            part: Answers for those images.
        """
        images = slice(first, first + part.confidence.shape[1])
        for name in ("confidence", "margin", "top_classes", "top_probabilities", "ran"):
            getattr(self, name)[plans, images] = getattr(part, name)

    def measurement(self, position: int, plan: Plan, nbytes: int, stage_runs: int) -> Measurement:
        """What one of the plans said."""
        return Measurement(
            plan=plan,
            nbytes=nbytes,
            confidence=self.confidence[position],
            margin=self.margin[position],
            top_classes=self.top_classes[position],
            top_probabilities=self.top_probabilities[position],
            stage_runs=stage_runs,
            complete=bool(self.ran[position].all()),
        )
