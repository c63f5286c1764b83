"""What Keras would build from a model's description, held against the allow-list."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from mpsearch.model.inspection.allowed import (
    ACTIVATIONS,
    BY_MODULE,
    DTYPES,
    PLAIN_VALUES,
    TRAINING,
    WITHOUT_MODULE,
)
from mpsearch.model.inspection.sizes import oversized

_CONTROL: Final = 0x20
_MOST_SHOWN: Final = 60  # letters of a name in a message


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the description a value is.

    Attributes:
        layer: Name of the nearest object that has one.
        kind: That object's class.
        key: The value's key, or that of the list it is in.
        training: Whether it is part of how an inner model was trained, which Keras sets up again.
    """

    layer: str = ""
    kind: str = ""
    key: str = ""
    training: bool = False

    def inside(self, key: str) -> "_Place":
        """The place of the value under *key*."""
        return replace(self, key=key, training=self.training or key == "compile_config")

    def __str__(self) -> str:
        return f"layer {self.layer!r}" if self.layer else "model"


def foreign_parts(config: dict[str, Any], largest: int) -> Iterator[str]:
    """Everything in a description that is not on the allow-list, in its order.

    Args:
        config: Of the model, as Keras writes it in either format. The ``compile_config`` at its
            top is not looked at: Keras drops it, since models are loaded uncompiled.
        largest: Elements of the largest array in the file.

    Yields:
        One clause per finding, which names the layer.
    """
    top = {key: value for key, value in config.items() if key != "compile_config"}
    waiting: list[tuple[Any, _Place]] = [(top, _Place())]
    if "class_name" not in config:
        yield "model: its description names no class"
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, dict):
            place = _place_of(value, place)
            yield from _object_findings(value, place)
            if not place.training:
                yield from oversized(value, str(place), place.kind, largest)
            inner = [(entry, place.inside(key)) for key, entry in value.items()]
        elif isinstance(value, list):
            inner = [(entry, place) for entry in value]
        else:
            yield from _leaf_findings(value, place)
            continue
        waiting.extend(reversed(inner))


def _place_of(value: dict[str, Any], outer: _Place) -> _Place:
    """The place of what is inside an object; plain dictionaries have none of their own."""
    kind = value.get("class_name")
    if not isinstance(kind, str):
        return outer
    inner = value.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str) or not _is_named(value):
        return replace(outer, kind=kind)
    return replace(outer, layer=_shown(name), kind=kind)


def _is_named(value: dict[str, Any]) -> bool:
    """Whether an object's name is one of a layer; a data type's is its own."""
    return value.get("module") not in ("keras.dtype_policies", "builtins") and not str(
        value.get("class_name")
    ).endswith("Policy")


def _object_findings(value: dict[str, Any], place: _Place) -> Iterator[str]:
    if "class_name" not in value:
        if "registered_name" in value:
            yield f"{place}: a registered object without a class"
        return
    kind, module = value["class_name"], value.get("module")
    if kind == "function":
        if not _is_activation(value):
            name = f"{module}.{value.get('config')}"
            yield f"{place}: function {_shown(name)!r} is not known"
        return
    if not isinstance(kind, str) or not (module is None or isinstance(module, str)):
        yield f"{place}: a class whose name is not a string"
    elif kind in PLAIN_VALUES:
        if module is not None:
            yield f"{place}: type {kind} of module {_shown(module)!r} is not supported"
    elif not _is_allowed(kind, module, place.training):
        where = "" if module in {None, "keras.layers"} else f" of module {_shown(module)!r}"
        yield f"{place}: type {_shown(kind)}{where} is not supported"
    elif value.get("registered_name") not in (None, kind):
        yield f"{place}: type {kind} under another name ({_shown(value['registered_name'])!r})"


def _is_allowed(kind: str, module: str | None, training: bool) -> bool:
    if training and kind in TRAINING.get(module or "", ()):
        return True
    return kind in (WITHOUT_MODULE if module is None else BY_MODULE.get(module, ()))


def _is_activation(value: dict[str, Any]) -> bool:
    """Whether a function is one of Keras' activations, under whichever key Keras looks."""
    name = value.get("config")
    return (
        value.get("module") in ("builtins", "keras.activations")
        and isinstance(name, str)
        and name in ACTIVATIONS
        and value.get("registered_name") in (None, "function", name)
    )


def _leaf_findings(value: Any, place: _Place) -> Iterator[str]:
    if not isinstance(value, str):
        return
    if place.key == "name" and not _is_plain_name(value):
        yield f"{place}: the name {_shown(value)!r}"
    elif place.key.endswith("activation") and value not in ACTIVATIONS:
        yield f"{place}: activation {_shown(value)!r} is not known"
    elif place.key in {"dtype", "input_dtype"} and value not in DTYPES:
        yield f"{place}: data type {_shown(value)!r} is not known"


def _is_plain_name(name: str) -> bool:
    """Whether a name can be a layer's: one part of a path."""
    return "/" not in name and name not in {".", ".."} and all(ord(c) >= _CONTROL for c in name)


def _shown(text: object) -> str:
    shown = str(text)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
