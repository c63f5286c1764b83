"""Figures as Plotly takes them: pieces that all of the dashboard's share."""

import html
import math
from collections.abc import Iterable
from typing import Any, Final

from mpsearch.report.names import short

_HEIGHT: Final = 420  # the dashboard cuts what is higher
GRAY: Final = "#8a8f98"  # on light and on dark
_INK: Final = "#7d8590"  # likewise
BLUE: Final = "#2f8fd0"
_AXIS: Final = {"gridcolor": "rgba(125,133,144,0.25)", "zerolinecolor": "rgba(125,133,144,0.6)"}


def figure(title: str, traces: Iterable[dict[str, Any]], **layout: Any) -> dict[str, Any]:
    """A figure of some traces, readable on a light page and on a dark one."""
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


def marks(name: str, colour: str, symbol: str, diameter: int = 7) -> dict[str, Any]:
    """A trace of points; the points themselves are to be added."""
    return {
        "type": "scatter",
        "name": name,
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": diameter},
    }


def finite(value: float) -> float | None:
    """A number as JSON has it: none for what it lacks."""
    return float(value) if math.isfinite(value) else None


def word(name: str) -> str:
    """A name of which Plotly takes nothing for a tag."""
    return html.escape(short(name), quote=False)
