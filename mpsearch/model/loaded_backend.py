"""TensorFlow and Keras, imported quietly; :mod:`mpsearch.model.backend` says when."""

import os
import sys
from typing import Any

from mpsearch.memory.freed_memory import keep_freed_memory
from mpsearch.system.silence import silenced

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The network is cut into tf.functions; another Keras backend could not run them.
os.environ["KERAS_BACKEND"] = "tensorflow"

#: Nothing in this process had computed anything with TensorFlow before.
is_first = "tensorflow" not in sys.modules

# TensorFlow's own choice depends on the processor: the same plan would get other last digits on
# another machine, and convolutions on AVX2 take a tenth to a third longer without oneDNN.
if is_first:  # else it has chosen already
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# With oneDNN, TensorFlow takes memory from a pool of its own that only ever grows: what a model or
# some activations took would stay with the process for good.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

keep_freed_memory()
with silenced(2):
    import h5py as _h5py
    import keras as _keras
    import tensorflow as _tensorflow  # noqa: ICN001 - typed below

# None of them has type information.
h5py: Any = _h5py
keras: Any = _keras
tf: Any = _tensorflow

# Advice about retracing is for people who write tf.functions.
tf.get_logger().setLevel("ERROR")
