"""The packed file, ``.mpq``: a plan's codes as they are stored, and all other parameters.

docs/formats.md specifies it; scripts/read_mpq.py reads it without this package.
"""

from mpsearch.export.packed.header import Header, OtherEntry, StreamEntry, TensorEntry
from mpsearch.export.packed.kept_codes import KeptCodes
from mpsearch.export.packed.reader import PackedFile
from mpsearch.export.packed.stored_codes import StoredCodes
from mpsearch.export.packed.writer import PackedContents, PackedSizes, write_packed

__all__ = [
    "Header",
    "KeptCodes",
    "OtherEntry",
    "PackedContents",
    "PackedFile",
    "PackedSizes",
    "StoredCodes",
    "StreamEntry",
    "TensorEntry",
    "write_packed",
]
