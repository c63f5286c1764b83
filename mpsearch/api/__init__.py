"""The library: what the commands call, and programs may."""

from mpsearch.api.export import FORMATS, ExportedFiles, Format, export_plan
from mpsearch.api.profile import profile
from mpsearch.api.search import find_plan
from mpsearch.api.workbench import Workbench, load

__all__ = [
    "FORMATS",
    "ExportedFiles",
    "Format",
    "Workbench",
    "export_plan",
    "find_plan",
    "load",
    "profile",
]
