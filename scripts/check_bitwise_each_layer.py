"""Write check_each_layer.txt: one layer changed at a time.

The original's check_bitwise_each_layer.py. Other options, such as --preprocess and --resize, go to
``mpsearch check each-layer`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["check", "each-layer"], takes_image=True, writes=True)
