"""LiteRT models with float16, int8 or float32 weights, layer by layer, as a plan maps to them."""

from mpsearch.export.litert.convert import LiteRTModel, require_litert, run_litert, to_litert
from mpsearch.export.litert.storage import Storage, storage_of

__all__ = [
    "LiteRTModel",
    "Storage",
    "require_litert",
    "run_litert",
    "storage_of",
    "to_litert",
]
