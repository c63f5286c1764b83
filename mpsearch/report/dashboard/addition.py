"""What is shown of a study beside its trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Addition:
    """Words, figures and files of a study.

    Attributes:
        note: Markdown.
        graphs: Name → a figure of Plotly's as JSON would have it: ``data`` and ``layout``.
        files: To download.
    """

    note: str
    graphs: Mapping[str, Mapping[str, Any]]
    files: Sequence[Path] = field(default=())
