"""Files that make much out of little, or take their weights from elsewhere."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from crafted.attack import Attack, in_both_formats, in_both_weights
from crafted.blocks import dense, h5_file, keras_file, layer, network

GIB = 2**30


def shape_bomb(nbytes: int) -> Any:
    """An array that is declared, packed, and never written."""
    return lambda file: file.create_dataset(
        "bomb", (nbytes // 4,), np.float32, chunks=(2**18,), compression="gzip"
    )


def never_written(file: Any) -> None:
    file.create_dataset("bomb", (GIB,), np.float32)


def many_bombs(file: Any) -> None:
    for number in range(200):
        file.create_dataset(f"bomb{number}", (2**18,), np.float32, chunks=True, compression="gzip")


def chunk_bomb(file: Any) -> None:
    plan = {"chunks": (2**28,), "maxshape": (None,), "compression": "gzip"}
    file.create_dataset("bomb", (4,), np.float32, **plan)


def external(file: Any) -> None:
    file.create_dataset("stolen", (4,), np.uint8, external=[("/etc/hostname", 0, 4)])


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype=np.float32)
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", shape=(4,))
    file.create_virtual_dataset("stolen", layout)


def soft_link(file: Any) -> None:
    file["link"] = h5py.SoftLink("/layers")


def external_link(file: Any) -> None:
    file["link"] = h5py.ExternalLink("/tmp/other.h5", "/x")


def cycle(file: Any) -> None:
    file["again"] = file["/"]


def unknown_filter(file: Any) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4,))
    plan.set_scaleoffset(h5py.h5z.SO_INT, 0)
    space = h5py.h5s.create_simple((4,))
    h5py.h5d.create(file.id, b"odd", h5py.h5t.NATIVE_INT32, space, plan)


def texts(file: Any) -> None:
    file["words"] = ["a", "b"]


def references(file: Any) -> None:
    file["pointers"] = np.array([file.ref], h5py.ref_dtype)


def deep_groups(file: Any) -> None:
    file.create_group("/".join(["g"] * 100))


def data_type(file: Any) -> None:
    file["kind"] = np.dtype("f4")


WEIGHTS = {
    "shape_bomb_256_gib": (shape_bomb(256 * GIB), "declares 274,877,906,944 bytes"),
    "shape_bomb_4_gib": (shape_bomb(4 * GIB - 2**24), "declares 4,278,190,080 bytes"),
    "never_written": (never_written, "declares 4,294,967,296 bytes"),
    "many_bombs": (many_bombs, "declares 209,715,"),
    "chunk_bomb": (chunk_bomb, "packs an array in pieces larger than itself"),
    "external": (external, "keeps an array in another file"),
    "virtual": (virtual, "takes an array from elsewhere"),
    "soft_link": (soft_link, "holds a link to elsewhere (SoftLink"),
    "external_link": (external_link, "holds a link to elsewhere (ExternalLink"),
    "cycle": (cycle, "holds one object under two names"),
    "unknown_filter": (unknown_filter, "packs an array in an unknown way"),
    "texts": (texts, "holds an array that is not of numbers"),
    "references": (references, "holds an array that is not of numbers"),
    "deep_groups": (deep_groups, "nests groups deeper"),
    "data_type": (data_type, "holds a data type"),
}


def wide(units: int) -> Any:
    return lambda _: network(head=dense(units=units))


def built_for(channels: int) -> Any:
    head = dense()
    head["build_config"] = {"input_shape": [None, channels]}
    return lambda _: keras_file(network(head=head))


def text_of(config: Any) -> bytes:
    return json.dumps(config).encode()


def twice(config: Any) -> bytes:
    """Two classes under one key; parsers differ in which they take."""
    return text_of(config).replace(b'"class_name"', b'"class_name": "Lambda", "class_name"', 1)


DESCRIPTIONS: dict[str, tuple[bytes, str]] = {
    "deep_json": (b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested deeper"),
    "rather_deep_json": (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper"),
    "long_json": (b'{"a": "' + b"x" * (17 * 2**20) + b'"}', "config.json"),
    "many_values": (b'{"a": [' + b"0," * 2_100_000 + b"0]}", "more than 2000000 values"),
    "duplicate_key": (twice(network()), "a key occurs twice"),
    "nan": (b'{"class_name": NaN}', "NaN is no JSON"),
    "long_number": (b'{"a": ' + b"9" * 5000 + b"}", "no valid JSON"),
    "list": (b"[]", "no JSON object"),
    "utf16": (text_of(network()).decode().encode("utf-16"), "no valid JSON"),
    "no_class": (b"{}", "names no class"),
}


def huge_image() -> Any:
    config = network()
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 2**19, 2**19, 3]
    return config


def size_attacks() -> Iterator[Attack]:
    for name, (edit, says) in WEIGHTS.items():
        yield from in_both_weights(name, edit, network(), says)
    yield from in_both_formats("huge_dense", wide(2**33), "layer 'head': Dense declares at least")
    yield from in_both_formats("huge_image", lambda _: huge_image(), "a batch_shape of more than")
    yield from in_both_formats(
        "huge_upsampling",
        lambda _: network(layer("UpSampling2D", "up", size=[2**30, 2**30])),
        "layer 'up': size = 1.074e+09",
    )
    yield from in_both_formats(
        "augmentations",
        lambda _: network(*(layer("RandAugment", f"a{number}") for number in range(300))),
        "asks for 3,003 calls of layers",
    )
    yield from in_both_formats(
        "many_parts",
        lambda _: network(layer("Unstack", "apart", "keras.src.ops.core", num=10**6, axis=1)),
        "layer 'apart': num = 1e+06",
    )
    yield from in_both_formats(
        "huge_kernel",
        lambda _: network(layer("Conv2D", "conv", filters=1000, kernel_size=[1000, 1000])),
        "layer 'conv': Conv2D declares at least 1,000,000,000 parameters",
    )
    yield Attack("built_for_many.keras", built_for(2**20), "Dense declares at least 3,145,728")
    for name, (text, says) in DESCRIPTIONS.items():
        yield Attack(f"{name}.keras", lambda _, text=text: keras_file(text), says)  # type: ignore[misc]
        if b"\0" not in text:  # which an attribute cannot hold
            yield Attack(f"{name}.h5", lambda _, text=text: h5_file(text), says)  # type: ignore[misc]
    yield Attack(
        "config_bomb.keras",
        lambda _: keras_file(b" " * 2**28, compression=zipfile.ZIP_DEFLATED),
        "of config.json to 268,435,456",
    )
    yield Attack("weights_bomb.keras", weights_bomb, "of model.weights.h5 to")


def weights_bomb(_: Path) -> bytes:
    """Weights that are zeros: 64 MiB packed into 64 KiB."""
    return keras_file(
        network(),
        lambda file: file.create_dataset("zeros", data=np.zeros(2**24, np.float32)),
        compression=zipfile.ZIP_DEFLATED,
    )
