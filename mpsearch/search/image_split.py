"""Images to search on, and images held back."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mpsearch.search.meter import Meter
from mpsearch.sensitivity.profile import SensitivityProfile
from mpsearch.values.errors import SettingError
from mpsearch.values.question import Question
from mpsearch.workbench.calibrate import calibrated
from mpsearch.workbench.held_back import by_content, digests_of, held_back
from mpsearch.workbench.workbench import Workbench

#: From so many images on the budget speaks of unseen ones, unless it is said otherwise.
ENOUGH_FOR_UNSEEN: Final = 32
#: Fewer images leave none to test on.
FEWEST_FOR_UNSEEN: Final = 8
# Shares held back where the budget speaks of unseen images. What is fitted without calibration is a
# number per layer and scheme, for which few images do; codes need more.
_HELD: Final = 5 / 6
_HELD_WITH_CALIBRATION: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ImageSplit:
    """A workbench in two parts.

    Attributes:
        everything: Model and all images; of a calibrated model, where that was asked.
        work: The images searched on, of the same model.
        held: The images held back; None if there are none.
        meter: Measures plans: on the images searched on, and where the budget speaks of unseen
            images on those held back.
        profile: Sensitivity on the images searched on, if it was measured.
        whole_profile: Sensitivity on all images, if it was measured.
        digests: Digests of all images.
    """

    everything: Workbench
    work: Workbench
    held: Workbench | None
    meter: Meter
    profile: SensitivityProfile | None
    whole_profile: SensitivityProfile | None
    digests: Sequence[str] = ()

    @property
    def speaks_of_unseen(self) -> bool:
        """Whether the budget speaks of images that no step has seen."""
        return self.meter.held is not None


def speaks_of_unseen(question: Question, images: int) -> bool:
    """Whether the budget is to speak of images that no step has seen.

    Args:
        question: Says so, or leaves it to the number of images.
        images: How many there are.

    Raises:
        SettingError: If it must, and there are too few.
    """
    match question.budget_on:
        case "search":
            return False
        case "unseen":
            if images < FEWEST_FOR_UNSEEN:
                raise SettingError(
                    f"`budget_on` = unseen needs {FEWEST_FOR_UNSEEN} images, there are {images}; "
                    "give more images, or `budget_on` = search"
                )
            return True
        case "auto":
            # A proof that no better plan exists is about the images that it was made on.
            can = question.holdout != 0 and question.sampler != "brute"
            return can and images >= ENOUGH_FOR_UNSEEN


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
        SettingError: If there are too few images to calibrate on, or to hold back.
    """
    if question.calibrate:
        profile = None
    count = len(everything.images)
    is_unseen = speaks_of_unseen(question, count)
    digests = digests_of(everything.inputs)
    if is_unseen:
        back = by_content(digests, held_count(question, count))
    else:
        back = held_back(count, question.holdout)
    rows = np.setdiff1d(np.arange(count, dtype=np.int64), back)
    work, held, whole = everything, None, profile
    if len(back):
        held = everything.of_images(back)
        held.engine.release()
        work = everything.of_images(rows)
        if profile is not None:
            profile = profile.of_images(rows, work.fingerprint.as_mapping())
    if question.calibrate:
        model = calibrated(work, folder=folder)
        work = work.with_model(model)
        if held is not None:
            held = held.with_model(model)
            held.engine.release()
        everything = everything.with_model(model) if is_unseen else everything
    if is_unseen:
        work.engine.release()
        meter = Meter(
            everything.engine, question.metric, rows, back, question.sure / 100, question.guaranteed
        )
    else:
        meter = Meter.of_all(work.engine, question.metric)
    return ImageSplit(everything, work, held, meter, profile, whole, digests)


def held_count(question: Question, images: int) -> int:
    """How many images are held back.

    Args:
        question: Says how many, or on which images the budget is to be kept.
        images: How many there are.
    """
    if not speaks_of_unseen(question, images):
        return len(held_back(images, question.holdout))
    share = question.holdout
    if share is None:
        share = _HELD_WITH_CALIBRATION if question.calibrate else _HELD
    fewest = FEWEST_FOR_UNSEEN // 2  # on each side
    return min(max(round(images * share), fewest), images - fewest)
