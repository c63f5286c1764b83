"""What model files are made of, as Keras writes them, open to every change."""

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Json = dict[str, Any]
Edit = Callable[[Any], object]


def layer(kind: str, name: str, module: str | None = "keras.layers", **config: Any) -> Json:
    """One layer in the ``.keras`` format."""
    return {
        "module": module,
        "class_name": kind,
        "config": {"name": name, **config},
        "registered_name": None,
    }


def dense(**config: Any) -> Json:
    return layer("Dense", "head", units=3, activation="softmax") | {
        "build_config": {"input_shape": [None, 48]},
        "config": {"name": "head", "units": 3, "activation": "softmax", **config},
    }


def network(*middle: Json, head: Json | None = None, name: str = "net") -> Json:
    """A Sequential classifier of 4×4×3 images with *middle* before its head."""
    layers = [
        layer("InputLayer", "image", batch_shape=[None, 4, 4, 3], dtype="float32"),
        *middle,
        layer("Flatten", "flat"),
        dense() if head is None else head,
    ]
    built = {"input_shape": [None, 4, 4, 3]}
    return layer("Sequential", name, "keras", layers=layers) | {"build_config": built}


def legacy(value: Any) -> Any:
    """The same without what the ``.h5`` format does not know."""
    if isinstance(value, list):
        return [legacy(one) for one in value]
    if not isinstance(value, dict):
        return value
    dropped = {"module", "registered_name", "build_config"} if "class_name" in value else set()
    if value.get("class_name") == "function":
        dropped = set()
    return {key: legacy(one) for key, one in value.items() if key not in dropped}


def weights(edit: Edit | None = None) -> bytes:
    """``model.weights.h5`` of :func:`network`; *edit* gets the open file."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        file["layers/dense/vars/0"] = np.full((48, 3), 0.1, np.float32)
        file["layers/dense/vars/1"] = np.zeros(3, np.float32)
        if edit is not None:
            edit(file)
    return memory.getvalue()


def keras_file(
    config: Json | bytes,
    edit: Edit | None = None,
    *,
    more: tuple[tuple[str, bytes], ...] = (),
    compression: int = zipfile.ZIP_STORED,
    leave_out: str = "",
) -> bytes:
    """A ``.keras`` file.

    Args:
        config: The description, or the bytes of config.json.
        edit: Gets the open weights.
        more: Further members, in order; a name may occur again.
        compression: Of all members.
        leave_out: Name of a member that is left out.
    """
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    members = [("metadata.json", b"{}"), ("config.json", text), ("model.weights.h5", weights(edit))]
    memory = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(memory, "w", compression) as archive:
        warnings.simplefilter("ignore")  # that a name occurs twice is the point
        for name, content in [*members, *more]:
            if name != leave_out:
                archive.writestr(name, content)
    return memory.getvalue()


def h5_file(config: Json | bytes | None, edit: Edit | None = None) -> bytes:
    """An ``.h5`` file in the legacy format; of weights only if *config* is None."""
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        if config is not None:
            is_text = isinstance(config, bytes)
            file.attrs["model_config"] = config if is_text else json.dumps(legacy(config)).encode()
        file.attrs["keras_version"] = b"3.15.1"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [b"flat", b"head"]
        group.create_group("flat").attrs["weight_names"] = np.zeros(0)
        head = group.create_group("head")
        head.attrs["weight_names"] = [b"net/head/kernel", b"net/head/bias"]
        head["net/head/kernel"] = np.full((48, 3), 0.1, np.float32)
        head["net/head/bias"] = np.zeros(3, np.float32)
        if edit is not None:
            edit(group)
    return memory.getvalue()
