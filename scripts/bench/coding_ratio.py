"""How much smaller does entropy coding make the codes of trained weights, and how fast is it read?

Claims, on SqueezeNet 1.1, EfficientNet-Lite0 and DoodleNet, all weights under each scheme:

- the coded bytes are at most as many as the packed ones in every case, and decode to the same;
- ``fix8`` and ``bitwiseAnd_22`` take at most 0.55 of their packed bytes on the two ImageNet
  networks; DoodleNet's tensors are small, and its tables of shares cost.

Throughput is of one thread, in millions of weights a second. Run: python
scripts/bench/coding_ratio.py [SCHEME…], the documented schemes and ``prun_0.01`` if not said;
1 minute. ``make bench`` runs those of the second claim.
"""

import sys
import time
from typing import Final

import numpy as np
from loops import DATA

from mpsearch.coding.coder import code, decode
from mpsearch.schemes import DOCUMENTED, parse_scheme
from mpsearch.workbench.open_model import open_model

MODELS: Final = {
    "squeezenet": "squeezenet11_imagenet.keras",
    "lite0": "efficientnet_lite0_imagenet.keras",
    "doodlenet": "doodlenet_quickdraw345.keras",
}
CLAIM: Final = 0.55
CLAIMED: Final = {"fix8", "bitwiseAnd_22"}


def main() -> None:
    """Measure; exit with 1 if a claim does not hold."""
    holds = True
    for name, file in MODELS.items():
        model = open_model(str(DATA / "models" / file))
        tensors = [w for layer in model.layers for w in model.network.weights(layer.index)]
        weights = sum(array.size for array in tensors)
        for scheme_name in sys.argv[1:] or (*DOCUMENTED, "prun_0.01"):
            scheme = parse_scheme(scheme_name)
            packed = coded = 0
            coding = decoding = 0.0
            for array in tensors:
                for stream in scheme.streams(scheme.encode(array)):
                    begun = time.perf_counter()
                    found = code(stream, "entropy")
                    coding += time.perf_counter() - begun
                    begun = time.perf_counter()
                    symbols = decode(found)
                    decoding += time.perf_counter() - begun
                    if not np.array_equal(symbols, stream.symbols):
                        raise SystemExit(f"{name} {scheme_name}: not lossless")
                    if len(found.data) > stream.nbytes:
                        raise SystemExit(f"{name} {scheme_name}: larger than packed")
                    packed += stream.nbytes
                    coded += len(found.data)
            ratio = coded / packed
            fine = ratio <= CLAIM or scheme_name not in CLAIMED or name == "doodlenet"
            holds &= fine
            print(
                f"{name:10} {scheme_name:13} {coded:>10,} of {packed:>10,} bytes, {ratio:.3f}; "
                f"coded {weights / coding / 1e6:.1f}, decoded {weights / decoding / 1e6:.1f} M/s"
                f"{'' if fine else ' FAILS'}"
            )
    print(f"claim: <= {CLAIM} for {', '.join(sorted(CLAIMED))}: {'holds' if holds else 'FAILS'}")
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()
