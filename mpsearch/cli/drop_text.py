"""A drop in a few words."""

from mpsearch.workbench.held_back import ImageSetDrop


def drop_text(drop: ImageSetDrop) -> str:
    """How much, over how many images, and whether answers changed."""
    images = f"{drop.images} image{'s' * (drop.images > 1)}"
    return f"{drop.drop_pp:.3f} pp over {images}, top-1 changed on {drop.top1_changes}"
