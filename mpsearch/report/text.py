r"""The original program's reports, byte for byte.

One image, up to three classes, two decimals, ``\n`` ends::

    16 bit : coffee_mug (88.09%) cup (5.60%) coffeepot (2.40%)
    13 layer, 16 bit : coffee_mug (89.04%) cup (5.28%) coffeepot (2.28%)
    0~4 layer, fl16 bit : coffee_mug (76.32%) cup (8.68%) coffeepot (3.82%)
"""

from collections.abc import Sequence
from itertools import groupby

from mpsearch.values.measurement import Measurement

# A row: the scheme that the line names, and what was measured.
UniformRow = tuple[str, Measurement]
# A row of the per-layer report begins with the layer's index.
LayerRow = tuple[int, str, Measurement]


def top_three(measurement: Measurement, image: int, names: Sequence[str]) -> str:
    """``coffee_mug (89.09%) cup (5.26%) coffeepot (2.26%)``; fewer if there are fewer classes."""
    return " ".join(
        f"{names[int(index)]} ({float(probability) * 100:.2f}%)"
        for index, probability in zip(
            measurement.top_classes[image], measurement.top_probabilities[image], strict=True
        )
    )


def uniform_report(rows: Sequence[UniformRow], image: int, names: Sequence[str]) -> str:
    """``test.txt``: all layers under one scheme, one line per scheme."""
    return "".join(
        f"{_short(scheme)} bit : {top_three(measurement, image, names)}\n"
        for scheme, measurement in rows
    )


def each_layer_report(rows: Sequence[LayerRow], image: int, names: Sequence[str]) -> str:
    """``check_each_layer.txt``: one layer changed at a time, an empty line after each layer."""
    lines: list[str] = []
    for layer, group in groupby(rows, key=lambda row: row[0]):
        for _, scheme, measurement in group:
            answer = top_three(measurement, image, names)
            lines.append(f"{layer} layer, {_short(scheme)} bit : {answer}\n")
        lines.append("\n")
    return "".join(lines)


def specific_report(rows: Sequence[UniformRow], image: int, names: Sequence[str]) -> str:
    """``check_specific.txt``: row i has layers 0 to i changed, and names layer i's scheme."""
    return "".join(
        f"0~{i} layer, {scheme} bit : {top_three(measurement, image, names)}\n"
        for i, (scheme, measurement) in enumerate(rows)
    )


def _short(scheme: str) -> str:
    """``bitwiseAnd_16`` is written ``16``; other schemes keep their names."""
    return scheme.removeprefix("bitwiseAnd_")
