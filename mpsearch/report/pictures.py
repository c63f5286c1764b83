"""The figures of a study, drawn, each with a description for readers who cannot see it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np

from mpsearch.report import figures, plots
from mpsearch.report.markup import Picture
from mpsearch.report.record import StudyRecord
from mpsearch.report.sizes import count, points, size

Part = TypeVar("Part", figures.Heatmap, figures.LayerBytes)

_ROWS: Final = 60  # layers of one figure; more become several, so that all can be read


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in its forms.

    Attributes:
        section: ``plan``, ``measured`` or ``layers``: where in the page it belongs.
        picture: The figure on the page.
        png: The figure as a PNG file.
    """

    section: str
    picture: Picture
    png: bytes


def drawn(section: str, name: str, draw: plots.Draw, alt: str, caption: str) -> Drawn:
    """Draw a figure three times: on light, on dark, and on white as PNG."""
    light, dark = plots.svg(draw, plots.LIGHT), plots.svg(draw, plots.DARK)
    return Drawn(section, Picture(name, light, dark, alt, caption), plots.png(draw))


def study_pictures(record: StudyRecord) -> Iterator[Drawn]:
    """All figures for which the study has the numbers, in the order of the page."""
    yield from _bytes(record)
    yield from _measured(record)
    yield from _sensitivity(record)


def _bytes(record: StudyRecord) -> Iterator[Drawn]:
    data = figures.layer_bytes(record.plan, record.layer_nbytes, record.other_nbytes)
    if data is None:
        return
    shares = ", ".join(f"{scheme} {size(after)}" for scheme, _, after in data.totals())
    yield drawn(
        "plan",
        "bytes-by-scheme",
        partial(plots.draw_totals, data),
        f"Two stacked bars. As float32: {size(sum(data.before) + data.other_nbytes)}. Under the "
        f"plan: {size(sum(data.after) + data.other_nbytes)}, of which {shares}.",
        "All bytes before and after, by the scheme the layers have in the plan.",
    )
    for part, words, suffix in _numbered(data.parts(_ROWS)):
        widest = max(range(len(part.after)), key=part.after.__getitem__)
        yield drawn(
            "plan",
            f"bytes-per-layer{suffix}",
            partial(plots.draw_layers, part),
            f"One bar for each of {count(len(part.layers), 'layer')}. The largest under the plan "
            f"is {part.layers[widest]} with {size(part.after[widest])} as {part.schemes[widest]}; "
            "the table has all.",
            f"Bytes of each layer{words}: gray as float32, in colour under the plan.",
        )


def _measured(record: StudyRecord) -> Iterator[Drawn]:
    if record.trials is None:
        return
    trials, goal = record.trials.trials, record.choosing
    chosen = record.nbytes, record.drop_pp
    data = figures.measured_plans(trials, goal, chosen, record.other_nbytes)
    kept = int(np.count_nonzero(data.feasible))
    yield drawn(
        "measured",
        "bytes-by-drop",
        partial(plots.draw_measured, data),
        f"Scatter plot of {count(len(trials), 'measured plan')}, {kept} of which keep the limit. "
        f"The plan chosen has {size(data.chosen[0])} and a drop of {points(data.chosen[1])} pp. "
        f"{count(len(data.front), 'plan')} form the front from {size(data.nbytes[data.front[0]])} "
        f"with {points(data.drops_pp[data.front[0]])} pp to {size(data.nbytes[data.front[-1]])} "
        f"with {points(data.drops_pp[data.front[-1]])} pp.",
        f"Every plan measured on the images searched on; bytes are of {record.what_is_counted}. "
        "No plan of the front is beaten by another in both bytes and drop.",
    )
    steps = figures.progress(trials, goal, record.other_nbytes)
    shown: Callable[[float], str] = size if steps.is_bytes else (lambda pp: f"{points(pp)} pp")
    places = np.flatnonzero(np.isfinite(steps.best))
    story = "No plan kept the limit."
    if len(places):
        last = int(np.argmax(steps.best == steps.best[-1])) + 1
        story = (
            f"The first that keeps the limit, number {places[0] + 1}, has "
            f"{shown(float(steps.best[places[0]]))}; the best, {shown(float(steps.best[-1]))}, was "
            f"number {last}."
        )
    yield drawn(
        "measured",
        "progress",
        partial(plots.draw_progress, steps),
        f"The best plan so far over {count(len(trials), 'measured plan')}. {story}",
        "The search as it went. Uniform plans are measured last, to compare with.",
    )


def _sensitivity(record: StudyRecord) -> Iterator[Drawn]:
    profile = record.profile
    if profile is None:
        return
    metric = record.goal.metric
    data = figures.heatmap(profile, record.plan, metric)
    if data is not None:
        for part, words, suffix in _numbered(data.parts(_ROWS)):
            gentle = [_least(part, row) for row in range(len(part.layers))]
            most = int(np.argmax(gentle))
            yield drawn(
                "layers",
                f"sensitivity{suffix}",
                partial(plots.draw_heatmap, part),
                f"Heatmap of {count(len(part.layers), 'layer')} by "
                f"{count(len(part.schemes), 'scheme')}. On average over the schemes the most "
                f"sensitive layer is {part.layers[most]}.",
                f"Drop of each layer under each scheme, that layer changed alone{words}; schemes "
                "from the largest to the smallest, those of the plan framed. Drops of 0.01 pp and "
                "less look alike.",
            )
    curves = figures.cumulative_curves(profile, metric, record.choosing.budget_pp)
    if curves is not None:
        some = f", {len(curves.curves)} of {curves.of} schemes" * (curves.of > len(curves.curves))
        ends = "; ".join(
            f"{scheme} {points(float(drops[-1]))} pp"
            for scheme, drops in curves.curves.items()
            if np.isfinite(drops[-1])
        )
        yield drawn(
            "layers",
            "cumulative",
            partial(plots.draw_cumulative, curves),
            f"One line per scheme over the layers. With all layers changed: {ends}.",
            f"Drop as more and more layers, from the first on, are stored under one scheme{some}.",
        )


def _least(part: figures.Heatmap, row: int) -> float:
    drops = part.drops_pp[row]
    return float(np.nanmean(drops)) if np.isfinite(drops).any() else -np.inf


def _numbered(parts: list[Part]) -> Iterator[tuple[Part, str, str]]:
    """Each part, which layers it has in words, and the end of its name."""
    first = 1
    for number, part in enumerate(parts, 1):
        last = first + len(part.layers) - 1
        several = len(parts) > 1
        yield part, f" (layers {first} to {last})" * several, f"-{number}" * several
        first = last + 1
