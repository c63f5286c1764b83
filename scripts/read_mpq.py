"""Read a .mpq file with Python and numpy alone: read_mpq.py FILE.mpq; see docs/formats.md."""

import json
import sys
import zlib
from typing import Any

import numpy as np
import read_mpq_coded  # only for files made with --coding entropy
import read_mpq_more  # only for schemes beyond the original program's


def read(path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensor name → array, and tensor name → scheme or type."""
    data = np.fromfile(path, np.uint8)
    assert data[:8].tobytes() == b"\x89MPQ\r\n\x1a\n", "not a packed file"
    length, crc = (int(number) for number in data[8:16].view("<u4"))
    text, body = data[16 : 16 + length].tobytes(), data[16 + length :]
    assert zlib.crc32(text) == crc, "damaged header"
    header, arrays, kinds = json.loads(text), {}, {}
    for one in header["tensors"] + header["others"]:
        piece = body[one["offset"] : one["offset"] + one["length"]].copy()
        name = f"{one['layer']} {one['tensor']}" if "layer" in one else one["name"]
        assert f"{zlib.crc32(piece.tobytes()):08x}" == one["crc32"], f"damaged: {name}"
        kinds[name] = one["scheme"] if "layer" in one else one["dtype"]
        array = piece.view(np.dtype(one.get("dtype", "uint8")).newbyteorder("<"))
        if "layer" in one:
            parts = np.split(piece, np.cumsum([stream[3] for stream in one["streams"]])[:-1])
            methods = {"packed": unpack, **read_mpq_coded.METHODS}
            pairs = zip(one["streams"], parts, strict=True)
            codes = [methods[method](w, count, part) for (w, count, method, _), part in pairs]
            array = weights(one["scheme"], codes, one["shape"], one["channel_axes"])
        arrays[name] = array.reshape(one["shape"])
    return arrays, kinds


def unpack(width: int, count: int, data: Any) -> Any:
    """Unsigned integers of *width* bits, the first in the lowest bits of the first byte."""
    table = np.unpackbits(data, count=count * width, bitorder="little").reshape(count, width)
    return table.astype(np.uint64) @ (np.uint64(1) << np.arange(width, dtype=np.uint64))


def weights(scheme: str, streams: list[Any], shape: list[int], axes: list[int]) -> Any:
    """Float32 weights from the codes of a scheme."""
    family, _, argument = scheme.partition("_")
    code = streams[0].astype(np.uint32)
    if family == "fix8":
        return np.where(code < 128, 1, -1).astype(np.float32) * (code % 128 / 64).astype(np.float32)
    if family == "fl16":
        return code.astype(np.uint16).view(np.float16).astype(np.float32)
    if family not in {"original", "bitwiseAnd", "prun"}:
        return read_mpq_more.weights(scheme, streams, shape, axes, weights)
    if len(streams) == 2:  # prun_t: one bit per weight says which survive
        code[code > 0] = streams[1]
    return (code << np.uint32(argument if family == "bitwiseAnd" else 0)).view(np.float32)


if __name__ == "__main__":
    for name, array in (found := read(sys.argv[1]))[0].items():
        print(f"{name}  {found[1][name]}  {array.shape}  sum {array.sum(dtype=float):.6g}")
