"""How optuna-dashboard 0.21 keeps what it shows beside trials: system attributes of the study."""

import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Attribute of a trial: its constraints, where Optuna 5 keeps them under their names.
CONSTRAINTS = "constraints"


def note_attributes(note: str) -> dict[str, Any]:
    """Attributes of a study that the dashboard shows as its note.

    Args:
        note: Markdown.
    """
    return {"dashboard:note_ver": 1, "dashboard:note_str:0": note}


def graph_attributes(graphs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Those that it draws.

    Args:
        graphs: Name → a figure of Plotly's as JSON would have it: ``data`` and ``layout``.
    """
    return {f"dashboard:plot_data:{name}:0": json.dumps(graph) for name, graph in graphs.items()}


def file_attributes(files: Mapping[str, Path]) -> dict[str, Any]:
    """Those that it offers to download.

    Args:
        files: Id of an artifact → its file.
    """
    attributes = {}
    for artifact_id, path in files.items():
        kind, encoding = mimetypes.guess_type(path.name)
        attributes[f"artifacts:{artifact_id}"] = json.dumps(
            {
                "artifact_id": artifact_id,
                "filename": path.name,
                "mimetype": kind or "application/octet-stream",
                "encoding": encoding,
            }
        )
    return attributes
