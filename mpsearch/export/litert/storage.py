"""The LiteRT storage that stands for a scheme: LiteRT has no schemes of mpsearch."""

from typing import Literal

from mpsearch.schemes import AnyScheme

#: ``int8`` is symmetric, one scale per output channel, rounded to nearest: it is not ``fix8``.
Storage = Literal["float32", "float16", "int8"]


def storage_of(scheme: AnyScheme) -> Storage:
    """The LiteRT form of a scheme's kernels: the smallest that is no coarser by its bits.

    Schemes of up to 8 bits a weight become ``int8``, of up to 16 bits ``float16``, all others
    ``float32``; so do schemes without a fixed number of bits, such as ``prun_t``, which have no
    LiteRT form.
    """
    bits = scheme.weight_bits
    if bits is None or bits > 16:
        return "float32"
    return "int8" if bits <= 8 else "float16"
