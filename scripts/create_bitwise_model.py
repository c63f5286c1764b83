"""Write the folders of all bitwiseAnd masks.

The original's create_bitwise_model.py. Other options, such as --preprocess and --resize, go to
``mpsearch create`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["create", "bitwiseAnd"], takes_image=False, writes=True)
