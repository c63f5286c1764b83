"""Files that are no models, or archives of more than a model."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from crafted.attack import Attack
from crafted.blocks import Json, h5_file, keras_file, network, weights


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :]


def encrypted(config: Json) -> bytes:
    """An archive that says config.json is encrypted, in both of its headers."""
    data = bytearray(keras_file(config))
    local = data.index(b"PK\x03\x04", 4)
    central = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[local + 6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def two_sizes(config: Json) -> bytes:
    """An archive whose directory says that config.json is longer than it is stored."""
    data = bytearray(keras_file(config))
    central = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[central + 24 : central + 28] = (10**6).to_bytes(4, "little")
    return bytes(data)


def with_member(name: str, content: bytes = b"x") -> bytes:
    return keras_file(network(), more=((name, content),))


def many_members() -> bytes:
    return keras_file(network(), more=tuple((f"assets/{n}", b"") for n in range(2000)))


def absolute() -> bytes:
    """A member whose name begins with a slash; zipfile would not write one itself."""
    return with_member("Xtmp/evil").replace(b"Xtmp/evil", b"/tmp/evil")


def archive(**members: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return memory.getvalue()


def damaged_attacks() -> Iterator[Attack]:
    honest, old = keras_file(network()), h5_file(network())
    strange = "which is no part of a Keras model"
    for name, content, says in (
        ("empty.keras", b"", "is an empty file"),
        ("empty.h5", b"", "is an empty file"),
        ("text.keras", b"not a model\n", "is not a zip archive"),
        ("text.h5", b"not a model\n", "is not an HDF5 file"),
        ("cut.keras", honest[:-200], "is truncated or damaged"),
        ("cut.h5", old[:-2000], "is truncated or damaged"),
        ("magic.h5", old[:8], "is truncated or damaged"),
        ("flipped.keras", flipped(honest, 500), "checksum of config.json is wrong"),
        ("flipped_superblock.h5", flipped(old, 9), "is truncated or damaged"),
        ("weights_only.h5", h5_file(None), "holds weights only"),
        ("net.weights.h5", weights(), "holds weights only"),
        ("weights_only.keras", weights(), "holds weights only"),
        ("no_weights.keras", keras_file(network(), leave_out="model.weights.h5"), "without model"),
        ("no_config.keras", keras_file(network(), leave_out="config.json"), "without config.json"),
        ("weights_no_hdf5.keras", weights_are(b"x" * 1000), "its weights are no valid HDF5"),
        ("photos.keras", archive(cat=b"x"), "not a Keras model"),
        ("traversal.keras", with_member("../../evil"), strange),
        ("traversal_asset.keras", with_member("assets/../../evil"), strange),
        ("backslash.keras", with_member("assets\\..\\evil"), strange),
        ("absolute.keras", absolute(), strange),
        ("program.keras", with_member("sitecustomize.py"), strange),
        ("npz.keras", with_member("model.weights.npz"), strange),
        ("asset.keras", with_member("assets/words.txt"), "a file 'assets/words.txt'"),
        ("config_twice.keras", with_member("config.json", b"{}"), "holds 'config.json' twice"),
        ("weights_twice.keras", with_member("model.weights.h5"), "holds 'model.weights.h5' twice"),
        ("many_members.keras", many_members(), "a zip archive of 2003 members"),
        ("encrypted.keras", encrypted(network()), "is encrypted (config.json)"),
        ("two_sizes.keras", two_sizes(network()), "has two sizes"),
        ("bzip2.keras", keras_file(network(), compression=zipfile.ZIP_BZIP2), "unusual way"),
        ("lzma.keras", keras_file(network(), compression=zipfile.ZIP_LZMA), "unusual way"),
    ):
        yield Attack(name, _always(content), says)


def _always(content: bytes) -> Callable[[Path], bytes]:
    return lambda _: content


def weights_are(content: bytes) -> bytes:
    """An archive with something else in the place of its weights."""
    config = json.dumps(network()).encode()
    return archive(**{"config.json": config, "model.weights.h5": content})
