"""Descriptions of networks, as Keras 2 wrote them."""

from typing import Any

from mpsearch.model.inspection.keras2.rewrite import in_keras3_terms

Json = dict[str, Any]


FIRST = {"batch_input_shape": [None, 8, 8, 3], "dtype": "float32", "sparse": False, "name": "in"}


def layer(kind: str, name: str = "one", **settings: Any) -> Json:
    return {"class_name": kind, "config": {"name": name, "trainable": True, **settings}}


def sequential(*layers: Json, name: str = "net") -> Json:
    return {"class_name": "Sequential", "config": {"name": name, "layers": [*layers]}}


def functional(*layers: tuple[Json, list[Any]], end: list[Any]) -> Json:
    """Layers with their calls, after an input called ``in``."""
    source = {"class_name": "InputLayer", "config": FIRST, "name": "in", "inbound_nodes": []}
    entries = [
        {**one, "name": one["config"]["name"], "inbound_nodes": calls} for one, calls in layers
    ]
    settings = {"name": "net", "layers": [source, *entries]}
    ends = {"input_layers": [["in", 0, 0]], "output_layers": end}
    return {"class_name": "Model", "config": {**settings, **ends}}


def only_layer(config: Json) -> Json:
    """The last layer of a rewritten model."""
    found: Json = in_keras3_terms(config)["config"]["layers"][-1]
    return found


def settings_of(kind: str, **settings: Any) -> Json:
    found: Json = only_layer(sequential(layer(kind, **settings)))["config"]
    return found


def operation(function: str, keywords: Json, first: Any = "in") -> Json:
    call = [first, 0, 0, keywords] if isinstance(first, str) else first
    made = layer("TFOpLambda", "op", function=function)
    return functional((made, [call]), end=[["op", 0, 0]])


def history(tensor: Json) -> Any:
    return tensor["config"]["keras_history"]
