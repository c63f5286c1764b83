"""First-order prediction of every cell from one backward pass per image.

With the log-odds margin m of an image's reference class, storing a layer's weights W as Q(W)
changes m by about ⟨∂m/∂W, Q(W) − W⟩; the probability follows exactly as sigmoid(m). The
derivative may be taken at any plan's weights: the prediction is then of changes of that plan.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mpsearch.engine.protocol import Network
from mpsearch.engine.weight_bank import TRAINED, WeightBank
from mpsearch.memory.input_images import Inputs
from mpsearch.values.arrays import Float32Array, Float64Array, IntArray
from mpsearch.values.outer import OuterProduct
from mpsearch.values.plan import Plan

# Of gradients held at once; one image's are, whatever their size.
_GRADIENT_NBYTES = 2**30
_TINY = 1e-30
_Gradient = Float32Array | OuterProduct


@dataclass(frozen=True, slots=True, eq=False)
class FirstOrder:
    """Predicted effect of one cell.

    Attributes:
        change: Predicted change of every image's margin, shape (n,).
        perturbation: ‖Q(W) − W'‖ / ‖W‖ over the layer's tensors, W' being where the derivative was
            taken and W the trained weights: how far the prediction reaches, 1 at most. It is 1
            where the derivative is not finite; the change is then 0.
    """

    change: Float64Array
    perturbation: float


def first_order(
    network: Network,
    bank: WeightBank,
    inputs: Inputs,
    reference: IntArray,
    cells: Iterable[tuple[int, str]],
    *,
    at: Plan | None = None,
    on_images: Callable[[int], None] = lambda _: None,
) -> dict[tuple[int, str], FirstOrder]:
    """Predict the change of every image's margin for every cell.

    Args:
        network: The classifier.
        bank: Holds the decoded weights.
        inputs: Preprocessed images, shape (n, h, w, c).
        reference: Class per image, shape (n,).
        cells: Layer indices and scheme names.
        at: The plan whose weights are changed; the trained ones where it is None.
        on_images: Called with the number of images just done.

    Returns:
        One prediction per (layer, scheme).

    Raises:
        GradientsLost: If derivatives cannot be had.
    """
    start = Plan.uniform([layer.name for layer in network.layers], "original") if at is None else at
    loaded = [bank.loaded(i, variant) for i, variant in enumerate(bank.variants(start.schemes))]
    per_image = sum(layer.original_nbytes for layer in network.layers)
    # Those of a layer are copied side by side.
    step = max(1, min(_GRADIENT_NBYTES, bank.memory // 2) // max(1, per_image))
    by_layer: dict[int, list[str]] = {}
    for layer, scheme in cells:
        by_layer.setdefault(layer, []).append(scheme)
    changes: dict[tuple[int, str], list[Float64Array]] = {}
    reach: dict[tuple[int, str], float] = {}
    for first in range(0, len(inputs), step):
        rows = range(first, min(first + step, len(inputs)))
        gradients = [
            network.margin_gradients(inputs[i : i + 1], int(reference[i]), loaded) for i in rows
        ]
        for layer, schemes in by_layer.items():
            before = _weights_at(network, bank, layer, start.schemes[layer])
            stacks = [_stacked([g[layer][t] for g in gradients]) for t in range(len(before))]
            for scheme in schemes:
                differences = _differences(bank, layer, scheme, before)
                change = sum(_dot(s, d) for s, d in zip(stacks, differences, strict=True))
                changes.setdefault((layer, scheme), []).append(np.asarray(change, np.float64))
                if first == 0:
                    reach[layer, scheme] = _share(network.weights(layer), before, differences)
                del differences  # before the next are made
        on_images(len(rows))
    return {cell: _checked(np.concatenate(p), reach[cell]) for cell, p in changes.items()}


def _weights_at(
    network: Network, bank: WeightBank, layer: int, scheme: str
) -> tuple[Float32Array, ...]:
    """A layer's tensors under a scheme; the trained ones are not copied."""
    if bank.variant(layer, scheme) == TRAINED:
        return network.weights(layer)
    return bank.decoded(layer, scheme)


def _differences(
    bank: WeightBank, layer: int, scheme: str, before: tuple[Float32Array, ...]
) -> list[Float32Array]:
    """What a scheme makes of a layer less *before*, in the memory of the former where it can be."""
    pairs = zip(bank.decoded(layer, scheme), before, strict=True)
    return [
        np.subtract(a, b, out=a if a.flags.writeable and not np.may_share_memory(a, b) else None)
        for a, b in pairs
    ]


def perturbation(network: Network, bank: WeightBank, layer: int, scheme: str, at: str) -> float:
    """Relative change of a layer's weights, as in :attr:`FirstOrder.perturbation`.

    Args:
        network: The classifier.
        bank: Holds the decoded weights.
        layer: The layer to change.
        scheme: The layer's new scheme.
        at: The scheme it has.
    """
    before = _weights_at(network, bank, layer, at)
    return _share(network.weights(layer), before, _differences(bank, layer, scheme, before))


def _share(
    trained: Sequence[Float32Array],
    before: Sequence[Float32Array],
    differences: Sequence[Float32Array],
) -> float:
    norm = max(_norm(trained), _norm(before), _TINY)
    return min(1.0, _norm(differences) / norm)


def _checked(change: Float64Array, reach: float) -> FirstOrder:
    finite = np.isfinite(change)
    if finite.all():
        return FirstOrder(change, reach)
    return FirstOrder(np.where(finite, change, 0.0), 1.0)


def _stacked(gradients: list[_Gradient]) -> Float32Array | tuple[Float32Array, Float32Array]:
    """Derivatives of images: shape (images, weights), or both factors with an axis of images."""
    outer = [g for g in gradients if isinstance(g, OuterProduct)]
    if outer:
        return np.stack([g.left for g in outer]), np.stack([g.right for g in outer])
    return np.stack([g.reshape(-1) for g in gradients if not isinstance(g, OuterProduct)])


def _dot(
    gradients: Float32Array | tuple[Float32Array, Float32Array], difference: Float32Array
) -> Float64Array:
    """Inner product of every image's gradient with a difference of weights, shape (images,)."""
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is seen afterwards
        if isinstance(gradients, tuple):
            left, right = gradients
            products: Float64Array = ((left @ difference) * right).sum(axis=1, dtype=np.float64)
            return products
        return (gradients @ difference.reshape(-1)).astype(np.float64)


def _norm(tensors: Iterable[Float32Array]) -> float:
    return float(np.sqrt(sum(float(np.vdot(t, t)) for t in tensors)))
