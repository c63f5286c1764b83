"""Profiles as pandas tables."""

import pandas as pd

from mpsearch.engine.confidence import Metric
from mpsearch.sensitivity.profile import SensitivityProfile


def per_layer_table(profile: SensitivityProfile, metric: Metric) -> pd.DataFrame:
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
    return pd.DataFrame(rows)


def per_layer_csv(profile: SensitivityProfile, metric: Metric) -> str:
    r"""Text of ``profile.csv``, ``\n`` ends."""
    text: str = per_layer_table(profile, metric).to_csv(index=False, lineterminator="\n")
    return text
