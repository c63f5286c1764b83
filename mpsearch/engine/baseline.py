"""What the unchanged network says: all drops are against it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mpsearch.engine.nodes import Source
from mpsearch.engine.schedule import Wave
from mpsearch.engine.setup import Setup
from mpsearch.engine.weight_bank import TRAINED
from mpsearch.values.arrays import Float32Array, IntArray
from mpsearch.values.measurement import Answers, Measurement
from mpsearch.values.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """The unchanged network, measured.

    Attributes:
        nodes: Its node at every stage.
        final: Where its class scores come from.
        reference: Reference class per image, shape (n,).
        answers: What it says, at position 0.
        classes: How many there are.
        measurement: The same, as of a plan.
    """

    nodes: frozenset[int]
    final: Source
    reference: IntArray
    answers: Answers
    classes: int
    measurement: Measurement


def measured_baseline(
    setup: Setup, truth: IntArray | None, on_baseline: Callable[[Float32Array], object]
) -> Baseline:
    """Measure the unchanged network; see :meth:`mpsearch.engine.evaluate.Engine.of`."""
    layers = setup.network.layers
    path = setup.table.path((TRAINED,) * len(layers))
    nodes = frozenset(path)
    setup.runner.set_baseline(nodes)
    reference = np.empty(setup.images, np.int64) if truth is None else truth
    answers: Answers | None = None
    classes = 0
    for chunk, images in enumerate(setup.chunks):
        probabilities = baseline_probabilities(setup, chunk)
        on_baseline(probabilities)
        rows = slice(images.start, images.stop)
        if truth is None:
            reference[rows] = probabilities.argmax(axis=1)
        if answers is None:
            classes = probabilities.shape[1]
            answers = Answers.blank(1, setup.images, classes)
        answers.put([0], images.start, Answers.of([probabilities], reference[rows]))
    assert answers is not None  # there are images
    plan = Plan.uniform([layer.name for layer in layers], "original")
    runs, nbytes = setup.runner.take_runs(path), setup.bank.plan_nbytes(plan.schemes)
    measurement = answers.measurement(0, plan, nbytes, runs)
    return Baseline(nodes, setup.table.final(path), reference, answers, classes, measurement)


def baseline_probabilities(setup: Setup, chunk: int) -> Float32Array:
    """Class probabilities of a chunk of images, shape (n, classes)."""
    path = setup.table.path((TRAINED,) * len(setup.network.layers))
    wave = Wave((0,), (path,), (frozenset(path),), frozenset())
    final = setup.table.final(path)
    return setup.runner.scores(wave, chunk, {final}, keep_all=False)[final]
