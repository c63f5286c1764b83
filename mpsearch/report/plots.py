"""Draws the figures of a report; the only place that knows matplotlib."""

import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from mpsearch.report.figures import CumulativeCurves, Heatmap, LayerBytes, MeasuredPlans, Progress
from mpsearch.report.sizes import round_size, size

_WIDTH: Final = 8.0  # inches
_ROW: Final = 0.155  # inches a layer takes in tall figures
_MANY: Final = 20  # layers beyond which a figure is set in smaller type
_LONGEST: Final = 26  # letters of a name
# Okabe and Ito, told apart by people with any kind of colour vision.
_HUES: Final = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999"),
)
_HATCHES: Final = ("", "////", "....", "xxxx", "----", "oo")
# A third of an SVG is digits that cannot be seen, names of glyphs, and line ends. Numbers below 1
# are scales of letters, and stay as they are.
_SHORTER: Final = (
    (r"(?<![\d.])([1-9]\d*\.\d\d)\d+", r"\1"),
    (r"DejaVuSans(-\w+)?-", "g"),
    (r"\s*\n\s*", " "),
)
_MARKERS: Final = "os^Dv<>P"


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of everything that is not data.

    Attributes:
        text: Of words and frames.
        faint: Of grids and bars in the background.
        paper: Behind the figure; ``none`` lets the page show through.
        alarm: Of limits.
        blue: Of the most important data; Okabe and Ito's blue is too dim on dark paper.
    """

    text: str
    faint: str
    paper: str
    alarm: str
    blue: str


LIGHT: Final = Ink("#1b1f24", "#d5d9de", "none", "#b3261e", "#0072B2")
DARK: Final = Ink("#e6e8ea", "#444b54", "none", "#ff8a80", "#6cc0f5")
PAPER: Final = Ink("#1b1f24", "#d5d9de", "white", "#b3261e", "#0072B2")

Draw = Callable[[Ink], Figure]


def svg(draw: Draw, ink: Ink) -> str:
    """A figure as SVG without fonts, dates or random names: the same figure, the same text.

    Letters are paths, so that it looks the same everywhere.
    """
    buffer = io.StringIO()
    _save(draw, ink, buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"<!--.*?-->", "", buffer.getvalue(), flags=re.DOTALL)
    for pattern, shorter in _SHORTER:
        text = re.sub(pattern, shorter, text)
    return text


def png(draw: Draw) -> bytes:
    """A figure as PNG on white."""
    buffer = io.BytesIO()
    _save(draw, PAPER, buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def draw_heatmap(data: Heatmap, ink: Ink) -> Figure:
    """Layers by schemes, colours by drop, the plan's cells framed."""
    rows, columns = data.drops_pp.shape
    height = rows * (_ROW if rows > _MANY else 0.26)
    figure = _figure(1.7 + height, ink)
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
    _layer_ticks(axes, data.layers)
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
    _paint(bar.ax, ink)
    _paint(axes, ink)
    return figure


def draw_cumulative(data: CumulativeCurves, ink: Ink) -> Figure:
    """One line per scheme over the layers changed."""
    figure = _figure(4.2, ink)
    axes = figure.add_subplot()
    x = np.arange(len(data.layers))
    lines = (*(hue for hue in _HUES if hue != "#F0E442"), ink.text)  # yellow is no line on white
    for place, (scheme, drops) in enumerate(data.curves.items()):
        axes.plot(
            x,
            drops,
            color=lines[place % len(lines)],
            marker=_MARKERS[place % len(_MARKERS)],
            markevery=max(1, len(x) // 12),
            ms=4,
            lw=1.5,
            label=_short(scheme),
        )
    _drop_axis(axes, np.concatenate([*data.curves.values()]), data.budget_pp)
    _budget(axes, data.budget_pp, ink)
    axes.set_xlabel("last layer changed (all before it are changed too)")
    _few_layer_ticks(axes, data.layers)
    return _finish(figure, axes, ink, columns=5)


def draw_measured(data: MeasuredPlans, ink: Ink) -> Figure:
    """Bytes by drop of all plans, with the front, the limit and the plan chosen."""
    figure = _figure(4.6, ink)
    axes = figure.add_subplot()
    _plans(axes, data, ink, ink.blue, _HUES[5], "")
    small = [place for place in data.uniform.values() if data.feasible[place]]
    best = min(small, key=lambda place: int(data.nbytes[place]), default=None)
    if best is not None:
        scheme = next(name for name, place in data.uniform.items() if place == best)
        axes.plot(
            *(data.nbytes[best], data.drops_pp[best]),
            *("D",),
            color=_HUES[2],
            mec=ink.text,
            ms=7,
            ls="none",
            label=f"best uniform plan, {_short(scheme)}",
            zorder=4,
        )
    _limits(axes, data, ink)
    _byte_axis(axes.xaxis, data.nbytes)
    axes.set_xlabel("bytes")
    _drop_axis(axes, data.drops_pp, data.budget_pp)
    return _finish(figure, axes, ink, columns=3)


def draw_two_measured(
    first: MeasuredPlans, second: MeasuredPlans, names: tuple[str, str], ink: Ink
) -> Figure:
    """The plans of two studies in one figure."""
    figure = _figure(4.8, ink)
    axes = figure.add_subplot()
    for data, name, hue, marker in (
        (first, names[0], ink.blue, "o"),
        (second, names[1], _HUES[5], "s"),
    ):
        _plans(axes, data, ink, hue, hue, f"{_short(name)}: ", marker)
    budgets = sorted({one.budget_pp for one in (first, second) if one.budget_pp is not None})
    for budget in budgets:
        _budget(axes, budget, ink)
    _byte_axis(axes.xaxis, np.concatenate([first.nbytes, second.nbytes]))
    axes.set_xlabel("bytes")
    drops = np.concatenate([first.drops_pp, second.drops_pp])
    _drop_axis(axes, drops, budgets[-1] if budgets else None)
    return _finish(figure, axes, ink, columns=2)


def draw_totals(data: LayerBytes, ink: Ink) -> Figure:
    """The whole model before and after, stacked by scheme."""
    figure = _figure(2.1 + 0.17 * ((len(data.palette) + 5) // 5), ink)
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
            label=_short(name),
        )
        left = [a + b for a, b in zip(left, pair, strict=True)]
    for y, total in ((1, left[0]), (0, left[1])):
        axes.annotate(
            size(total), (total, y), (4, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.set_yticks([1, 0], ["float32", "plan"])
    axes.set_xlim(0, max(left) * 1.13)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: round_size(value)))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    return _finish(figure, axes, ink, columns=5, grid="x")


def draw_layers(data: LayerBytes, ink: Ink) -> Figure:
    """One bar per layer over what it was; scheme and bytes beside it."""
    rows = len(data.layers)
    tall = rows > _MANY
    figure = _figure(0.6 + rows * (_ROW if tall else 0.26), ink)
    axes = figure.add_subplot()
    y = np.arange(rows)
    axes.barh(y, data.before, height=0.78, color=ink.faint, lw=0)
    looks = {scheme: _look(place) for place, scheme in enumerate(data.palette)}
    for row, (scheme, after) in enumerate(zip(data.schemes, data.after, strict=True)):
        colour, hatch = looks[scheme]
        axes.barh(row, after, height=0.78, color=colour, hatch=hatch, ec=ink.text, lw=0.4)
        longest = max(after, data.before[row])
        axes.annotate(
            f"{_short(scheme)}  {size(data.before[row])} → {size(after)}",
            (longest, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5 if tall else 7.5,
        )
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(0, data.largest * 1.34)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: round_size(value)))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    _layer_ticks(axes, data.layers)
    _paint(axes, ink)
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
    tall = rows > _MANY
    figure = _figure(1.0 + rows * (1.7 * _ROW if tall else 0.34), ink)
    axes = figure.add_subplot()
    largest = max(nbytes for _, nbytes in (*first, *second))
    for shift, data, name, colour in (
        (-0.2, first, names[0], ink.blue),
        (0.2, second, names[1], _HUES[5]),
    ):
        axes.barh(
            np.arange(rows) + shift,
            [nbytes for _, nbytes in data],
            height=0.38,
            color=colour,
            label=_short(name),
        )
        for row, (scheme, nbytes) in enumerate(data):
            axes.annotate(
                f"{_short(scheme)}  {size(nbytes)}",
                (nbytes, row + shift),
                (3, 0),
                textcoords="offset points",
                va="center",
                fontsize=6,
            )
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_xlim(0, largest * 1.22)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: round_size(value)))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    _layer_ticks(axes, layers)
    return _finish(figure, axes, ink, columns=2, grid="x")


def draw_progress(data: Progress, ink: Ink) -> Figure:
    """The best plan so far over the measurements, and every plan beside it."""
    figure = _figure(3.8, ink)
    axes = figure.add_subplot()
    x = np.arange(1, len(data.values) + 1)
    out = ~data.feasible
    axes.plot(
        *(x[out], data.values[out], "o"),
        mfc="none",
        mec=_HUES[5],
        ms=4,
        label="plan that breaks the limit",
    )
    kept = data.feasible
    axes.plot(x[kept], data.values[kept], "o", color=ink.blue, ms=4, label="plan that keeps it")
    axes.plot(
        x, data.best, color=ink.text, lw=1.8, drawstyle="steps-post", label="best so far", zorder=4
    )
    axes.set_xlabel("plans measured")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if data.is_bytes:
        _byte_axis(axes.yaxis, data.values)
        axes.set_ylabel("bytes")
    else:
        _drop_axis(axes, data.values, None)
    return _finish(figure, axes, ink, columns=3)


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
    if out.any():
        axes.plot(
            *(data.nbytes[out], data.drops_pp[out], marker),
            mfc="none",
            mec=other_hue,
            ms=7 if hollow else 4.5,
            mew=0.8,
            label=f"{whose}breaks the limit",
        )
    axes.plot(
        *(data.nbytes[~out], data.drops_pp[~out], marker),
        mfc=hue,
        mec=hue,
        ms=7 if hollow else 4.5,
        mew=0,
        alpha=0.4 if hollow else 0.75,
        label=f"{whose}keeps the limit",
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
        color=hue if whose else _HUES[1],
        mec=ink.text,
        ms=11 if hollow else 14,
        ls="none",
        label=f"{whose}plan chosen",
        zorder=5,
    )


def _limits(axes: Axes, data: MeasuredPlans, ink: Ink) -> None:
    _budget(axes, data.budget_pp, ink)
    if data.max_nbytes is not None:
        axes.axvline(
            data.max_nbytes,
            color=ink.alarm,
            lw=1.2,
            ls="--",
            label=f"limit {size(data.max_nbytes)}",
        )


def _budget(axes: Axes, budget_pp: float | None, ink: Ink) -> None:
    if budget_pp is not None:
        axes.axhline(budget_pp, color=ink.alarm, lw=1.2, ls="--", label=f"budget {budget_pp:g} pp")


def _figure(height: float, ink: Ink) -> Figure:
    return Figure((_WIDTH, height), layout="constrained", facecolor=ink.paper)


def _finish(
    figure: Figure, axes: Axes, ink: Ink, columns: int, grid: Literal["both", "x"] = "both"
) -> Figure:
    """Colours, and the legend below the axes, where it covers nothing."""
    _paint(axes, ink)
    axes.grid(color=ink.faint, lw=0.6, axis=grid)
    axes.set_axisbelow(True)
    figure.legend(
        loc="outside lower center",
        ncols=columns,
        fontsize=8,
        frameon=False,
        labelcolor=ink.text,
        handlelength=1.8,
    )
    return figure


def _paint(axes: Axes, ink: Ink) -> None:
    axes.set_facecolor("none")
    axes.tick_params(colors=ink.text, labelcolor=ink.text)
    for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
        text.set_color(ink.text)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_fontsize(9)
    for spine in axes.spines.values():
        spine.set_color(ink.faint)


def _layer_ticks(axes: Axes, layers: Sequence[str]) -> None:
    axes.set_yticks(range(len(layers)), [_short(name) for name in layers])
    axes.tick_params(axis="y", length=0)
    for label in axes.get_yticklabels():
        label.set_fontsize(6.5 if len(layers) > _MANY else 8)


def _few_layer_ticks(axes: Axes, layers: Sequence[str]) -> None:
    step = max(1, -(-len(layers) // 40))
    places = list(range(0, len(layers), step))
    axes.set_xticks(places, [_short(layers[place]) for place in places], rotation=90)
    for label in axes.get_xticklabels():
        label.set_fontsize(6.5)


def _byte_axis(axis: Any, nbytes: Any) -> None:
    low, high = float(np.min(nbytes)), float(np.max(nbytes))
    if low > 0 and high / low > 3:
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_major_locator(FixedLocator(log_ticks(low, high)))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: round_size(value)))


def _drop_axis(axes: Axes, drops: Any, budget_pp: float | None) -> None:
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


def _look(place: int) -> tuple[str, str]:
    """Colour and hatching of the n-th scheme."""
    return _hue(place), _HATCHES[place // len(_HUES) % len(_HATCHES)]


def _hue(place: int) -> str:
    return _HUES[place % len(_HUES)]


def _short(name: str) -> str:
    """A name that fits: printable, and the middle left out if it is long."""
    clean = "".join(letter if letter.isprintable() else " " for letter in name)
    clean = clean.encode("utf-8", "replace").decode()
    if len(clean) <= _LONGEST:
        return clean
    return f"{clean[: _LONGEST // 2]}…{clean[-(_LONGEST // 2 - 1) :]}"


def _save(draw: Draw, ink: Ink, buffer: io.StringIO | io.BytesIO, **settings: Any) -> None:
    # A '$' in a layer's name begins no formula; ids of SVG are made from a fixed salt.
    ours: Any = {
        "text.parse_math": False,
        "svg.hashsalt": "mpsearch",
        "hatch.linewidth": 0.5,
        "text.color": ink.text,
        "font.family": "DejaVu Sans",
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
    }
    with mpl.rc_context(ours), warnings.catch_warnings():
        # Letters that the font lacks become boxes; the page itself has the names as text.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        draw(ink).savefig(buffer, facecolor=ink.paper, **settings)
