"""Figures for the dashboard whose rows are layers."""

import math
from collections.abc import Sequence
from typing import Any, Final

from mpsearch.report.dashboard.plotly import figure, word
from mpsearch.report.figures import Heatmap, LayerBytes
from mpsearch.report.palette import HUES
from mpsearch.report.sizes import points, size

_FEW: Final = 26  # layers whose names find room
_BAR: Final = {"type": "bar", "orientation": "h", "width": 0.8, "textposition": "none"}


def layer_bytes(data: LayerBytes) -> dict[str, Any]:
    """One bar per layer: gray as float32, in colour under the plan."""
    rows = list(range(len(data.layers)))
    traces: list[dict[str, Any]] = [
        {
            **_BAR,
            "name": "float32",
            "marker": {"color": "rgba(138,143,152,0.35)"},
            "x": list(data.before),
            "y": rows,
            "text": [
                f"{word(layer)}: {size(before)}"
                for layer, before in zip(data.layers, data.before, strict=True)
            ],
            "hovertemplate": "%{text} as float32<extra></extra>",
        }
    ]
    for number, scheme in enumerate(data.palette):
        which = [row for row, layer_scheme in enumerate(data.schemes) if layer_scheme == scheme]
        traces.append(
            {
                **_BAR,
                "name": word(scheme),
                "marker": {
                    "color": HUES[number % len(HUES)],
                    # The colours come round again with stripes.
                    "pattern": {"shape": ("", "/", ".", "x")[number // len(HUES) % 4]},
                },
                "x": [data.after[row] for row in which],
                "y": which,
                "text": [
                    f"{word(data.layers[row])}: {size(data.after[row])} as {word(scheme)}"
                    for row in which
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return figure(
        "Bytes of each layer",
        traces,
        barmode="overlay",
        xaxis={"title": {"text": "bytes"}, "tickformat": "~s"},
        yaxis=_layer_axis(data.layers),
    )


def sensitivity(data: Heatmap) -> dict[str, Any]:
    """Layers by schemes, colours by drop, the plan's cells dotted."""
    low, high = data.limits_pp
    rows = [
        [None if math.isnan(v) else math.log10(max(float(v), low)) for v in drops]
        for drops in data.drops_pp
    ]
    said = [
        [
            f"{word(layer)}, {word(scheme)}: "
            + ("not measured" if math.isnan(v) else f"{points(float(v))} pp")
            for scheme, v in zip(data.schemes, drops, strict=True)
        ]
        for layer, drops in zip(data.layers, data.drops_pp, strict=True)
    ]
    ticks = [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    chosen = [(row, place) for row, place in enumerate(data.chosen) if place is not None]
    columns = list(range(len(data.schemes)))
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "z": rows,
            "x": columns,
            "y": list(range(len(data.layers))),
            "text": said,
            "hovertemplate": "%{text}<extra></extra>",
            "colorscale": "Cividis",
            "zmin": math.log10(low),
            "zmax": math.log10(high),
            "colorbar": {
                "title": {"text": "pp"},
                "tickvals": [math.log10(tick) for tick in ticks],
                "ticktext": [f"{tick:g}" for tick in ticks],
            },
        },
        {
            "type": "scatter",
            "name": "in the plan",
            "mode": "markers",
            "marker": {
                "symbol": "circle",
                "color": "white",
                "size": 6 if len(data.layers) <= _FEW else 3,
                "line": {"color": "black", "width": 1},
            },
            "x": [place for _, place in chosen],
            "y": [row for row, _ in chosen],
            "hoverinfo": "skip",
        },
    ]
    return figure(
        "Drop of one layer changed alone (dots: the plan)",
        traces,
        xaxis={
            "tickvals": columns,
            "ticktext": [word(scheme) for scheme in data.schemes],
            "tickangle": -60,
            "automargin": True,
            "tickfont": {"size": 9},
            "showgrid": False,
        },
        yaxis={**_layer_axis(data.layers), "showgrid": False},
        showlegend=False,
    )


def _layer_axis(layers: Sequence[str]) -> dict[str, Any]:
    step = -(-len(layers) // _FEW)
    places = list(range(0, len(layers), step))
    return {
        "tickvals": places,
        "ticktext": [word(layers[place]) for place in places],
        "tickfont": {"size": 9},
        "automargin": True,
        "autorange": "reversed",
    }
