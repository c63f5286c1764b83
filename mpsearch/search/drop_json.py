"""The drop of a plan on an image set, as JSON."""

from typing import Any

from mpsearch.values.documents import Fields
from mpsearch.workbench.held_back import ImageSetDrop


def drop_mapping(drop: ImageSetDrop) -> dict[str, Any]:
    """The drop on an image set as JSON has it; docs/formats.md describes it."""
    return {
        "images": drop.images,
        "drop_pp": drop.drop_pp,
        "signed_pp": drop.signed_pp,
        "interval": list(drop.interval_pp),
        "worst_pp": drop.worst_pp,
        "worst_image": drop.worst_image,
        "top1_changes": drop.top1_changes,
        "accuracy_pct": None if drop.accuracy_pct is None else list(drop.accuracy_pct),
    }


def read_drop(fields: Fields) -> ImageSetDrop:
    """What :func:`drop_mapping` gave.

    Raises:
        StudyError: If a field is missing or of another kind; names it.
    """
    low, high = fields.numbers("interval", 2)
    accuracy = None
    if "accuracy_pct" in fields:  # files of earlier versions do not have it
        before, after = fields.numbers("accuracy_pct", 2)
        accuracy = before, after
    return ImageSetDrop(
        images=fields.whole("images"),
        drop_pp=fields.number("drop_pp"),
        signed_pp=fields.number("signed_pp"),
        interval_pp=(low, high),
        worst_pp=fields.number("worst_pp"),
        worst_image=fields.text("worst_image"),
        top1_changes=fields.whole("top1_changes"),
        accuracy_pct=accuracy,
    )
