"""Where the files of a run go."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mpsearch.cli.options import is_folder
from mpsearch.system.files import file_name
from mpsearch.trust import STORAGE_VARIABLE
from mpsearch.values.config import RunConfig
from mpsearch.values.errors import StudyError
from mpsearch.values.study_folder import SETTINGS

if TYPE_CHECKING:
    from mpsearch.workbench.workbench import Workbench

STUDIES = Path("studies")


def add_storage(parser: argparse.ArgumentParser) -> None:
    """Add where the trials of a study are."""
    parser.add_argument(
        "--storage",
        metavar="URL",
        help=f"where its trials are (default: what {STORAGE_VARIABLE} or its study.toml says, or "
        "study.db in the folder)",
    )


def existing_folder(text: str) -> Path:
    """A study's folder; its study.toml names it too.

    Raises:
        StudyError: If there is no such folder.
    """
    path = Path(text)
    if path.name == SETTINGS:
        path = path.parent
    if not is_folder(path):
        raise StudyError(f"study {text!r}: no such folder; give the folder of a search")
    return path


def study_folder(config: RunConfig, folder: Path | None, workbench: "Workbench") -> Path:
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


def optuna_study_name(config: RunConfig, folder: Path, schemes: tuple[str, ...]) -> str:
    """Name of the Optuna study: the one given, or one for the question and all its terms."""
    if config.study_name is not None:
        return config.study_name
    from mpsearch.schemes import DOCUMENTED  # noqa: PLC0415
    from mpsearch.values.fingerprint import text_digest  # noqa: PLC0415 - numpy

    rules = [str(part) for part in (config.lock, config.forbid, config.tie) if part]
    menu = "" if schemes == DOCUMENTED and not rules else f"-{text_digest([*schemes, *rules])[:6]}"
    if config.holdout is not None:
        menu += f"-holdout{config.holdout:g}"
    if config.coding != "none":
        menu += f"-{config.coding}"
    if config.calibrate:
        menu += "-calibrated"
    return f"{folder.resolve().name}-{config.metric}-{_question(config)}{menu}"


def _question(config: RunConfig) -> str:
    if config.pareto:
        return "front"
    if config.max_bytes is not None:
        return f"{config.max_bytes}bytes"
    return f"{config.budget:g}pp" if config.ratio is None else f"{config.ratio:g}x"
