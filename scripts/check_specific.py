"""Write check_specific.txt: layers 0 to i changed, for a quanti_array.

The original's check_specific.py. Its hand-written array for VGG19 is the default; give another
with --quanti-array. Other options go to ``mpsearch check specific`` as they are.
"""

import sys

from mpsearch.cli.original import run_original

QUANTI_ARRAY = ["fix8"] * 4 + ["fl16", "fix8"] + ["fl16"] * 13

given = any(argument.startswith("--quanti-array") for argument in sys.argv)
command = ["check", "specific"] + ([] if given else ["--quanti-array", repr(QUANTI_ARRAY)])
run_original(__doc__ or "", command, takes_image=True, writes=True)
