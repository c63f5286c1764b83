"""The storage that a folder has where no setting names one."""

from pathlib import Path

from mpsearch.trust.guarded import leads_out
from mpsearch.values.errors import SettingError
from mpsearch.values.study_folder import StudyFolder


def usual_storage(folder: Path) -> Path:
    """``study.db`` in a study's folder, whether it is there or not.

    Raises:
        SettingError: If it is a link that leads out of the folder.
    """
    path = StudyFolder(folder).trials
    if leads_out(path, folder):
        raise SettingError(
            f"{str(path)!r} is a link that leads out of the study's folder; if it is yours, name "
            "the file it leads to: `storage` = sqlite:///FILE"
        )
    return path
