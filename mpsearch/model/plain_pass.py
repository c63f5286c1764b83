"""A forward pass as Keras makes it, layer by layer, that looks at every output.

The engine's compiled stages may hide what they compute with: fused kernels turn NaN into 0 where a
ReLU follows. So a few images go through the layers one at a time, none joined with another, and
the engine has to give the same answers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.model.graph import INPUT, Call
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import ModelError

IMAGES: Final = 2  # go through; each costs a forward pass
_ROUNDING: Final = 1e-3  # in probability; what is seen on sound networks is below 1e-5
_COARSE: Final = 0.05  # where a layer computes with 7 or 10 bits
_NOISE: Final = 1e-6  # of an input, relative; about what rounding it does
_AMPLIFIED: Final = 100


def plain_scores(calls: Sequence[Call], output: int, images: Any, names: Mapping[int, str]) -> Any:
    """Class scores of some images, every layer's output being looked at.

    Args:
        calls: The network's, in order.
        output: The value that holds the scores.
        images: Images, as the network computes with them.
        names: id of a Keras operation → how to call it.

    Raises:
        ModelError: Names the first layer whose output is not finite.
    """
    last = {value: place for place, call in enumerate(calls) for value in call.inputs}
    known = {INPUT: images}
    for place, call in enumerate(calls):
        call.run(known)
        for value in call.outputs:
            _require_finite(call.operation, known[value], names)
        for value in {*call.inputs, *call.outputs} - {output}:
            if last.get(value, -1) <= place:
                known.pop(value, None)
    return known[output]


def _require_finite(operation: Any, tensor: Any, names: Mapping[int, str]) -> None:
    # A finite sum has finite terms, and takes no memory.
    if not tensor.dtype.is_floating or np.isfinite(float(tf.reduce_sum(tensor))):
        return
    values = tf.cast(tensor, tf.float32).numpy()
    is_layer = isinstance(operation, keras.Layer)
    # Functions such as a logarithm may output infinities that a later one is made to take.
    bad = ~np.isfinite(values) if is_layer else np.isnan(values)
    if not bad.any():
        return
    name = names.get(id(operation), operation.name)
    first = float(values[bad][0])
    raise ModelError(
        f"layer {name!r} is the first whose output is not finite: {bad.sum():,} of {bad.size:,} "
        f"values are NaN or infinite, the first {first}; train or export the model again, or "
        "check `preprocess`"
    )


def require_agreement(
    network: Any, inputs: Float32Array, engine: Float32Array, images: Sequence[str]
) -> None:
    """Hold the engine's answers against those of a plain pass.

    Args:
        network: A :class:`~mpsearch.model.network.KerasNetwork`.
        inputs: A few images as the network takes them, shape (n, …).
        engine: Class probabilities that the engine gives for them, shape (n, classes).
        images: Names of the images.

    Raises:
        ModelError: If a layer's output is not finite.
        RuntimeError: If the engine says something else than Keras: a mistake of ours.
    """
    plain = network.plain_probabilities(inputs)
    off = np.abs(plain - engine).max(axis=1)
    worst = int(off.argmax())
    if not np.isfinite(engine).all() or off[worst] <= _ROUNDING:
        return  # what the engine finds not finite is said elsewhere
    allowed = _COARSE if network.is_coarse else _ROUNDING
    if off[worst] > allowed:
        # Networks that are fed far beyond what they know magnify rounding itself.
        signs = np.where(np.random.default_rng(0).random(inputs.shape) < 0.5, -1, 1)
        nearby = (inputs * (1 + _NOISE * signs)).astype(np.float32)
        moved = float(np.abs(network.plain_probabilities(nearby) - plain).max())
        allowed = max(allowed, _AMPLIFIED * moved)
    if off[worst] > allowed:
        top = int(plain[worst].argmax())
        raise RuntimeError(
            f"for image {images[worst]!r} mpsearch's engine gives class {top} a probability of "
            f"{engine[worst, top]:.6f}, Keras' own layers {plain[worst, top]:.6f}; no "
            "measurement of this model would be right"
        )
