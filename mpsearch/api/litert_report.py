"""How LiteRT stores and computes a plan."""

from collections.abc import Mapping
from dataclasses import dataclass

from mpsearch.workbench.held_back import ImageSetDrop


@dataclass(frozen=True, slots=True)
class LiteRTReport:
    """A LiteRT model beside the plan it was made from.

    Attributes:
        file_nbytes: Bytes of the whole flatbuffer.
        packed_nbytes: Bytes of the plan's weights and all other parameters in a packed file.
        storages: Layer → ``float32``, ``float16`` or ``int8``.
        mapping: Scheme of the plan → LiteRT storage of its layers.
        unmatched: Layers that stay float32 because LiteRT has no operator with their kernels.
        drop: Drop of LiteRT's interpreter from Keras' unchanged model on the images; None without
            images.
        plan_drop: Drop of the plan itself, computed by Keras; None without images.
    """

    file_nbytes: int
    packed_nbytes: int
    storages: Mapping[str, str]
    mapping: Mapping[str, str]
    unmatched: tuple[str, ...]
    drop: ImageSetDrop | None
    plan_drop: ImageSetDrop | None

    def as_mapping(self) -> dict[str, object]:
        """The values as JSON has them."""
        return {
            "file_bytes": self.file_nbytes,
            "packed_bytes": self.packed_nbytes,
            "storages": dict(self.storages),
            "mapping": dict(self.mapping),
            "unmatched": list(self.unmatched),
            "drop_pp": None if self.drop is None else self.drop.drop_pp,
            "top1_changes": None if self.drop is None else self.drop.top1_changes,
            "plan_drop_pp": None if self.plan_drop is None else self.plan_drop.drop_pp,
        }
