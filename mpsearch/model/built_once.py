"""Sequential models of a file are built once, not again with every layer that is added."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mpsearch.model.backend import keras


@contextmanager
def built_once() -> Iterator[None]:
    """Let Keras, within, build a Sequential model when its last layer is read.

    Keras builds it anew for every layer: a hundred layers are five thousand calls, and a file of
    some kilobytes can ask for millions.
    """
    sequential = keras.Sequential
    add, from_config = sequential.add, sequential.__dict__["from_config"]
    to_come: list[int] = []  # layers of each model that is being read, the innermost last

    def add_one(self: Any, layer: Any, rebuild: bool = True) -> None:
        if to_come:
            to_come[-1] -= 1
            rebuild = rebuild and to_come[-1] <= 0
        add(self, layer, rebuild=rebuild)

    def read(cls: Any, config: Any, custom_objects: Any = None) -> Any:
        layers = config.get("layers") if isinstance(config, dict) else config
        to_come.append(len(layers) if isinstance(layers, list) else 0)
        try:
            return from_config.__func__(cls, config, custom_objects)
        finally:
            to_come.pop()

    sequential.add, sequential.from_config = add_one, classmethod(read)
    try:
        yield
    finally:
        sequential.add, sequential.from_config = add, from_config
