"""Files that have few layers and call them often, or many, or in a way Keras never ends with."""

from collections.abc import Callable, Iterator

from crafted.attack import Attack, in_both_formats
from crafted.blocks import Json, layer
from crafted.growth import called, functional, image, reference, sequence

COUNT = "calls of layers"


def nested(depth: int) -> Json:
    """Models within models, each of which calls the one inside twice: 2 to the power of *depth*."""
    inner = called(layer("Activation", "m0", activation="relu"))
    for level in range(1, depth + 1):
        inside, first = f"m{level - 1}", f"i{level}"
        twice = [{"args": [reference(one)], "kwargs": {}} for one in (first, inside)]
        again = inner | {"inbound_nodes": twice}
        entry = image(4, 4, 3, name=first)
        inner = called(functional(entry, again, last=inside, name=f"m{level}", first=first))
    outermost = inner | {"inbound_nodes": [{"args": [reference("image")], "kwargs": {}}]}
    return functional(image(4, 4, 3), outermost, last=f"m{depth}")


def chain(count: int) -> Json:
    layers, last = [image(4, 4, 3)], "image"
    for number in range(count):
        layers.append(called(layer("ReLU", f"r{number}"), last))
        last = f"r{number}"
    return functional(*layers, last=last)


def backward(count: int) -> Json:
    """A chain of layers listed from its end."""
    config = chain(count)
    config["config"]["layers"].reverse()
    return config


def on_a_constant() -> Json:
    """Keras would compute this at once: four TiB."""
    tile = layer("Tile", "tile", "keras.src.ops.numpy", repeats=[2**20, 2**20])
    added = called(layer("Add", "add"), "image", "tile")
    return functional(image(4, 4, 3), called(tile, 1.0), added, last="add")


def stateful() -> Json:
    return sequence(16, layer("LSTM", "memory", units=2, stateful=True))


CONFIGS: dict[str, tuple[Callable[[], Json], str]] = {
    "twice_each": (lambda: nested(13), COUNT),
    "long_chain": (lambda: chain(30_000), COUNT),
    "backward": (lambda: backward(2_400), "in no order"),
    "on_a_constant": (on_a_constant, "calls layer 'tile' on no value of the network"),
    "stateful": (stateful, "'memory' that keeps state"),
}


def call_attacks() -> Iterator[Attack]:
    for name, (config, says) in CONFIGS.items():
        yield from in_both_formats(name, lambda _, c=config: c(), says)  # type: ignore[misc]
