"""Whether the engine gives the answers that Keras' own layers give."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from mpsearch.model.network import KerasNetwork
from mpsearch.values.arrays import Float32Array

_ROUNDING: Final = 1e-3  # in probability; what is seen on sound networks is below 1e-5
_COARSE: Final = 0.05  # where a layer computes with 7 or 10 bits
_NOISE: Final = 1e-6  # of an input, relative; about what rounding it does
_AMPLIFIED: Final = 100


def require_agreement(
    network: KerasNetwork, inputs: Float32Array, engine: Float32Array, images: Sequence[str]
) -> None:
    """Hold the engine's answers against those of a plain pass.

    Args:
        network: The classifier.
        inputs: A few images as the network takes them, shape (n, …).
        engine: Class probabilities that the engine gives for them, shape (n, classes).
        images: Their names.

    Raises:
        ModelError: If the output of a layer is not finite.
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
            f"{engine[worst, top]:.6f}, Keras' own layers {plain[worst, top]:.6f}; nothing it "
            "would measure on this model is right"
        )
