"""The figures of a study for the dashboard: JSON that Plotly draws there."""

from collections.abc import Mapping
from typing import Any

from mpsearch.report import figures
from mpsearch.report.dashboard import layer_graphs, plan_graphs
from mpsearch.report.record import StudyRecord


def study_graphs(record: StudyRecord) -> dict[str, Mapping[str, Any]]:
    """Name → figure, of all for which the study has the numbers."""
    graphs: dict[str, Mapping[str, Any]] = {}
    if record.trials is not None:
        goal, trials, other = record.choosing, record.trials.trials, record.other_nbytes
        chosen = record.nbytes, record.drop_pp
        graphs["bytes-by-drop"] = plan_graphs.measured_plans(
            figures.measured_plans(trials, goal, chosen, other),
            record.what_is_counted,
        )
        graphs["progress"] = plan_graphs.progress(figures.progress(trials, goal, other))
    layers = figures.layer_bytes(record.plan, record.layer_nbytes, record.other_nbytes)
    if layers is not None:
        graphs["bytes-per-layer"] = layer_graphs.layer_bytes(layers)
    if record.profile is not None:
        heat = figures.heatmap(record.profile, record.plan, record.goal.metric)
        if heat is not None:
            graphs["sensitivity"] = layer_graphs.sensitivity(heat)
    return graphs
