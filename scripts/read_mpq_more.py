"""Schemes of a .mpq file beyond the original program's; see docs/formats.md."""

from collections.abc import Callable
from typing import Any

import numpy as np


def weights(
    scheme: str,
    streams: list[Any],
    shape: list[int],
    axes: list[int],
    all_schemes: Callable[..., Any],
) -> Any:
    """Float32 weights from the codes of a scheme."""
    family, _, argument = scheme.partition("_")
    if family.startswith("prun"):
        return pruned(argument, streams, shape, axes, all_schemes)
    if family in {"fix8m", "bf16", "bitwiseMid"}:
        return single(family, argument, streams[0].astype(np.uint32))
    code = streams[-1].astype(np.uint32)
    return halves(code) if is_vector(shape, axes) else fitted(family, code, streams[0], shape, axes)


def is_vector(shape: list[int], axes: list[int]) -> bool:
    """Biases have one axis, or no channels."""
    return len(shape) < 2 or not axes


def single(family: str, argument: str, code: Any) -> Any:
    """Schemes that store each weight for itself."""
    if family == "fix8m":
        magnitude = code % 128 + 0.5 * (code % 128 > 0)
        return (np.copysign(magnitude, np.where(code < 128, 1, -1)) / 64).astype(np.float32)
    cut = int(argument or 16)
    bits = code << np.uint32(cut)
    middle = (bits & 0x7FFFFFFF > 0) * np.uint32(1 << cut - 1 if family == "bitwiseMid" else 0)
    return (bits | middle.astype(np.uint32)).view(np.float32)


def fitted(family: str, code: Any, fit: Any, shape: list[int], axes: list[int]) -> Any:
    """Schemes that fit numbers to a tensor."""
    if family.startswith("dfix"):
        integers = twos_complement(code, int(family[4:]))
        return np.ldexp(integers.astype(np.float32), 128 - int(fit[0]))
    if family.startswith("km"):
        return halves(fit)[code]
    if family.startswith("int"):
        width = int(family[3:-1])
        levels = twos_complement(code, width) / 2 ** (width - 1)
    else:
        levels = small_float(code, int(family[1]), int(family[3]))
    kept = [n if i - len(shape) in axes else 1 for i, n in enumerate(shape)]
    return (levels.astype(np.float32).reshape(shape) * halves(fit).reshape(kept)).reshape(-1)


def halves(code: Any) -> Any:
    """Float32 from the bits of halves."""
    return code.astype(np.uint16).view(np.float16).astype(np.float32)


def pruned(inner: str, streams: list[Any], shape: list[int], *where: Any) -> Any:
    """One bit per weight says which survive; the others are 0."""
    axes, all_schemes = where
    if is_vector(shape, axes):
        return all_schemes(inner, streams, shape, axes)
    survives = streams[0] > 0
    code = np.zeros(len(survives), streams[-1].dtype)
    code[survives] = streams[-1]
    return np.where(
        survives, all_schemes(inner, [*streams[1:-1], code], shape, axes), np.float32(0)
    )


def twos_complement(code: Any, width: int) -> Any:
    """Signed integers."""
    signed = code.astype(np.int64)
    return np.where(signed < 1 << width - 1, signed, signed - (1 << width))


def small_float(code: Any, exponent_bits: int, fraction_bits: int) -> Any:
    """Values of a sign, exponent and fraction, divided so that the largest is below 2."""
    sign = np.where(code >> exponent_bits + fraction_bits, -1.0, 1.0)
    exponent = (code >> fraction_bits & (1 << exponent_bits) - 1).astype(float)
    fraction = (code & (1 << fraction_bits) - 1) / 2.0**fraction_bits
    largest = (1 << exponent_bits) - (2 if exponent_bits == 5 else 1)
    return sign * np.where(exponent > 0, 1 + fraction, 2 * fraction) * 2.0 ** (exponent - largest)
