"""Codes chosen by what a layer puts out on images, instead of by its weights alone."""

from mpsearch.calibration.calibration import Calibration

__all__ = ["Calibration"]
