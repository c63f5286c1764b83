"""What ``mpsearch search --json`` prints."""

from pathlib import Path
from typing import Any

from mpsearch.cli.flags import with_flags
from mpsearch.search.result import SearchResult
from mpsearch.search.result_json import result_mapping
from mpsearch.study.storage.address import sqlite_url
from mpsearch.values.question import Question
from mpsearch.values.secret import masked
from mpsearch.values.study_folder import StudyFolder
from mpsearch.workbench.workbench import Workbench


def as_json(
    config: Question, workbench: Workbench, result: SearchResult, target: Path
) -> dict[str, Any]:
    """One object; docs/formats.md describes it."""
    return {
        **result_mapping(result),
        "reason": with_flags(result.reason),
        "coding": workbench.model.bank.coding,
        "calibrated": config.calibrate,
        "images": len(workbench.images),
        "study": str(target),
        "storage": masked(config.storage or sqlite_url(StudyFolder(target).trials)),
        "plan_file": str(StudyFolder(target).plan),
    }
