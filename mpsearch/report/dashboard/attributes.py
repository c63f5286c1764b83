"""How optuna-dashboard 0.21 keeps what it shows beside trials: system attributes of the study."""

import json
import mimetypes
from collections.abc import Mapping
from typing import Any

from mpsearch.report.dashboard.addition import Addition

#: Attribute of a trial: its constraints, where Optuna 5 keeps them under their names.
CONSTRAINTS = "constraints"


def system_attributes(shown: Addition, file_ids: Mapping[str, str]) -> dict[str, Any]:
    """Attributes of a study that the dashboard turns into a note, figures and artifacts.

    Args:
        shown: What to show.
        file_ids: Path → id of the artifact.
    """
    attributes: dict[str, Any] = {
        "dashboard:note_ver": 1,
        "dashboard:note_str:0": shown.note,
    }
    for name, figure in shown.graphs.items():
        attributes[f"dashboard:plot_data:{name}:0"] = json.dumps(figure)
    for path in shown.files:
        kind, encoding = mimetypes.guess_type(path.name)
        known = file_ids[str(path)]
        attributes[f"artifacts:{known}"] = json.dumps(
            {
                "artifact_id": known,
                "filename": path.name,
                "mimetype": kind or "application/octet-stream",
                "encoding": encoding,
            }
        )
    return attributes
