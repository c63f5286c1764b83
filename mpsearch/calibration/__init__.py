"""Codes chosen to preserve a layer's outputs on images, instead of by its weights alone."""

from mpsearch.calibration.calibration import Calibration

__all__ = ["Calibration"]
