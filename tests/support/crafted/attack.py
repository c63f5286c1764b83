"""One file of the gallery."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crafted.blocks import Edit, Json, h5_file, keras_file


@dataclass(frozen=True)
class Attack:
    """A file, and what its refusal must say.

    Attributes:
        name: Of the file.
        build: The path of a marker that no one may create → the file's bytes.
        says: Part of the message.
    """

    name: str
    build: Callable[[Path], bytes]
    says: str


def in_both_formats(name: str, config: Callable[[Path], Json], says: str) -> Iterator[Attack]:
    """The same architecture as ``.keras`` and as ``.h5``."""
    yield Attack(f"{name}.keras", lambda marker: keras_file(config(marker)), says)
    yield Attack(f"{name}.h5", lambda marker: h5_file(config(marker)), says)


def in_both_weights(name: str, edit: Edit, config: Json, says: str) -> Iterator[Attack]:
    """The same change of the weights of an honest model, in both formats."""
    yield Attack(f"{name}.keras", lambda _: keras_file(config, edit), says)
    yield Attack(f"{name}.h5", lambda _: h5_file(config, edit), says)
