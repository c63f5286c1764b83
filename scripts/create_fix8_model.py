"""Write one 8-bit fixed-point .npy file per kernel and bias.

The original's create_fix8_model.py. Other options, such as --preprocess and --resize, go to
``mpsearch create`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["create", "fix8"], takes_image=False, writes=True)
