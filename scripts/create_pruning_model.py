"""Write one .npy file per kernel and bias, weights below 0.005 zeroed.

The original's create_pruning_model.py. Other options, such as --preprocess and --resize, go to
``mpsearch create`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["create", "prun_0.005"], takes_image=False, writes=True)
