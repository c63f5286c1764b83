"""Figures for the dashboard whose points are plans."""

from typing import Any, Final

import numpy as np

from mpsearch.report.dashboard.plotly import BLUE, GRAY, figure, finite, marks, word
from mpsearch.report.figures import MeasuredPlans, Progress
from mpsearch.report.palette import HUES
from mpsearch.report.sizes import points, size

_ALARM: Final = "#d9483b"


def measured_plans(data: MeasuredPlans, what: str) -> dict[str, Any]:
    """Bytes by drop of all plans, with the front, the limit and the plan chosen.

    Args:
        data: The plans.
        what: Name of the parameters that the bytes count.
    """
    kept, front = data.feasible, data.front
    broken = marks("breaks the limit", GRAY, "circle-open")
    whole = marks("keeps the limit", BLUE, "circle")
    traces = [
        {**broken, **_points(data.nbytes[~kept], data.drops_pp[~kept])},
        {**whole, **_points(data.nbytes[kept], data.drops_pp[kept])},
        {
            "type": "scatter",
            "name": "front",
            "mode": "lines",
            "line": {"color": BLUE, "width": 1.5, "shape": "hv"},
            "hoverinfo": "skip",
            "x": data.nbytes[front].tolist(),
            "y": data.drops_pp[front].tolist(),
        },
    ]
    places = list(data.uniform.values())
    if places:
        uniform = _points(data.nbytes[places], data.drops_pp[places])
        uniform["text"] = [f"{word(scheme)} everywhere<br>" for scheme in data.uniform]
        traces.append({**marks("uniform", HUES[2], "diamond"), **uniform})
    best = _points(np.array([data.chosen[0]]), np.array([data.chosen[1]]))
    traces.append({**marks("plan", HUES[1], "star", 15), **best})
    lines = []
    if data.budget_pp is not None:
        lines.append(_line("y", data.budget_pp))
    if data.max_nbytes is not None:
        lines.append(_line("x", data.max_nbytes))
    top = max(3.0, 3 * (data.budget_pp or 0.0), 1.3 * data.chosen[1])
    low = min(0.0, float(data.drops_pp.min()))
    return figure(
        "Every measured plan",
        traces,
        xaxis={"title": {"text": f"bytes of {what}"}, "tickformat": "~s"},
        yaxis={
            "title": {"text": "drop, percentage points"},
            "range": [low - 0.04 * (top - low), min(top, 1.05 * float(data.drops_pp.max()) + 0.05)],
        },
        shapes=lines,
    )


def progress(data: Progress) -> dict[str, Any]:
    """The best plan so far over the measurements, and every plan beside it."""
    numbers = np.arange(1, len(data.values) + 1)
    kept = data.feasible
    words = [size(v) if data.is_bytes else f"{points(v)} pp" for v in data.values]
    traces = []
    for name, colour, symbol, which in (
        ("breaks the limit", GRAY, "circle-open", ~kept),
        ("keeps the limit", BLUE, "circle", kept),
    ):
        traces.append(
            {
                **marks(name, colour, symbol),
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
            "y": [finite(value) for value in data.best],
        }
    )
    unit = "bytes" if data.is_bytes else "drop, percentage points"
    return figure(
        "The best plan so far",
        traces,
        xaxis={"title": {"text": "plans measured"}},
        yaxis={"title": {"text": unit}, **({"tickformat": "~s"} if data.is_bytes else {})},
    )


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
