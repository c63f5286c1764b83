"""What ``mpsearch search --json`` prints."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mpsearch.values.study_folder import StudyFolder

if TYPE_CHECKING:
    from mpsearch.search.result import SearchResult
    from mpsearch.values.config import RunConfig
    from mpsearch.workbench.workbench import Workbench


def as_json(
    config: "RunConfig", workbench: "Workbench", result: "SearchResult", target: Path
) -> dict[str, Any]:
    """One object; docs/formats.md describes it."""
    from mpsearch.search.result_json import result_mapping  # noqa: PLC0415
    from mpsearch.study.storage.address import sqlite_url  # noqa: PLC0415
    from mpsearch.values.secret import masked  # noqa: PLC0415

    return {
        **result_mapping(result),
        "coding": workbench.model.bank.coding,
        "calibrated": config.calibrate,
        "images": len(workbench.images),
        "study": str(target),
        "storage": masked(config.storage or sqlite_url(StudyFolder(target).trials)),
        "plan_file": str(StudyFolder(target).plan),
    }
