"""Everything mpsearch raises on purpose.

::

    MPSearchError               exit code 2, unless a child says otherwise
    ├── SchemeError             (ValueError)    a scheme name, or weights a scheme refuses
    ├── PlanError               (ValueError)    a plan or quanti_array that does not fit the model
    ├── ModelError              (ValueError)    a model that cannot be read or measured
    ├── ImageError              (ValueError)    an image, label or truth file
    ├── SettingError            (ValueError)    an option or a key of study.toml
    ├── StudyError              (ValueError)    a study that is about something else
    └── EnvironmentFault        (OSError)       disk, memory, lock, storage: exit code 3
        └── GradientsLost                       derivatives; searches and profiles go on without

A message has three parts: what was given, what was expected, what to do now.
"""

from typing import ClassVar


class MPSearchError(Exception):
    """Base of all errors that tell the user something they can act on."""

    exit_code: ClassVar[int] = 2


class SchemeError(MPSearchError, ValueError):
    """An unknown scheme, a parameter out of range, or weights a scheme cannot store."""


class PlanError(MPSearchError, ValueError):
    """A plan that does not fit the model's weight layers."""


class ModelError(MPSearchError, ValueError):
    """A model file that cannot be read, or a model that cannot be measured."""


class ImageError(MPSearchError, ValueError):
    """An image, class-name or truth file that cannot be used."""


class SettingError(MPSearchError, ValueError):
    """An option or a setting of study.toml with a value that is not allowed."""


class StudyError(MPSearchError, ValueError):
    """A study that was started with something else, or is not there."""


class PackedError(MPSearchError, ValueError):
    """A packed file that cannot be read, or one of another model."""


class EnvironmentFault(MPSearchError, OSError):  # noqa: N818 - not to be taken for a Python one
    """The machine failed us: disk, memory, lock or storage."""

    exit_code: ClassVar[int] = 3


class GradientsLost(EnvironmentFault):
    """The process that computes derivatives dies whenever it is asked, or cannot load the model."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"derivatives cannot be computed: {reason}; close other programs")
        self.reason = reason
