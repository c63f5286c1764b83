"""What ``mpsearch search --json`` prints."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mpsearch.api.workbench import Workbench
    from mpsearch.core.config import RunConfig
    from mpsearch.search.result import SearchResult


def as_json(
    config: "RunConfig", workbench: "Workbench", result: "SearchResult", target: Path
) -> dict[str, Any]:
    """One object; docs/formats.md describes it."""
    from mpsearch.core.secret import masked  # noqa: PLC0415
    from mpsearch.search.result_json import result_mapping  # noqa: PLC0415
    from mpsearch.search.storage.address import sqlite_url  # noqa: PLC0415

    return {
        **result_mapping(result),
        "coding": workbench.model.bank.coding,
        "calibrated": config.calibrate,
        "images": len(workbench.images),
        "study": str(target),
        "storage": masked(config.storage) if config.storage else sqlite_url(target / "study.db"),
        "plan_file": str(target / "plan.json"),
    }
