"""How many calls of layers a description asks Keras for, counted before any is made."""

from collections.abc import Iterator
from typing import Any, Final

from mpsearch.model.inspection.verdict import Refused

MOST: Final = 2_500  # NASNetLarge, the longest of keras.applications, makes 1,040
_MOST_ATTEMPTS: Final = 10 * MOST  # Keras tries a call again until its inputs are there
_MODELS: Final = frozenset({"Functional", "Model", "Sequential"})
# Keras takes as long to make one of these as ten others.
_COSTLY: Final = frozenset(
    {"AdditiveAttention", "Attention", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM"}
    | {"GroupQueryAttention", "MultiHeadAttention", "RNN", "SimpleRNN", "TimeDistributed"}
    | {"AugMix", "RandAugment", "RandomColorJitter"}  # of a dozen layers each
)
_COST: Final = 10
_INNER: Final = ("layer", "forward_layer", "backward_layer", "cell", "cells")
_MOST_SHOWN: Final = 60  # letters of a name in a message
_REMEDY: Final = "give a network with fewer calls"


def count_calls(config: dict[str, Any]) -> int:
    """Calls of layers that building a model takes.

    A model within a model makes its calls again each time it is called, so that a few nested
    models can ask for any number; each model is also built once for itself. A recurrent layer or an
    attention counts as ten.

    Args:
        config: Configuration of the model, as Keras writes it in either format.

    Raises:
        Refused: If there are more than :data:`MOST`, if a layer is called on nothing, or if a layer
            keeps state from one image to the next.
    """
    return _Count().of(config)


class _Count:
    """Adds up the calls of every model in a description."""

    def __init__(self) -> None:
        self._total = 0

    def of(self, config: dict[str, Any]) -> int:
        self._calls_in(config)
        return self._total

    def _calls_in(self, part: dict[str, Any]) -> int:
        """Calls made when the object *part* describes is called once."""
        config, kind = part.get("config"), _kind(part)
        layers = _layers(part)
        if layers is None:
            own = _COST if kind in _COSTLY else 1
            return own + self._calls_within(config, kind) if isinstance(config, dict) else own
        calls = sum(_uses(part, layer) * self._calls_in(layer) for layer in layers)
        name = _name(config) if isinstance(config, dict) else kind
        self._add(calls, name)
        if kind != "Sequential":
            _require_order(layers, name)
        return calls

    def _calls_within(self, config: dict[str, Any], kind: str) -> int:
        """Calls of what the settings of a layer hold: a wrapped layer, cells, even a model."""
        _require_stateless(config)
        is_twice = kind == "Bidirectional" and not config.get("backward_layer")
        calls = 0
        waiting = list(config.items())
        while waiting:
            key, value = waiting.pop()
            if isinstance(value, list):
                waiting.extend((key, entry) for entry in value)
            elif isinstance(value, dict) and "class_name" in value:
                made = self._calls_in(value)
                # Initializers and the like are no calls; what they hold might be.
                is_called = key in _INNER or _layers(value) is not None
                calls += made if is_called else made - 1
                if key == "layer" and is_twice:
                    calls += made
            elif isinstance(value, dict):
                waiting.extend(value.items())
        return calls

    def _add(self, calls: int, name: str) -> None:
        self._total += calls
        if self._total > MOST:
            raise Refused(
                f"asks for {self._total:,} calls of layers up to model {name!r}; at most {MOST:,} "
                "are made",
                _REMEDY,
            )


def _kind(part: dict[str, Any]) -> str:
    return str(part.get("class_name"))


def _name(config: dict[str, Any]) -> str:
    return str(config.get("name"))[:_MOST_SHOWN]


def _layers(part: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Descriptions of a model's layers; None for what is no model."""
    if _kind(part) not in _MODELS:
        return None
    config = part.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config  # a list in Keras 2.1
    return (
        [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    )


def _require_stateless(config: dict[str, Any]) -> None:
    if config.get("stateful") is True:
        raise Refused(
            f"has a layer {_name(config)!r} that keeps state from one image to the next (stateful)",
            "save it with stateful=False",
        )


def _uses(model: dict[str, Any], layer: dict[str, Any]) -> int:
    """How often a model calls one of its layers."""
    nodes = layer.get("inbound_nodes")
    if _kind(model) == "Sequential" or not isinstance(nodes, list):
        return 1
    return len(nodes)


def _require_order(layers: list[dict[str, Any]], model: str) -> None:
    """Refuse what Keras would try again and again: it goes through the layers in their order.

    A call waits until the calls it reads from are made; those that never can be made Keras names.
    """
    waiting = {
        str(layer.get("name")): [_sources(node, layer) for node in _nodes(layer)]
        for layer in layers
    }
    made = dict.fromkeys(waiting, 0)
    made |= {str(layer.get("name")): 1 for layer in layers if _kind(layer) == "InputLayer"}
    attempts, progress = 0, True
    while progress:
        progress = False
        for name, nodes in list(waiting.items()):
            done = 0
            for node in nodes:
                attempts += 1
                if any(made.get(source, 0) <= index for source, index in node):
                    break
                made[name] += 1
                done += 1
            progress = progress or done > 0
            waiting[name] = nodes[done:]
        waiting = {name: nodes for name, nodes in waiting.items() if nodes}
        if attempts > _MOST_ATTEMPTS:
            raise Refused(f"lists the layers of model {model!r} in no order", _REMEDY)


def _nodes(layer: dict[str, Any]) -> list[Any]:
    nodes = layer.get("inbound_nodes")
    return nodes if isinstance(nodes, list) and _kind(layer) != "InputLayer" else []


def _sources(node: Any, layer: dict[str, Any]) -> list[tuple[str, int]]:
    """The calls that one call reads from: name of the layer, number of its call."""
    sources = list(_references(node))
    if not sources:
        # Keras would compute it at once, whatever size its constants ask for.
        raise Refused(f"calls layer {_name(layer)!r} on no value of the network", _REMEDY)
    return sources


def _references(value: Any) -> Iterator[tuple[str, int]]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case [str(name), int(index), int(), *more]:
                yield name, index
                waiting.extend(more)
            case {"keras_history": [str(name), int(index), *_]}:
                yield name, index
            case {"class_name": "__keras_tensor__", "config": dict(config)}:
                # One without a history is a value of its own, which Keras finds to be loose.
                waiting.append({"keras_history": config.get("keras_history", ["", -1])})
            case dict() as mapping:
                waiting.extend(mapping.values())
            case [*several]:
                waiting.extend(inner for inner in several if isinstance(inner, (dict, list)))
            case _:
                pass
