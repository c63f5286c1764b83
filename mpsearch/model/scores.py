"""Whether a network ends in probabilities or in logits."""

from enum import Enum
from typing import Any

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.values.arrays import Float32Array
from mpsearch.values.errors import ModelError


class Scores(Enum):
    """Kind of scores that the last layer gives."""

    PROBABILITIES = "probabilities"  # of every class, sum 1
    LOGITS = "logits"  # of every class; a softmax makes them probabilities
    BINARY_PROBABILITY = "binary probability"  # of class 1 of two
    BINARY_LOGIT = "binary logit"  # of class 1 of two; a sigmoid makes it a probability


def distribution(scores: Scores, output: Any) -> Any:
    """Class probabilities in float32, shape (n, classes), of a network's output."""
    output = tf.cast(output, tf.float32)
    match scores:
        case Scores.PROBABILITIES:
            return output
        case Scores.LOGITS:
            return tf.nn.softmax(output)
        case Scores.BINARY_PROBABILITY:
            return tf.concat([1 - output, output], axis=1)
        case Scores.BINARY_LOGIT:
            return tf.concat([tf.sigmoid(-output), tf.sigmoid(output)], axis=1)


# Layers after the last activation that move numbers without changing them.
_TRANSPARENT = ("Flatten", "Reshape", "Dropout", "Identity", "Squeeze")


def scores_of(last_operations: list[Any], sample: Float32Array, from_logits: bool) -> Scores:
    """Tell from the end of a network, and from what it answers, what its output is.

    Args:
        last_operations: Operations in the order they run; the last one makes the output.
        sample: Output for some input, shape (n, classes).
        from_logits: Whether the user said that the outputs are logits.

    Raises:
        ModelError: If the end is a single number without a sigmoid, or independent sigmoids.
    """
    classes = sample.shape[1]
    if from_logits:
        return Scores.BINARY_LOGIT if classes == 1 else Scores.LOGITS
    activation = _last_activation(last_operations)
    # Averages of softmaxes do not end in one, and are distributions all the same.
    if classes > 1 and (activation == "softmax" or _are_distributions(sample)):
        return Scores.PROBABILITIES
    if activation == "sigmoid" and classes == 1:
        return Scores.BINARY_PROBABILITY
    if classes == 1:
        raise ModelError(
            "the model ends in one number without a sigmoid: a regression, or a binary logit; "
            "mpsearch measures classifiers (add `from_logits` if it is a binary logit)"
        )
    if activation == "sigmoid":
        raise ModelError(
            f"the model ends in {classes} independent sigmoids: its outputs are not probabilities "
            "of one class out of many, and a drop of confidence is not defined"
        )
    if activation == "linear":
        return Scores.LOGITS
    raise ModelError(
        f"the model ends in {activation!r}, which is neither softmax nor linear; add `from_logits` "
        "if its outputs are logits"
    )


def _last_activation(operations: list[Any]) -> str:
    for operation in reversed(operations):
        kind = type(operation).__name__
        if kind in _TRANSPARENT or kind.startswith("Global"):
            continue
        if kind == "Softmax":
            return "softmax"
        activation = getattr(operation, "activation", None)
        if activation is None:
            bends = ".activations." in type(operation).__module__  # ReLU and its kin
            return kind.lower() if bends or not isinstance(operation, keras.Layer) else "linear"
        return str(getattr(activation, "__name__", type(activation).__name__)).lower()
    return "linear"


def _are_distributions(sample: Float32Array) -> bool:
    return bool((sample >= 0).all() and (np.abs(sample.sum(axis=1) - 1) < 1e-3).all())


def require_probabilities(probabilities: Float32Array) -> None:
    """Check that rows of shape (n, classes) are distributions.

    Raises:
        ModelError: Says what they are instead.
    """
    if not np.isfinite(probabilities).all():
        raise ModelError("the model answers NaN or infinity for these images; check `preprocess`")
    sums = probabilities.sum(axis=1)
    if (probabilities < 0).any() or (np.abs(sums - 1) > 1e-2).any():
        raise ModelError(
            f"the model's outputs are not probabilities (they sum to {float(sums[0]):.3g}); add "
            "`from_logits` if they are logits"
        )
