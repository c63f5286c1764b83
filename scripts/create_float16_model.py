"""Write one float16 .npy file per kernel and bias.

The original's create_float16_model.py. Other options, such as --preprocess and --resize, go to
``mpsearch create`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["create", "fl16"], takes_image=False, writes=True)
