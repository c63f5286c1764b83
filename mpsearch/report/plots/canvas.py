"""A figure from nothing to a file: paper, ink, type."""

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_WIDTH: Final = 8.0  # inches
# A third of an SVG is digits that cannot be seen, names of glyphs, and line ends. Numbers below 1
# are scales of letters, and stay as they are.
_SHORTER: Final = (
    (r"(?<![\d.])([1-9]\d*\.\d\d)\d+", r"\1"),
    (r"DejaVuSans(-\w+)?-", "g"),
    (r"\s*\n\s*", " "),
)


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of everything that is not data.

    Attributes:
        text: Color of words and frames.
        faint: Color of grids and of bars in the background.
        paper: Behind the figure; ``none`` lets the page show through.
        alarm: Color of limits.
        blue: Color of the most important data; Okabe and Ito's blue is too dim on dark paper.
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
    # Of the whole only pictures inside have dots: points that are too many to be drawn one by one.
    _save(draw, ink, buffer, format="svg", dpi=200, metadata={"Date": None, "Creator": None})
    text = re.sub(r"<!--.*?-->", "", buffer.getvalue(), flags=re.DOTALL)
    for pattern, shorter in _SHORTER:
        text = re.sub(pattern, shorter, text)
    return text


def png(draw: Draw) -> bytes:
    """A figure as PNG on white."""
    buffer = io.BytesIO()
    _save(draw, PAPER, buffer, format="png", dpi=150, metadata={"Software": None})
    return buffer.getvalue()


def new_figure(height: float, ink: Ink) -> Figure:
    return Figure((_WIDTH, height), layout="constrained", facecolor=ink.paper)


def finish(
    figure: Figure, axes: Axes, ink: Ink, columns: int, grid: Literal["both", "x"] = "both"
) -> Figure:
    """Colours, and the legend below the axes, where it covers nothing."""
    paint(axes, ink)
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


def paint(axes: Axes, ink: Ink) -> None:
    axes.set_facecolor("none")
    axes.tick_params(colors=ink.text, labelcolor=ink.text)
    for text in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
        text.set_color(ink.text)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_fontsize(9)
    for spine in axes.spines.values():
        spine.set_color(ink.faint)


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
