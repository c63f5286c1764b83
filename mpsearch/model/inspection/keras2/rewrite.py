"""The description of a whole model in Keras 3's terms."""

from typing import Any, Final

from mpsearch.model.inspection.keras2.graph import Joints, is_operation, plain_name, unlike
from mpsearch.model.inspection.keras2.settings import (
    RETRAIN,
    kind_in_keras3,
    settings_in_keras3,
)
from mpsearch.model.inspection.keras2.values import (
    is_of_keras,
    silent_in_keras3,
    value_in_keras3,
)
from mpsearch.model.inspection.verdict import Refused

_MODELS: Final = {
    "Functional": "keras.src.models.functional",
    "Model": "keras.src.models.functional",
    "Sequential": "keras",
}
_FALSE_DESCRIPTION: Final = "has a description (config.json) that no Keras 2 wrote"


def in_keras3_terms(config: dict[str, Any]) -> dict[str, Any]:
    """The description of a model that Keras 2 wrote, as Keras 3 would write it.

    Objects that are not Keras' own are left as they are, for the allow-list to find.

    Args:
        config: Configuration of the model, as Keras 2 writes it in either format; not changed.

    Raises:
        Refused: If it asks for what Keras 3 does not do, or no Keras 2 wrote it.
    """
    try:
        return _model_or_layer(config)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        # Made by hand or damaged: some part is not of the kind it must be.
        raise Refused(_FALSE_DESCRIPTION) from None


def _model_or_layer(value: dict[str, Any]) -> dict[str, Any]:
    kind = value.get("class_name")
    if not isinstance(kind, str) or not is_of_keras(value):
        return value
    if kind == "Sequential":
        return _model(kind, _sequential(value["config"]))
    if kind in _MODELS and "layers" in value["config"]:
        return _model("Functional", _functional(value["config"]))
    return _layer(value)


def _model(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "module": _MODELS[kind],
        "class_name": kind,
        "config": settings,
        "registered_name": None if kind == "Sequential" else kind,
    }


def _layer(value: dict[str, Any]) -> dict[str, Any]:
    kind, settings = value["class_name"], value["config"]
    place = f"layer {str(settings.get('name', kind))[:60]!r}"
    if kind == "InputLayer":
        kept = _input(settings, place)
    else:
        kept = settings_in_keras3(kind, settings, place)
    kept = {
        key: value_in_keras3(key, setting, _model_or_layer)
        for key, setting in kept.items()
        if not silent_in_keras3(key, setting)
    }
    if "name" in kept:
        kept["name"] = plain_name(kept["name"])
    return {
        "module": "keras.layers",
        "class_name": kind_in_keras3(kind, place),
        "config": kept,
        "registered_name": None,
    }


def _input(settings: dict[str, Any], place: str) -> dict[str, Any]:
    for key in ("ragged", "sparse"):
        if settings.get(key):
            raise Refused(
                f"cannot be loaded: {place} has {key} = True; images are dense arrays", RETRAIN
            )
    shape = settings.get("batch_input_shape", settings.get("batch_shape"))
    if isinstance(shape, list):
        shape = [None, *shape[1:]]  # how many images at once says nothing about one of them
    return {"name": settings["name"], "batch_shape": shape, "dtype": settings.get("dtype")}


def _sequential(settings: Any) -> dict[str, Any]:
    if isinstance(settings, list):  # before Keras 2.2.3
        settings = {"name": "sequential", "layers": settings}
    layers = [_model_or_layer(layer) for layer in settings["layers"]]
    if layers and layers[0]["class_name"] != "InputLayer":
        shape = _input_shape(settings["layers"][0]) or settings.get("build_input_shape")
        if isinstance(shape, list):
            layers.insert(0, _input_layer(layers[0], shape))
    names = unlike([layer["config"].get("name") for layer in layers])
    for layer, name in zip(layers, names, strict=True):
        layer["config"]["name"] = name
    return {"name": plain_name(settings["name"]), "layers": layers}


def _input_shape(layer: dict[str, Any]) -> Any:
    """The shape that the first layer of a Sequential model takes."""
    settings = layer["config"]
    if isinstance(settings, dict) and "batch_input_shape" in settings:
        return settings["batch_input_shape"]
    if isinstance(settings, dict) and "batch_shape" in settings:
        return settings["batch_shape"]
    if layer["class_name"] in _MODELS:
        inner = settings if isinstance(settings, list) else settings["layers"]
        return _input_shape(inner[0]) if inner else None
    return None


def _input_layer(first: dict[str, Any], shape: list[Any]) -> dict[str, Any]:
    name = f"{first['config'].get('name', 'layer')}_input"
    settings = {"name": name, "batch_shape": [None, *shape[1:]], "dtype": "float32"}
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": settings,
        "registered_name": None,
    }


def _functional(settings: dict[str, Any]) -> dict[str, Any]:
    joints = Joints.of(settings["layers"], settings["output_layers"])
    layers = []
    for layer in settings["layers"]:
        place = f"layer {str(layer['name'])[:60]!r}"
        if is_operation(layer):
            layers.append(joints.operation(layer, place))
            continue
        rewritten = _model_or_layer(layer)
        if isinstance(rewritten["config"], dict) and rewritten is not layer:
            rewritten["config"]["name"] = joints.names[layer["name"]]
        layers.append(
            {
                **rewritten,
                "name": joints.names[layer["name"]],
                "inbound_nodes": joints.nodes(layer, place),
            }
        )
    kept: dict[str, Any] = {"name": plain_name(settings["name"]), "layers": layers}
    if "trainable" in settings:
        kept["trainable"] = settings["trainable"]
    for key in ("input_layers", "output_layers"):
        kept[key] = joints.ends(settings[key])
    return kept
