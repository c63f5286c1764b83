"""What is looked at before a workbench is used: are the unchanged model's answers sound?"""

import numpy as np

from mpsearch.api.model import OpenModel
from mpsearch.core.arrays import Float32Array
from mpsearch.engine.evaluate import Engine
from mpsearch.model.input_range import Given, range_notes, spread_rows
from mpsearch.model.preprocess import Preprocess


def check_baseline(
    opened: OpenModel,
    engine: Engine,
    pixels: Float32Array,
    preprocess: Preprocess,
    inputs: Float32Array,
    images: tuple[str, ...],
) -> list[str]:
    """Refuse a model that computes nothing sound.

    Args:
        opened: The model.
        engine: Has measured it on the images.
        pixels: Of the images, 0..255, shape (n, h, w, c).
        preprocess: How they became inputs.
        inputs: What the model takes.
        images: Their names.

    Returns:
        What the user should know about the range of the inputs.

    Raises:
        ModelError: Names the first layer whose output is not finite, or says what the outputs are
            instead of probabilities.
        RuntimeError: If the engine does not answer as Keras does.
    """
    from mpsearch.model.plain_pass import IMAGES, require_agreement  # noqa: PLC0415 - TensorFlow
    from mpsearch.model.scores import require_probabilities  # noqa: PLC0415

    found = engine.baseline_probabilities
    unsound = np.flatnonzero(~np.isfinite(found).all(axis=1))
    rows = unsound[:1] if len(unsound) else np.arange(min(IMAGES, len(found)))
    require_agreement(opened.network, inputs[rows], found[rows], [images[int(i)] for i in rows])
    require_probabilities(found)
    few = spread_rows(len(inputs))
    return range_notes(opened.network, Given(pixels[few], preprocess, inputs.shape[1:], found[few]))
