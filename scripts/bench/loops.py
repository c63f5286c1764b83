"""What the engine is compared with: loops that change a model's weights and run it."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

import mpsearch
from mpsearch.engine.evaluate import Engine
from mpsearch.engine.weight_bank import WeightBank
from mpsearch.model.backend import keras, tf
from mpsearch.model.weight_layers import LiveLayer, weight_layers
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.values.plan import Plan
from mpsearch.workbench.workbench import Workbench

DATA: Final = Path(
    os.environ.get("MPSEARCH_REAL_DATA", Path(__file__).parents[3] / "shared" / "data")
)
SCHEMES: Final = tuple(scheme for scheme in DOCUMENTED if scheme != "original")
TOLERANCE: Final = 5e-6  # in probability; equality before speed
MEMORY: Final = 4 * 2**30


def photograph() -> str:
    """One photograph of the data folder."""
    return str(DATA / "images" / "mug.jpg")


def photographs(count: int) -> list[str]:
    """The first photographs of the data folder."""
    if count == 1:
        return [photograph()]
    return [str(path) for path in sorted((DATA / "images" / "imagenet200").iterdir())[:count]]


def load(name: str, preprocess: str, images: int) -> Workbench:
    """A workbench on a model of the data folder."""
    return load_model(DATA / "models" / name, preprocess, photographs(images), MEMORY)


def load_model(path: Path, preprocess: str, images: list[str], memory: int) -> Workbench:
    """A workbench on any model."""
    return mpsearch.load(str(path), images, preprocess=preprocess, resize="crop", memory=memory)


def load_vgg19(memory: int) -> Workbench:
    """VGG19 with random weights, and one photograph."""
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vgg19.keras"
        keras.applications.VGG19(weights=None).save(path)
        return load_model(path, "caffe", [photograph()], memory)


class Layered(Protocol):
    """Something that has weight layers: a workbench, or an open model."""

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Their names, in model order."""


def per_layer(bench: Layered, every: int = 1) -> list[Plan]:
    """*every*nth layer under every documented scheme alone."""
    base = Plan.uniform(bench.layer_names, "original")
    layers = bench.layer_names[::every]
    return [base.replace(layer, scheme) for layer in layers for scheme in SCHEMES]


def cumulative(bench: Layered) -> list[Plan]:
    """Layers 0 to i under every documented scheme."""
    names = bench.layer_names
    return [
        Plan(names, (scheme,) * (i + 1) + ("original",) * (len(names) - i - 1))
        for scheme in SCHEMES
        for i in range(len(names))
    ]


def three_analyses(bench: Layered) -> list[Plan]:
    """Every layer alone, layers 0 to i, and all layers, under every documented scheme."""
    uniform = [Plan.uniform(bench.layer_names, scheme) for scheme in SCHEMES]
    return per_layer(bench) + cumulative(bench) + uniform


def fresh_engine(bench: Workbench, memory: int = MEMORY) -> Engine:
    """An engine that remembers nothing."""
    network = bench.model.network
    return Engine.of(network, WeightBank(network, memory // 4), bench.inputs, None, memory)


@contextmanager
def swapped(live: tuple[LiveLayer, ...], plan: Plan) -> Iterator[None]:
    """Put a plan's decoded weights into the model for the length of the body."""
    changed = [
        (one.keras_layer, one.keras_layer.get_weights(), parse_scheme(name))
        for one, name in zip(live, plan.schemes, strict=True)
        if name != "original"
    ]
    for layer, weights, scheme in changed:
        layer.set_weights([scheme.decode(scheme.encode(w)) for w in weights])
    try:
        yield
    finally:
        for layer, weights, _ in changed:
            layer.set_weights(weights)


def predict_loop(bench: Workbench, plans: list[Plan]) -> list[Any]:
    """``layer.set_weights`` and ``model.predict``, plan by plan."""
    model, live = bench.model.live, weight_layers(bench.model.live)
    found = []
    for plan in plans:
        with swapped(live, plan):
            found.append(model.predict(bench.inputs, verbose=0))
    return found


def compiled_loop(bench: Workbench) -> Callable[[list[Plan]], list[Any]]:
    """The same loop over one compiled ``tf.function`` of the model."""
    model, live = bench.model.live, weight_layers(bench.model.live)
    forward = tf.function(lambda x: model(x, training=False))
    inputs = tf.constant(bench.inputs)

    def run(plans: list[Plan]) -> list[Any]:
        found = []
        for plan in plans:
            with swapped(live, plan):
                found.append(forward(inputs).numpy())
        return found

    return run


def require_equal(bench: Workbench, ours: list[Any], theirs: list[Any]) -> None:
    """Stop if a confidence differs by more than the tolerance."""
    rows = np.arange(len(bench.inputs))
    worst = max(
        float(np.abs(m.confidence - t[rows, bench.engine.reference]).max())
        for m, t in zip(ours, theirs, strict=True)
    )
    if worst > TOLERANCE:
        raise SystemExit(f"not equal: probabilities differ by {worst:.2g}")
