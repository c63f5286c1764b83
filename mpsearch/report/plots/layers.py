"""Figures whose rows or steps are layers."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from mpsearch.report.figures import CumulativeCurves, Heatmap, LayerBytes
from mpsearch.report.names import short
from mpsearch.report.palette import HUES
from mpsearch.report.plots.axes import (
    MANY,
    ROW,
    budget_line,
    drop_axis,
    few_layer_ticks,
    layer_ticks,
    linear_bytes,
)
from mpsearch.report.plots.canvas import Ink, finish, new_figure, paint
from mpsearch.report.sizes import size

_HATCHES: Final = ("", "////", "....", "xxxx", "----", "oo")
_MARKERS: Final = "os^Dv<>P"


def draw_heatmap(data: Heatmap, ink: Ink) -> Figure:
    """Layers by schemes, colours by drop, the plan's cells framed."""
    rows, columns = data.drops_pp.shape
    height = rows * (ROW if rows > MANY else 0.26)
    figure = new_figure(1.7 + height, ink)
    axes, below = figure.subplots(2, height_ratios=(height, 0.13))
    low, high = data.limits_pp
    image = axes.imshow(
        np.ma.masked_invalid(data.drops_pp),
        cmap="cividis",
        norm=LogNorm(low, high, clip=True),
        aspect="auto",
        interpolation="nearest",
    )
    axes.set_xticks(range(columns), list(data.schemes), rotation=90, fontsize=7)
    axes.xaxis.tick_top()
    layer_ticks(axes, data.layers)
    for row, column in enumerate(data.chosen):
        if column is not None:
            # Two frames, one of which stands out on any colour.
            for colour, width in (("black", 2.6), ("white", 1.1)):
                axes.add_patch(
                    Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, ec=colour, lw=width)
                )
    bar = figure.colorbar(image, cax=below, orientation="horizontal")
    bar.set_label("drop with this layer alone changed, pp", color=ink.text, fontsize=8)
    bar.set_ticks([tick for tick in (0.01, 0.1, 1, 10, 100) if low <= tick <= high])
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    bar.minorticks_off()
    paint(bar.ax, ink)
    paint(axes, ink)
    return figure


def draw_cumulative(data: CumulativeCurves, ink: Ink) -> Figure:
    """One line per scheme over the layers changed."""
    figure = new_figure(4.2, ink)
    axes = figure.add_subplot()
    x = np.arange(len(data.layers))
    lines = (*(hue for hue in HUES if hue != "#F0E442"), ink.text)  # yellow is no line on white
    for place, (scheme, drops) in enumerate(data.curves.items()):
        axes.plot(
            x,
            drops,
            color=lines[place % len(lines)],
            marker=_MARKERS[place % len(_MARKERS)],
            markevery=max(1, len(x) // 12),
            ms=4,
            lw=1.5,
            label=short(scheme),
        )
    drop_axis(axes, np.concatenate([*data.curves.values()]), data.budget_pp)
    budget_line(axes, data.budget_pp, ink)
    axes.set_xlabel("last layer changed (all before it are changed too)")
    few_layer_ticks(axes, data.layers)
    return finish(figure, axes, ink, columns=5)


def draw_totals(data: LayerBytes, ink: Ink) -> Figure:
    """The whole model before and after, stacked by scheme."""
    figure = new_figure(2.1 + 0.17 * ((len(data.palette) + 5) // 5), ink)
    axes = figure.add_subplot()
    left = [0, 0]
    parts = [(scheme, pair, *_look(place)) for place, (scheme, *pair) in enumerate(data.totals())]
    if data.other_nbytes:
        parts.append(("other parameters", [data.other_nbytes] * 2, ink.faint, ""))
    for name, pair, colour, hatch in parts:
        axes.barh(
            [1, 0],
            pair,
            left=left,
            height=0.66,
            color=colour,
            hatch=hatch,
            ec=ink.text,
            lw=0.6,
            label=short(name),
        )
        left = [a + b for a, b in zip(left, pair, strict=True)]
    for y, total in ((1, left[0]), (0, left[1])):
        axes.annotate(
            size(total), (total, y), (4, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_yticks([1, 0], ["float32", "plan"])
    axes.set_xlim(0, max(left) * 1.13)
    linear_bytes(axes.xaxis)
    return finish(figure, axes, ink, columns=5, grid="x")


def draw_layers(data: LayerBytes, ink: Ink) -> Figure:
    """One bar per layer over what it was; scheme and bytes beside it."""
    rows = len(data.layers)
    tall = rows > MANY
    figure = new_figure(0.6 + rows * (ROW if tall else 0.26), ink)
    axes = figure.add_subplot()
    y = np.arange(rows)
    axes.barh(y, data.before, height=0.78, color=ink.faint, lw=0)
    looks = {scheme: _look(place) for place, scheme in enumerate(data.palette)}
    for row, (scheme, after) in enumerate(zip(data.schemes, data.after, strict=True)):
        colour, hatch = looks[scheme]
        axes.barh(row, after, height=0.78, color=colour, hatch=hatch, ec=ink.text, lw=0.4)
        longest = max(after, data.before[row])
        axes.annotate(
            f"{short(scheme)}  {size(data.before[row])} → {size(after)}",
            (longest, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5 if tall else 7.5,
        )
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(0, data.largest * 1.34)
    linear_bytes(axes.xaxis)
    layer_ticks(axes, data.layers)
    paint(axes, ink)
    return figure


def draw_two_layers(
    layers: Sequence[str],
    first: Sequence[tuple[str, int]],
    second: Sequence[tuple[str, int]],
    names: tuple[str, str],
    ink: Ink,
) -> Figure:
    """Scheme and bytes of layers in two studies, one bar above the other."""
    rows = len(layers)
    tall = rows > MANY
    figure = new_figure(1.0 + rows * (1.7 * ROW if tall else 0.34), ink)
    axes = figure.add_subplot()
    largest = max(nbytes for _, nbytes in (*first, *second))
    for shift, data, name, colour in (
        (-0.2, first, names[0], ink.blue),
        (0.2, second, names[1], HUES[5]),
    ):
        axes.barh(
            np.arange(rows) + shift,
            [nbytes for _, nbytes in data],
            height=0.38,
            color=colour,
            label=short(name),
        )
        for row, (scheme, nbytes) in enumerate(data):
            axes.annotate(
                f"{short(scheme)}  {size(nbytes)}",
                (nbytes, row + shift),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=6,
            )
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(0, largest * 1.22)
    linear_bytes(axes.xaxis)
    layer_ticks(axes, layers)
    return finish(figure, axes, ink, columns=2, grid="x")


def _look(place: int) -> tuple[str, str]:
    """Colour and hatching of the n-th scheme."""
    return _hue(place), _HATCHES[place // len(HUES) % len(_HATCHES)]


def _hue(place: int) -> str:
    return HUES[place % len(HUES)]
