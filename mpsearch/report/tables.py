"""Profiles, plans and measured plans as pandas tables, and tables as files."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mpsearch.report.record import StudyRecord
from mpsearch.report.table_text import latex, markdown
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.values.choices import Metric


def per_layer_rows(profile: SensitivityProfile, metric: Metric) -> list[dict[str, Any]]:
    """One row per measured layer × scheme, layers in model order, schemes in menu order.

    Columns: layer, index, scheme, nbytes, confidence_pct (mean over images), drop_pp (under
    *metric*), drop_mean_pp, drop_max_pp, drop_p95_pp, top1_changes, predicted_drop_pp (first
    order, under *metric*; empty where there is none).
    """
    rows = []
    for layer in profile.layers:
        for scheme in profile.schemes:
            reading = profile.per_layer.get((layer.name, scheme))
            if reading is None:
                continue
            rows.append(
                {
                    "layer": layer.name,
                    "index": layer.index,
                    "scheme": scheme,
                    "nbytes": reading.nbytes,
                    "confidence_pct": 100 * float(reading.confidence.mean()),
                    "drop_pp": profile.drop_pp(reading, metric),
                    "drop_mean_pp": profile.drop_pp(reading, "mean"),
                    "drop_max_pp": profile.drop_pp(reading, "max"),
                    "drop_p95_pp": profile.drop_pp(reading, "p95"),
                    "top1_changes": profile.top1_changes(reading),
                    "predicted_drop_pp": profile.predicted_drop_pp(layer.name, scheme, metric),
                }
            )
    return rows


def per_layer_table(profile: SensitivityProfile, metric: Metric) -> pd.DataFrame:
    """:func:`per_layer_rows` as a table."""
    return pd.DataFrame(per_layer_rows(profile, metric))


def per_layer_csv(profile: SensitivityProfile, metric: Metric) -> str:
    r"""Text of ``profile.csv``, ``\n`` ends."""
    text: str = per_layer_table(profile, metric).to_csv(index=False, lineterminator="\n")
    return text


def plan_table(record: StudyRecord) -> pd.DataFrame:
    """One row per layer of the plan, in model order.

    Columns: layer, kind (with the kernel's shape), scheme, original_nbytes, nbytes, share_pct (of
    the plan's bytes), larger (the next larger scheme), adds_nbytes, cheaper (the next smaller),
    saves_nbytes, cheaper_drop_pp (drop of the plan with it), cheaper_measured. What is not known
    is missing.
    """
    sizes, kinds = record.layer_nbytes, record.kinds
    result = record.result
    about = {} if result is None else {row.layer: row for row in result.layers}
    rows = []
    for layer, scheme in record.plan.as_mapping().items():
        before, after = sizes.get(layer, (None, None))
        row = about.get(layer)
        rows.append(
            {
                "layer": layer,
                "kind": kinds.get(layer),
                "scheme": scheme,
                "original_nbytes": before,
                "nbytes": after,
                "share_pct": None if after is None else 100 * after / max(1, record.nbytes),
                "larger": None if row is None else row.larger,
                "adds_nbytes": None if row is None or row.larger is None else row.added,
                "cheaper": None if row is None else row.cheaper,
                "saves_nbytes": None if row is None or row.cheaper is None else row.saved,
                "cheaper_drop_pp": None if row is None else row.cheaper_drop_pp,
                "cheaper_measured": None if row is None else row.cheaper_measured,
            }
        )
    frame = pd.DataFrame(rows)
    whole = ["original_nbytes", "nbytes", "adds_nbytes", "saves_nbytes"]
    return frame.astype(dict.fromkeys(whole, "Int64"))


def measured_table(record: StudyRecord) -> pd.DataFrame | None:
    """One row per plan measured, in order; None if the trials are gone.

    Columns: trial (from 1), nbytes (weight layers), all_nbytes (with all other parameters),
    drop_pp (on the images that the budget speaks of), bound_pp (what a budget limits: the drop, or
    its upper bound on unseen images), feasible, origin, and last the scheme of every layer,
    separated by spaces, as plan.
    """
    if record.trials is None:
        return None
    goal, other, trials = record.choosing, record.other_nbytes, record.trials.trials
    return pd.DataFrame(
        {
            "trial": number,
            "nbytes": trial.nbytes,
            "all_nbytes": trial.nbytes + other,
            "drop_pp": trial.drop_pp,
            "bound_pp": trial.bound_pp,
            "feasible": is_allowed,
            "origin": trial.origin,
            "plan": " ".join(trial.plan.schemes),
        }
        for number, (trial, is_allowed) in enumerate(
            zip(trials, goal.allowed(trials), strict=True), 1
        )
    )


def table_files(name: str, frame: pd.DataFrame, wide: tuple[str, ...] = ()) -> Mapping[str, str]:
    """File name → text: CSV with all digits; Markdown and LaTeX to read.

    Args:
        name: Name of the files.
        frame: The table.
        wide: Columns that only the CSV has.
    """
    shown = frame.drop(columns=list(wide))
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in shown.dtypes]
    rows = [[cell_text(cell) for cell in row] for row in shown.itertuples(index=False)]
    head = [str(column).replace("_", " ") for column in shown.columns]
    csv: str = frame.to_csv(index=False, lineterminator="\n")
    return {
        f"{name}.csv": csv,
        f"{name}.md": markdown(head, rows, numeric),
        f"{name}.tex": latex(head, rows, numeric),
    }


def cell_text(cell: object) -> str:
    """A cell as people read it; missing values are empty."""
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if cell is None or pd.isna(cell):  # type: ignore[call-overload]
        return ""
    if isinstance(cell, float):
        return f"{cell:.3f}"
    return f"{cell:,}" if isinstance(cell, int | np.integer) else str(cell)
