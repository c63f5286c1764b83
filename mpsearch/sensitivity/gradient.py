"""First-order prediction of every cell from one backward pass per image.

With the log-odds margin m of an image's reference class, storing a layer's weights W as Q(W)
changes m by about ⟨∂m/∂W, Q(W) − W⟩; the probability follows exactly as sigmoid(m).
"""

from collections.abc import Callable, Iterable

import numpy as np

from mpsearch.core.arrays import Float32Array, Float64Array, IntArray
from mpsearch.engine.protocol import Network
from mpsearch.engine.weight_bank import WeightBank


def margin_changes(
    network: Network,
    bank: WeightBank,
    inputs: Float32Array,
    reference: IntArray,
    cells: Iterable[tuple[int, str]],
    *,
    memory: int,
    on_images: Callable[[int], None],
) -> dict[tuple[int, str], Float64Array]:
    """Predict the change of every image's margin for every cell.

    Args:
        network: The classifier.
        bank: Has the decoded weights.
        inputs: Preprocessed images, shape (n, h, w, c).
        reference: Class per image, shape (n,).
        cells: Layer indices and scheme names.
        memory: Bytes of gradients held at once; at least one image's are.
        on_images: Called with the number of images just done.

    Returns:
        (layer, scheme) → change of every image's margin, shape (n,).
    """
    per_image = sum(layer.original_nbytes for layer in network.layers)
    step = max(1, memory // per_image)
    parts: dict[tuple[int, str], list[Float64Array]] = {cell: [] for cell in cells}
    for start in range(0, len(inputs), step):
        rows = range(start, min(start + step, len(inputs)))
        gradients = [network.margin_gradients(inputs[i : i + 1], int(reference[i])) for i in rows]
        for cell, found in parts.items():
            found.append(_changes(network, bank, gradients, *cell))
        on_images(len(rows))
    return {cell: np.concatenate(found) for cell, found in parts.items()}


def _changes(
    network: Network,
    bank: WeightBank,
    gradients: list[tuple[tuple[Float32Array, ...], ...]],
    layer: int,
    scheme: str,
) -> Float64Array:
    decoded = bank.decoded(layer, scheme)
    trained = network.weights(layer)
    change = np.zeros(len(gradients))
    for position, (after, before) in enumerate(zip(decoded, trained, strict=True)):
        difference = (after - before).reshape(-1)
        for row, gradient in enumerate(gradients):
            change[row] += float(np.dot(gradient[layer][position].reshape(-1), difference))
    return change
