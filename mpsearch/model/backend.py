"""TensorFlow and Keras, imported once and quietly.

Everything of ours that needs them says ``from mpsearch.model.backend import keras, tf``.
"""

import os
from typing import Any

from mpsearch.core.freed_memory import keep_freed_memory
from mpsearch.core.silence import silenced

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The network is cut into tf.functions; another Keras backend could not run them.
os.environ["KERAS_BACKEND"] = "tensorflow"

keep_freed_memory()
with silenced(2):
    import keras as _keras
    import tensorflow as _tensorflow  # noqa: ICN001 - typed below

# Neither package has type information.
keras: Any = _keras
tf: Any = _tensorflow

# Advice about retracing is for people who write tf.functions.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
