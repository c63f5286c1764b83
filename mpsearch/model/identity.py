"""What makes a model this model, and what moves its answers in the last digits."""

import os
from typing import Any

import numpy as np

from mpsearch.model.backend import keras, tf
from mpsearch.model.graph import operations
from mpsearch.values.fingerprint import array_digest, text_digest


def model_digest(model: Any) -> str:
    """sha256 of layer names, layer classes, and every weight of the model."""
    names = [f"{type(op).__name__}:{op.name}" for op in operations(model)]
    paths = [f"{variable.path}:{variable.dtype}" for variable in model.weights]
    values = array_digest(np.asarray(variable) for variable in model.weights)
    return text_digest([*names, *paths, values])


def numerics() -> str:
    """Versions and settings that move probabilities by up to 3e-5."""
    versions = f"tensorflow {tf.__version__}, keras {keras.__version__}"
    # Read after TensorFlow was loaded, which is when it is set.
    return f"{versions}, oneDNN {os.environ.get('TF_ENABLE_ONEDNN_OPTS', 'default')}"
