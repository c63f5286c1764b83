"""Draws the figures of a report; the only place that knows matplotlib."""

from mpsearch.report.plots.axes import log_ticks
from mpsearch.report.plots.canvas import DARK, LIGHT, PAPER, Draw, Ink, png, svg
from mpsearch.report.plots.layers import (
    draw_cumulative,
    draw_heatmap,
    draw_layers,
    draw_totals,
    draw_two_layers,
)
from mpsearch.report.plots.plans import draw_measured, draw_progress, draw_two_measured

__all__ = [
    "DARK",
    "LIGHT",
    "PAPER",
    "Draw",
    "Ink",
    "draw_cumulative",
    "draw_heatmap",
    "draw_layers",
    "draw_measured",
    "draw_progress",
    "draw_totals",
    "draw_two_layers",
    "draw_two_measured",
    "log_ticks",
    "png",
    "svg",
]
