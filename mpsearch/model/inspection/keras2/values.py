"""Objects inside the settings of a layer: initializers, data types, activations."""

from collections.abc import Callable
from typing import Any, Final

from mpsearch.model.inspection.allowed import BY_MODULE

Layer = Callable[[dict[str, Any]], dict[str, Any]]

_OF_TRAINING: Final = {
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
}
_THEIR_SETTINGS: Final = frozenset(
    {"axes", "axis", "distribution", "factor", "gain", "l1", "l2", "max_value", "maxval", "mean"}
    | {"min_value", "minval", "mode", "rate", "scale", "seed", "stddev", "value"}
)
_SAME_ACTIVATION: Final = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}
# Keras 2: 0.2 x + 0.5, clipped to 0..1. What Keras 3 calls hard_sigmoid is x / 6 + 0.5.
_HARD_SIGMOID: Final = "hard_sigmoid"
_OF_KERAS: Final = ("keras.", "tf_keras.", "tensorflow.python.keras.")


def is_of_keras(value: dict[str, Any]) -> bool:
    """Whether an object's class is one of Keras' own, and not registered under a foreign name."""
    module, name = value.get("module"), value.get("registered_name")
    kind = value.get("class_name")
    ours = module in (None, "keras", "tf_keras", "builtins") or (
        isinstance(module, str) and module.startswith(_OF_KERAS)
    )
    return ours and isinstance(kind, str) and ">" not in kind and name in (None, kind, "function")


def value_in_keras3(key: str, value: Any, layer: Layer) -> Any:
    """A setting's value in Keras 3's terms.

    Args:
        key: Name of the setting.
        value: Value of the setting, as Keras 2 wrote it.
        layer: Puts a layer inside the setting into Keras 3's terms.
    """
    if key in {"activation", "recurrent_activation"}:
        return _activation(value, layer)
    if (module := _module_of_training(key)) is not None:
        return _of_training(value, module)
    if isinstance(value, list):
        return [value_in_keras3(key, entry, layer) for entry in value]
    return _object(key, value, layer) if isinstance(value, dict) else value


def _object(key: str, value: dict[str, Any], layer: Layer) -> Any:
    settings = value.get("config")
    if value.get("type") == "ndarray" and "value" in value:
        return value["value"]
    if key == "dtype" and isinstance(settings, dict):
        return settings.get("name", value)
    if is_of_keras(value) and isinstance(settings, (dict, list)):
        return layer(value)
    return value


def silent_in_keras3(key: str, value: Any) -> bool:
    """Whether a setting is left out: weights are loaded, so how they once began says nothing."""
    module = _module_of_training(key)
    return module is not None and _of_training(value, module) is None


def _module_of_training(key: str) -> str | None:
    return _OF_TRAINING.get(key.rpartition("_")[2])


def _of_training(value: Any, module: str) -> dict[str, Any] | None:
    """What sets weights up or holds them while they are trained, if Keras 3 has it."""
    kind = value.get("class_name") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in BY_MODULE[module]:
        return None
    settings = value.get("config")
    settings = settings if isinstance(settings, dict) else {}
    return _builtin(kind, module, {k: v for k, v in settings.items() if k in _THEIR_SETTINGS})


def _activation(value: Any, layer: Layer) -> Any:
    if isinstance(value, dict) and value.get("class_name") == "function" and is_of_keras(value):
        value = value.get("config")
    if isinstance(value, dict):
        return layer(value) if is_of_keras(value) else value
    if value == _HARD_SIGMOID:
        return _keras2_hard_sigmoid()
    return _SAME_ACTIVATION.get(value, value) if isinstance(value, str) else value


def _keras2_hard_sigmoid() -> dict[str, Any]:
    """A small model, which Keras 3 takes where it takes an activation."""
    steps = [
        _builtin("Rescaling", "keras.layers", {"name": "times", "scale": 0.2, "offset": 0.5}),
        _builtin("ReLU", "keras.layers", {"name": "clip", "max_value": 1.0}),
    ]
    settings = {"name": "hard_sigmoid_of_keras2", "layers": steps}
    return _builtin("Sequential", "keras", settings)


def _builtin(kind: str, module: str, settings: Any) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": kind,
        "config": {} if settings is None else settings,
        "registered_name": None,
    }
