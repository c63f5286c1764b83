"""All of the attacks that are refused before TensorFlow is imported."""

from pathlib import Path

from crafted.attack import Attack
from crafted.calls import call_attacks
from crafted.code import code_attacks
from crafted.damaged import damaged_attacks
from crafted.sizes import size_attacks

GALLERY: tuple[Attack, ...] = (
    *code_attacks(),
    *size_attacks(),
    *call_attacks(),
    *damaged_attacks(),
)


def build_gallery(folder: Path, marker: Path) -> None:
    """Write every file of the gallery.

    Args:
        folder: Where to; it must exist.
        marker: What the files' code would create.
    """
    for attack in GALLERY:
        (folder / attack.name).write_bytes(attack.build(marker))
