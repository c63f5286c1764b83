"""Scales, ticks and lines that several figures share."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from mpsearch.report.names import short
from mpsearch.report.plots.canvas import Ink
from mpsearch.report.sizes import round_size

MANY: Final = 20  # layers beyond which a figure is set in smaller type
ROW: Final = 0.155  # inches a layer takes in tall figures
_BYTES: Final = FuncFormatter(lambda value, _: round_size(value))


def budget_line(axes: Axes, budget_pp: float | None, ink: Ink) -> None:
    if budget_pp is not None:
        axes.axhline(budget_pp, color=ink.alarm, lw=1.2, ls="--", label=f"budget {budget_pp:g} pp")


def layer_ticks(axes: Axes, layers: Sequence[str]) -> None:
    axes.set_yticks(range(len(layers)), [short(name) for name in layers])
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        label.set_fontsize(6.5 if len(layers) > MANY else 8)


def few_layer_ticks(axes: Axes, layers: Sequence[str]) -> None:
    step = max(1, -(-len(layers) // 40))
    places = list(range(0, len(layers), step))
    axes.set_xticks(places, [short(layers[place]) for place in places], rotation=90)
    for label in axes.get_xticklabels():
        label.set_fontsize(6.5)


def byte_axis(axis: Any, nbytes: Any) -> None:
    """Logarithmic where the numbers lie far apart."""
    low, high = float(np.min(nbytes)), float(np.max(nbytes))
    linear_bytes(axis)
    if low > 0 and high / low > 3:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_major_locator(FixedLocator(log_ticks(low, high)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(_BYTES)


def linear_bytes(axis: Any) -> None:
    """Axis of bytes from 0, as bars need."""
    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(_BYTES)


def drop_axis(axes: Axes, drops: Any, budget_pp: float | None) -> None:
    """Linear near 0 and logarithmic beyond, so that 0.1 and 50 pp can both be read."""
    high = max(float(np.nanmax(drops)), budget_pp or 0.0, 1e-3)
    low = min(float(np.nanmin(drops)), 0.0)
    axes.set_ylabel("drop, pp")
    if high < 3 and low > -3:
        axes.set_ylim(low - 0.04 * high, high * 1.06)
        return
    axes.set_yscale("symlog", linthresh=0.1, linscale=0.4)
    ticks = [0, *(t for t in (0.1, 0.3, 1, 3, 10, 30, 100) if t <= high * 1.3)]
    ticks += [-t for t in (0.1, 1, 10, 100) if -t >= low]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylim(low * 1.2 - 0.02, high * 1.3)


def log_ticks(low: float, high: float) -> list[float]:
    """A few round numbers from *low* to *high*, both above 0."""
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 6, 8)):
        powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        ticks = [step * 10.0**power for power in powers for step in steps]
        ticks = [tick for tick in ticks if low * 0.98 <= tick <= high * 1.02]
        if len(ticks) >= 4:
            break
    return ticks
