"""Models that are no image classifiers, hold what cannot be measured, or are unusual."""

from pathlib import Path

import h5py

from bad_inputs.row import GOOD, PREDICT, PROFILE, Row, copied


def model(number: int, name: str, code: int, *says: str, more: tuple[str, ...] = ()) -> Row:
    """A model of ``odd_models.MODELS`` and a picture."""
    argv = (*PREDICT, "noise.png", "--model", f"{name}.keras", *more)
    return Row(number, argv, code, says)


def slashed(folder: Path) -> None:
    """As old versions of Keras let a layer be named."""
    copied("good.h5", "slashed.h5")(folder)
    with h5py.File(folder / "slashed.h5", "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"c1"', '"a/b"')
        file["model_weights"].move("c1", "a/b")
        file["model_weights"].attrs["layer_names"] = ["a/b", "d1"]


ROWS = (
    model(29, "nan", 2, "'c1'", "kernel", "1 NaN", "nan at [1, 1, 1, 1]"),
    model(30, "inf", 2, "'c1'", "kernel", "-inf at [1, 1, 1, 1]"),
    model(31, "logits", 0),
    model(32, "multi_label", 2, "probabilities"),
    model(33, "regression", 2),
    model(34, "binary", 0),
    model(35, "ten", 0),
    model(35, "thousand", 0),
    model(36, "two_inputs", 2, "2 inputs"),
    model(37, "two_outputs", 2, "2 outputs"),
    model(38, "vectors", 2, "20", "image"),
    model(39, "open_size", 2, "--size"),
    model(39, "open_size", 0, more=("--size", "12x12")),
    model(40, "gray", 0),
    model(41, "channels_first", 2, "channels"),
    model(42, "nothing", 2, "nothing to quantize"),
    Row(43, ("check", "uniform", *GOOD, "--images", "noise.png", "--out", "checked"), 0),
    Row(44, (*PROFILE, "shared.keras"), 0, ("twice",)),
    Row(45, (*PROFILE, "nested.keras"), 0, ("/c1", "top")),
    model(46, "mixed", 0),
    model(47, "float16", 2, "float16"),
    model(47, "float64", 2, "float64"),
    model(48, "quantized", 2, "int8"),
    model(49, "unbuilt", 2),
    model(50, "spaced", 0),
    model(51, "unicode", 0),
    *(
        Row(
            52,
            ("create", "fix8", "--model", f"{name}.keras", "--out", f"made_{name}"),
            0,
        )
        for name in ("long", "device", "trailing", "unicode", "spaced")
    ),
    Row(54, (*PREDICT, "noise.png", "--model", "slashed.h5"), 2, ("'a/b'",), slashed),
    Row(52, ("create", "fix8", "--model", "dots.keras"), 2, ("'..'",)),
    Row(53, ("export", "paths.json", *GOOD, "--to", "out53", "--force"), 2, ("../../x",)),
)
