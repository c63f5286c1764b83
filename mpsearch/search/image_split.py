"""Images to search on, and images held back."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.values.question import Question
from mpsearch.workbench.calibrate import calibrated
from mpsearch.workbench.held_back import held_back
from mpsearch.workbench.workbench import Workbench


@dataclass(frozen=True, slots=True, eq=False)
class ImageSplit:
    """A workbench in two parts.

    Attributes:
        everything: Model and all images.
        work: The images searched on; of a calibrated model, where that was asked.
        held: The images held back; None if there are none.
        profile: Sensitivity on the images searched on, if it was measured.
    """

    everything: Workbench
    work: Workbench
    held: Workbench | None
    profile: SensitivityProfile | None

    @property
    def held_count(self) -> int:
        """Images held back."""
        return 0 if self.held is None else len(self.held.images)


def split_images(
    question: Question, everything: Workbench, profile: SensitivityProfile | None, folder: Path
) -> ImageSplit:
    """Hold images back, and calibrate on the others where that was asked.

    Args:
        question: Says how many to hold back, and whether to calibrate.
        everything: Model and all images.
        profile: Measured on all of them; None if it was not. Not used with calibration, as it was
            measured with other codes.
        folder: The study's folder; a calibration is kept there.

    Raises:
        SettingError: If there are too few images to calibrate on.
    """
    if question.calibrate:
        profile = None
    count = len(everything.images)
    back = held_back(count, question.holdout)
    work, held = everything, None
    if len(back):
        rows = np.setdiff1d(np.arange(count, dtype=np.int64), back)
        held = everything.of_images(back)
        held.engine.release()
        work = everything.of_images(rows)
        if profile is not None:
            profile = profile.of_images(rows, work.fingerprint.as_mapping())
    if question.calibrate:
        model = calibrated(work, folder=folder)
        work = work.with_model(model)
        held = None if held is None else held.with_model(model)
    return ImageSplit(everything, work, held, profile)
