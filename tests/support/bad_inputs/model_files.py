"""Model files that are damaged, malicious, of another kind, or named in an odd way."""

import os
import zipfile
from pathlib import Path

import h5py
import numpy as np
from crafted.gallery import GALLERY

from bad_inputs.row import PREDICT, TEXT, Make, Row, changed, copied, folder_of, written


def refused(number: int, name: str, make: Make | None, *says: str) -> Row:
    """A file that is refused before TensorFlow is loaded."""
    return Row(number, ("predict", "--model", name), 2, (name, *says), make, early=True)


def attack(number: int, name: str) -> Row:
    """A file of the gallery of attacks."""
    (one,) = (attack for attack in GALLERY if attack.name == name)

    def make(folder: Path) -> None:
        (folder / f"attack_{name}").write_bytes(one.build(folder / "MARKER"))

    return refused(number, f"attack_{name}", make, one.says)


def taken(number: int, name: str, make: Make) -> Row:
    """A file that works whatever it is called."""
    return Row(number, (*PREDICT, "noise.png", "--model", name), 0, (), make)


def flipped(content: bytes) -> bytes:
    """One bit in the middle, which is in the weights."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def flipped_weight(folder: Path) -> None:
    """The lowest bit of a weight in an HDF5 file, which has no checksums."""
    content = bytearray((folder / "good.h5").read_bytes())
    with h5py.File(folder / "good.h5") as file:
        where = file["model_weights/c1"].visititems(
            lambda _, found: found.id.get_offset() if isinstance(found, h5py.Dataset) else None
        )
    content[where] ^= 1
    (folder / "flipped.h5").write_bytes(content)


def without_weights(folder: Path) -> None:
    """A zip archive that lacks the weights."""
    with (
        zipfile.ZipFile(folder / "good.keras") as whole,
        zipfile.ZipFile(folder / "bare.keras", "w") as less,
    ):
        for item in whole.infolist():
            if not item.filename.endswith(".h5"):
                less.writestr(item, whole.read(item))


def empty_zip(folder: Path) -> None:
    """A zip archive of nothing."""
    with zipfile.ZipFile(folder / "empty_zip.keras", "w"):
        pass


def hdf5(name: str, kept: float = 1.0) -> Make:
    """Weights alone, and as much of the file as is kept."""

    def make(folder: Path) -> None:
        with h5py.File(folder / name, "w") as file:
            file.create_dataset("layers/conv/vars/0", data=np.ones((64, 64), np.float32))
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(kept * len(content))])

    return make


ROWS = (
    refused(1, "missing.keras", None, "No such file"),
    refused(2, "empty.keras", written("empty.keras", b""), "empty"),
    refused(3, "empty.h5", written("empty.h5", b""), "empty"),
    refused(3, "text.h5", written("text.h5", TEXT), "HDF5"),
    refused(4, "text.keras", written("text.keras", TEXT), "zip"),
    refused(5, "cut.keras", changed("good.keras", "cut.keras", lambda c: c[: len(c) // 2])),
    refused(6, "cut.h5", hdf5("cut.h5", 0.5)),
    refused(7, "flipped.keras", changed("good.keras", "flipped.keras", flipped)),
    taken(8, "flipped.h5", flipped_weight),
    refused(9, "bare.keras", without_weights, "weights"),
    refused(10, "empty_zip.keras", empty_zip),
    refused(11, "folder.keras", folder_of("folder.keras")),
    taken(12, "bare", copied("good.keras", "bare")),
    taken(12, "good.KERAS", copied("good.keras", "good.KERAS")),
    taken(12, "b5", copied("good.h5", "b5")),
    taken(13, "really_zip.h5", copied("good.keras", "really_zip.h5")),
    taken(13, "really_hdf5.keras", copied("good.h5", "really_hdf5.keras")),
    refused(14, "net.weights.h5", hdf5("net.weights.h5"), "weights"),
    refused(14, "renamed.h5", hdf5("renamed.h5"), "weights"),
    refused(15, "saved", folder_of("saved", "saved_model.pb"), "SavedModel"),
    refused(15, "net.tflite", written("net.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(99))),
    refused(15, "net.onnx", written("net.onnx", b"\x08\x07\x12\x07pytorch")),
    refused(15, "net.pb", written("net.pb", b"\x0a\x05input")),
    refused(16, "hf://someone/net", None, "local"),
    refused(16, "gs://bucket/net.keras", None, "local"),
    refused(16, "http://host/net.keras", None, "local"),
    refused(17, "pipe.keras", lambda f: os.mkfifo(f / "pipe.keras"), "regular file"),
    refused(17, "/dev/zero", None, "regular file"),
    refused(17, "dangling.keras", lambda f: (f / "dangling.keras").symlink_to("nowhere.keras")),
    *(
        attack(18, f"{name}.{suffix}")
        for name in ("lambda", "lambda_wrapped", "lambda_nested")
        for suffix in ("keras", "h5")
    ),
    attack(19, "lambda_of_relu.keras"),
    attack(20, "custom.keras"),
    attack(21, "tfsm.keras"),
    attack(21, "torch.keras"),
    attack(21, "string_lookup.keras"),
    attack(22, "external.h5"),
    attack(22, "virtual.h5"),
    attack(22, "soft_link.h5"),
    attack(23, "shape_bomb_4_gib.keras"),
    attack(24, "config_bomb.keras"),
    attack(25, "huge_dense.keras"),
    Row(25, (*PREDICT, "noise.png", "--model", "far.keras"), 2, ("'far'", "GiB")),
    attack(26, "deep_json.keras"),
    attack(27, "cycle.h5"),  # a child that does hang: tests/model/inspection/test_process.py
    attack(28, "config_twice.keras"),
    attack(28, "program.keras"),
    attack(28, "traversal_asset.keras"),
)
