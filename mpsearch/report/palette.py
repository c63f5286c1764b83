"""Colours that mean something."""

from typing import Final

_HUES = "#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #F0E442 #999999"
#: Okabe and Ito's, told apart by people with any kind of colour vision.
HUES: Final = tuple(_HUES.split())
