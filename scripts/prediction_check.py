"""Print the three most probable classes of one photo.

The original's prediction_check.py. Other options, such as --preprocess and --resize, go to
``mpsearch predict`` as they are.
"""

from mpsearch.cli.original import run_original

run_original(__doc__ or "", ["predict"], takes_image=True, writes=False)
