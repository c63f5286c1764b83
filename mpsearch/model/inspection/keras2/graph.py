"""How the layers of a functional model are joined, as Keras 3 writes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mpsearch.model.inspection.keras2 import graph_operations
from mpsearch.model.inspection.keras2.operations import KINDS, operation_in_keras3
from mpsearch.model.inspection.keras2.settings import RETRAIN
from mpsearch.model.inspection.verdict import SAVE_AGAIN, Refused

_CONSTANT: Final = "_CONSTANT_VALUE"
_MODELS: Final = frozenset({"Functional", "Model", "Sequential"})


def plain_name(name: Any) -> Any:
    """A name as Keras 3 takes it: it keeps layers in folders of their names."""
    return name.replace("/", "_") if isinstance(name, str) else name


def unlike(names: list[Any]) -> list[Any]:
    """Plain names of a model's layers in their order; those that are alike are numbered."""
    taken = {name for name in names if plain_name(name) == name}
    kept: set[Any] = set()
    numbers: dict[Any, int] = {}
    distinct = []
    for name in names:
        unique = plain = plain_name(name)
        while unique in kept or (unique != name and unique in taken):
            numbers[plain] = numbers.get(plain, 1) + 1
            unique = f"{plain}_{numbers[plain]}"
        kept.add(unique)
        distinct.append(unique)
    return distinct


@dataclass(frozen=True, slots=True)
class Joints:
    """The calls of a functional model's layers.

    Attributes:
        names: Name of a layer → its name in Keras 3.
        first: Name of a layer → the index by which its first call goes in this file.
        models: Names of the layers that are models themselves.
    """

    names: Mapping[str, str]
    first: Mapping[str, int]
    models: frozenset[str]

    @classmethod
    def of(cls, layers: list[dict[str, Any]], outputs: Any) -> "Joints":
        """Read how a file counts calls: some versions count a model's own as one."""
        calls = {layer["name"]: len(_listed(layer.get("inbound_nodes"))) for layer in layers}
        most = dict.fromkeys(calls, 0)
        for name, index in _references([layer.get("inbound_nodes") for layer in layers], calls):
            most[name] = max(most[name], index)
        for name, index in _references(outputs, calls):
            most[name] = max(most[name], index)
        models = frozenset(layer["name"] for layer in layers if layer.get("class_name") in _MODELS)
        first = {
            name: int(name in models and 0 < calls[name] <= index) for name, index in most.items()
        }
        return cls(dict(zip(calls, unlike(list(calls)), strict=True)), first, models)

    def nodes(self, layer: dict[str, Any], place: str) -> list[Any]:
        """The calls of a layer, in Keras 3's terms."""
        return [self._call(node, place) for node in _listed(layer.get("inbound_nodes"))]

    def ends(self, tensors: Any) -> Any:
        """The model's inputs or outputs: names and indices."""
        if self._is_reference(tensors):
            name, index, number = tensors
            # Keras 3 counts a model's own call there, and nowhere else.
            return [self.names[name], index - self.first[name] + (name in self.models), number]
        if isinstance(tensors, list) and len(tensors) == 1:
            return self.ends(tensors[0])  # Keras 3 would hand on a list of one
        if isinstance(tensors, list):
            return [self.ends(tensor) for tensor in tensors]
        if isinstance(tensors, dict):
            return {key: self.ends(tensor) for key, tensor in tensors.items()}
        raise Refused(f"has a description that joins layers in an unknown way ({tensors!r:.60})")

    def operation(self, layer: dict[str, Any], place: str) -> dict[str, Any]:
        """A calculation, as a layer of Keras 3's graph."""
        settings = layer["config"]
        nodes = _listed(layer.get("inbound_nodes"))
        if len(nodes) != 1:
            raise Refused(f"cannot be loaded: {place} is called {len(nodes)} times", RETRAIN)
        first, keywords = self._arguments(nodes[0], place)
        function = settings.get("function")
        if layer["class_name"] == graph_operations.KIND:
            tensors = first if isinstance(first, list) else [first]
            function, first, keywords = graph_operations.call_of(settings, tensors, place)
        operation = operation_in_keras3(function, first, keywords, place)
        name = self.names[layer["name"]]
        return {
            "module": operation.module,
            "class_name": operation.kind,
            "config": {"name": name, **operation.settings},
            "registered_name": operation.kind,
            "name": name,
            "inbound_nodes": [{"args": operation.args, "kwargs": {}}],
        }

    def _call(self, node: Any, place: str) -> dict[str, Any]:
        first, keywords = self._arguments(node, place)
        if keywords.get("training"):
            raise Refused(
                f"cannot be loaded: {place} is called with training = True, so that its output "
                "differs from call to call",
                "leave training away when you build the model",
            )
        said = {k: v for k, v in keywords.items() if v is not None and k != "training"}
        return {"args": [first], "kwargs": said}

    def _arguments(self, node: Any, place: str) -> tuple[Any, dict[str, Any]]:
        """First argument and keywords of a call."""
        keywords: dict[str, Any] = {}
        if isinstance(node, list) and node and isinstance(node[0], str):
            return self._argument(node, keywords), keywords
        if not isinstance(node, list) or not node:
            raise Refused(f"cannot be loaded: {place} is called in an unknown way", SAVE_AGAIN)
        entries = [self._argument(entry, keywords) for entry in node]
        return (entries[0] if len(entries) == 1 else entries), keywords

    def _argument(self, entry: Any, keywords: dict[str, Any]) -> Any:
        match entry:
            case [str(name), int(index), value, *rest] if len(rest) <= 1:
                if rest and isinstance(rest[0], dict):
                    keywords.update({key: self._value(keyword) for key, keyword in rest[0].items()})
                if name == _CONSTANT:
                    return value
                if self._is_reference([name, index, value]):
                    return self._tensor(name, index, value)
            case _:
                pass
        raise Refused(f"has a description that joins layers in an unknown way ({entry!r:.60})")

    def _value(self, value: Any) -> Any:
        """A keyword's value, which may hold tensors."""
        if self._is_reference(value):
            return self._tensor(*value)
        if isinstance(value, list):
            return [self._value(entry) for entry in value]
        return value

    def _is_reference(self, value: Any) -> bool:
        match value:
            case [str(name), int(), int()]:
                return name in self.names
            case _:
                return False

    def _tensor(self, name: str, index: int, number: int) -> dict[str, Any]:
        history = [self.names[name], index - self.first[name], number]
        # Shape and type are those of the layer's output; Keras looks these up.
        settings = {"shape": [None], "dtype": "float32", "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": settings}


def is_operation(layer: dict[str, Any]) -> bool:
    """Whether an entry is a calculation, not a layer."""
    return layer.get("class_name") in {*KINDS, graph_operations.KIND}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _references(value: Any, calls: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Every mention of a layer's call."""
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        match entry:
            case [str(name), int(index), *_] if name in calls:
                yield name, index
            case _:
                pass
        if isinstance(entry, list):
            waiting.extend(entry)
        elif isinstance(entry, dict):
            waiting.extend(entry.values())
