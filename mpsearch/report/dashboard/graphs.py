"""The figures of a study for the dashboard: JSON that Plotly draws there."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from mpsearch.report import figures
from mpsearch.report.names import short
from mpsearch.report.palette import HUES
from mpsearch.report.record import StudyRecord
from mpsearch.report.sizes import points, size

_HEIGHT: Final = 420  # the dashboard cuts what is higher
_FEW: Final = 26  # layers whose names find room
_GRAY: Final = "#8a8f98"  # on light and on dark
_INK: Final = "#7d8590"  # likewise
_ALARM: Final = "#d9483b"
_BLUE: Final = "#2f8fd0"
_AXIS: Final = {"gridcolor": "rgba(125,133,144,0.25)", "zerolinecolor": "rgba(125,133,144,0.6)"}
_BAR: Final = {"type": "bar", "orientation": "h", "width": 0.8, "textposition": "none"}


def study_graphs(record: StudyRecord) -> dict[str, Mapping[str, Any]]:
    """Name → figure, of all for which the study has the numbers."""
    found: dict[str, Mapping[str, Any]] = {}
    if record.trials is not None:
        goal, trials = record.choosing, record.trials.trials
        chosen = record.nbytes, record.drop_pp
        found["bytes-by-drop"] = _by_drop(
            figures.measured_plans(trials, goal, chosen, record.other_nbytes), record
        )
        found["progress"] = _progress(figures.progress(trials, goal, record.other_nbytes))
    layers = figures.layer_bytes(record.plan, record.layer_nbytes, record.other_nbytes)
    if layers is not None:
        found["bytes-per-layer"] = _per_layer(layers)
    if record.profile is not None:
        heat = figures.heatmap(record.profile, record.plan, record.goal.metric)
        if heat is not None:
            found["sensitivity"] = _sensitivity(heat)
    return found


def _by_drop(data: figures.MeasuredPlans, record: StudyRecord) -> dict[str, Any]:
    kept, front = data.feasible, data.front
    broken = _marks("breaks the limit", _GRAY, "circle-open")
    whole = _marks("keeps the limit", _BLUE, "circle")
    traces = [
        {**broken, **_points(data.nbytes[~kept], data.drops_pp[~kept])},
        {**whole, **_points(data.nbytes[kept], data.drops_pp[kept])},
        {
            "type": "scatter",
            "name": "front",
            "mode": "lines",
            "line": {"color": _BLUE, "width": 1.5, "shape": "hv"},
            "hoverinfo": "skip",
            "x": data.nbytes[front].tolist(),
            "y": data.drops_pp[front].tolist(),
        },
    ]
    places = list(data.uniform.values())
    if places:
        uniform = _points(data.nbytes[places], data.drops_pp[places])
        uniform["text"] = [f"{_word(one)} everywhere<br>" for one in data.uniform]
        traces.append({**_marks("uniform", HUES[2], "diamond"), **uniform})
    best = _points(np.array([data.chosen[0]]), np.array([data.chosen[1]]))
    traces.append({**_marks("plan", HUES[1], "star", 15), **best})
    lines = []
    if data.budget_pp is not None:
        lines.append(_line("y", data.budget_pp))
    if data.max_nbytes is not None:
        lines.append(_line("x", data.max_nbytes))
    top = max(3.0, 3 * (data.budget_pp or 0.0), 1.3 * data.chosen[1])
    low = min(0.0, float(data.drops_pp.min()))
    return _figure(
        "Every measured plan",
        traces,
        xaxis={"title": {"text": f"bytes of {record.what_is_counted}"}, "tickformat": "~s"},
        yaxis={
            "title": {"text": "drop, percentage points"},
            "range": [low - 0.04 * (top - low), min(top, 1.05 * float(data.drops_pp.max()) + 0.05)],
        },
        shapes=lines,
    )


def _progress(data: figures.Progress) -> dict[str, Any]:
    numbers = np.arange(1, len(data.values) + 1)
    kept = data.feasible
    words = [size(v) if data.is_bytes else f"{points(v)} pp" for v in data.values]
    traces = []
    for name, colour, symbol, which in (
        ("breaks the limit", _GRAY, "circle-open", ~kept),
        ("keeps the limit", _BLUE, "circle", kept),
    ):
        traces.append(
            {
                **_marks(name, colour, symbol),
                "x": numbers[which].tolist(),
                "y": data.values[which].tolist(),
                "text": [words[place] for place in np.flatnonzero(which)],
                "hovertemplate": "plan %{x}: %{text}<extra></extra>",
            }
        )
    traces.append(
        {
            "type": "scatter",
            "name": "best so far",
            "mode": "lines",
            "line": {"color": HUES[1], "width": 2.5, "shape": "hv"},
            "hoverinfo": "skip",
            "x": numbers.tolist(),
            "y": [_finite(value) for value in data.best],
        }
    )
    unit = "bytes" if data.is_bytes else "drop, percentage points"
    return _figure(
        "The best plan so far",
        traces,
        xaxis={"title": {"text": "plans measured"}},
        yaxis={"title": {"text": unit}, **({"tickformat": "~s"} if data.is_bytes else {})},
    )


def _per_layer(data: figures.LayerBytes) -> dict[str, Any]:
    rows = np.arange(len(data.layers))
    traces: list[dict[str, Any]] = [
        {
            **_BAR,
            "name": "float32",
            "marker": {"color": "rgba(138,143,152,0.35)"},
            "x": list(data.before),
            "y": rows.tolist(),
            "text": [
                f"{_word(layer)}: {size(before)}"
                for layer, before in zip(data.layers, data.before, strict=True)
            ],
            "hovertemplate": "%{text} as float32<extra></extra>",
        }
    ]
    for number, scheme in enumerate(data.palette):
        which = [row for row, one in enumerate(data.schemes) if one == scheme]
        traces.append(
            {
                **_BAR,
                "name": _word(scheme),
                "marker": {
                    "color": HUES[number % len(HUES)],
                    # The colours come round again with stripes.
                    "pattern": {"shape": ("", "/", ".", "x")[number // len(HUES) % 4]},
                },
                "x": [data.after[row] for row in which],
                "y": which,
                "text": [
                    f"{_word(data.layers[row])}: {size(data.after[row])} as {_word(scheme)}"
                    for row in which
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return _figure(
        "Bytes of each layer",
        traces,
        barmode="overlay",
        xaxis={"title": {"text": "bytes"}, "tickformat": "~s"},
        yaxis=_layer_axis(data.layers),
    )


def _sensitivity(data: figures.Heatmap) -> dict[str, Any]:
    low, high = data.limits_pp
    rows = [
        [None if math.isnan(v) else math.log10(max(float(v), low)) for v in drops]
        for drops in data.drops_pp
    ]
    said = [
        [
            f"{_word(layer)}, {_word(scheme)}: "
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
    return _figure(
        "Drop of one layer changed alone (dots: the plan)",
        traces,
        xaxis={
            "tickvals": columns,
            "ticktext": [_word(scheme) for scheme in data.schemes],
            "tickangle": -60,
            "automargin": True,
            "tickfont": {"size": 9},
            "showgrid": False,
        },
        yaxis={**_layer_axis(data.layers), "showgrid": False},
        showlegend=False,
    )


def _figure(title: str, traces: Iterable[dict[str, Any]], **layout: Any) -> dict[str, Any]:
    return {
        "data": list(traces),
        "layout": {
            "title": {"text": title, "font": {"size": 15}},
            # The page behind may be light or dark.
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": _INK},
            "height": _HEIGHT,
            "margin": {"l": 60, "r": 20, "t": 45, "b": 50},
            "legend": {"orientation": "h", "y": -0.22},
            "hovermode": "closest",
            **layout,
            **{axis: {**_AXIS, **layout[axis]} for axis in ("xaxis", "yaxis")},
        },
    }


def _marks(name: str, colour: str, symbol: str, diameter: int = 7) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": diameter},
    }


def _points(nbytes: "np.ndarray[Any, Any]", drops: "np.ndarray[Any, Any]") -> dict[str, Any]:
    said = [f"{size(b)}, {points(d)} pp" for b, d in zip(nbytes, drops, strict=True)]
    return {
        "x": nbytes.tolist(),
        "y": drops.tolist(),
        "customdata": said,
        "hovertemplate": "%{text}%{customdata}<extra></extra>",
        "text": [""] * len(said),
    }


def _line(axis: str, value: float) -> dict[str, Any]:
    other = "y" if axis == "x" else "x"
    return {
        "type": "line",
        f"{axis}0": value,
        f"{axis}1": value,
        f"{other}0": 0,
        f"{other}1": 1,
        f"{other}ref": "paper",
        "line": {"color": _ALARM, "width": 1.5, "dash": "dash"},
    }


def _layer_axis(layers: Sequence[str]) -> dict[str, Any]:
    step = -(-len(layers) // _FEW)
    places = list(range(0, len(layers), step))
    return {
        "tickvals": places,
        "ticktext": [_word(layers[place]) for place in places],
        "tickfont": {"size": 9},
        "automargin": True,
        "autorange": "reversed",
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _word(name: str) -> str:
    """A name of which Plotly takes nothing for a tag."""
    return html.escape(short(name), quote=False)
