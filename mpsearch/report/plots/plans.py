"""Figures whose points are plans."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mpsearch.report.figures import MeasuredPlans, Progress
from mpsearch.report.names import short
from mpsearch.report.palette import HUES
from mpsearch.report.plots.axes import budget_line, byte_axis, drop_axis
from mpsearch.report.plots.canvas import Ink, finish, new_figure
from mpsearch.report.sizes import size

# Of more points an SVG holds a picture: each would take some hundred bytes, and the browser's time.
_MOST_POINTS: Final = 2000


def draw_measured(data: MeasuredPlans, ink: Ink) -> Figure:
    """Bytes by drop of all plans, with the front, the limit and the plan chosen."""
    figure = new_figure(4.6, ink)
    axes = figure.add_subplot()
    _plans(axes, data, ink, ink.blue, HUES[5], "")
    small = [place for place in data.uniform.values() if data.feasible[place]]
    best = min(small, key=lambda place: int(data.nbytes[place]), default=None)
    if best is not None:
        scheme = next(name for name, place in data.uniform.items() if place == best)
        axes.plot(
            *(data.nbytes[best], data.drops_pp[best]),
            *("D",),
            color=HUES[2],
            mec=ink.text,
            ms=7,
            ls="none",
            label=f"best uniform plan, {short(scheme)}",
            zorder=4,
        )
    _limits(axes, data, ink)
    byte_axis(axes.xaxis, data.nbytes)
    axes.set_xlabel("bytes")
    drop_axis(axes, data.drops_pp, data.budget_pp)
    return finish(figure, axes, ink, columns=3)


def draw_two_measured(
    first: MeasuredPlans, second: MeasuredPlans, names: tuple[str, str], ink: Ink
) -> Figure:
    """The plans of two studies in one figure."""
    figure = new_figure(4.8, ink)
    axes = figure.add_subplot()
    for data, name, hue, marker in (
        (first, names[0], ink.blue, "o"),
        (second, names[1], HUES[5], "s"),
    ):
        _plans(axes, data, ink, hue, hue, f"{short(name)}: ", marker)
    budgets = sorted({plans.budget_pp for plans in (first, second) if plans.budget_pp is not None})
    for budget in budgets:
        budget_line(axes, budget, ink)
    byte_axis(axes.xaxis, np.concatenate([first.nbytes, second.nbytes]))
    axes.set_xlabel("bytes")
    drops = np.concatenate([first.drops_pp, second.drops_pp])
    drop_axis(axes, drops, budgets[-1] if budgets else None)
    return finish(figure, axes, ink, columns=2)


def draw_progress(data: Progress, ink: Ink) -> Figure:
    """The best plan so far over the measurements, and every plan beside it."""
    figure = new_figure(3.8, ink)
    axes = figure.add_subplot()
    x = np.arange(1, len(data.values) + 1)
    out = ~data.feasible
    axes.plot(
        *(x[out], data.values[out], "o"),
        mfc="none",
        mec=HUES[5],
        ms=4,
        label="plan that breaks the limit",
        rasterized=len(x) > _MOST_POINTS,
    )
    kept = data.feasible
    axes.plot(
        *(x[kept], data.values[kept], "o"),
        color=ink.blue,
        ms=4,
        label="plan that keeps it",
        rasterized=len(x) > _MOST_POINTS,
    )
    axes.plot(
        x, data.best, color=ink.text, lw=1.8, drawstyle="steps-post", label="best so far", zorder=4
    )
    axes.set_xlabel("plans measured")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if data.is_bytes:
        byte_axis(axes.yaxis, data.values)
        axes.set_ylabel("bytes")
    else:
        drop_axis(axes, data.values, None)
    return finish(figure, axes, ink, columns=3)


def _plans(
    axes: Axes,
    data: MeasuredPlans,
    ink: Ink,
    hue: str,
    other_hue: str,
    whose: str,
    marker: str = "o",
) -> None:
    # Squares are drawn larger and hollow, so that circles at the same place show through.
    hollow = marker != "o"
    out = ~data.feasible
    many = len(data.nbytes) > _MOST_POINTS
    if out.any():
        axes.plot(
            *(data.nbytes[out], data.drops_pp[out], marker),
            mfc="none",
            mec=other_hue,
            ms=7 if hollow else 4.5,
            mew=0.8,
            label=f"{whose}breaks the limit",
            rasterized=many,
        )
    axes.plot(
        *(data.nbytes[~out], data.drops_pp[~out], marker),
        mfc=hue,
        mec=hue,
        ms=7 if hollow else 4.5,
        mew=0,
        alpha=0.4 if hollow else 0.75,
        label=f"{whose}keeps the limit",
        rasterized=many,
    )
    # Between two plans of the front the smaller number of bytes has the larger drop.
    axes.plot(
        data.nbytes[data.front],
        data.drops_pp[data.front],
        color=hue,
        lw=1.2,
        ls="--" if hollow else "-",
        drawstyle="steps-post",
        label=f"{whose}front",
    )
    axes.plot(
        *([data.chosen[0]], [data.chosen[1]], "*"),
        color=hue if whose else HUES[1],
        mec=ink.text,
        ms=11 if hollow else 14,
        ls="none",
        label=f"{whose}plan chosen",
        zorder=5,
    )


def _limits(axes: Axes, data: MeasuredPlans, ink: Ink) -> None:
    budget_line(axes, data.budget_pp, ink)
    if data.max_nbytes is not None:
        axes.axvline(
            data.max_nbytes,
            color=ink.alarm,
            lw=1.2,
            ls="--",
            label=f"limit {size(data.max_nbytes)}",
        )
