"""Where the files of a run go."""

from pathlib import Path
from typing import Final

from mpsearch.system.files import file_name
from mpsearch.values.question import Question
from mpsearch.workbench.workbench import Workbench

STUDIES: Final = Path("studies")


def study_folder(config: Question, folder: Path | None, workbench: Workbench) -> Path:
    """The study's folder.

    That of the study.toml if one was given; else ``studies/<study name>``; else one named after
    model, images and their digests, so that the same command finds its work again.
    """
    if folder is not None:
        return folder
    if config.study_name is not None:
        return STUDIES / file_name(config.study_name)
    images = Path(workbench.images[0]).stem if len(workbench.images) == 1 else None
    what = images or f"{len(workbench.images)}images"
    fingerprint = workbench.fingerprint
    digest = fingerprint.model[:4] + fingerprint.images[:4] + fingerprint.reference[:2]
    return STUDIES / file_name(f"{workbench.model.source.name}-{what}-{digest}")
