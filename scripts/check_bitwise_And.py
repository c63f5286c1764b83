"""Write test.txt: all layers under one mask.

The original's check_bitwise_And.py. Other options, such as --preprocess and --resize, go to
``mpsearch check uniform`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["check", "uniform"], takes_image=True, writes=True)
