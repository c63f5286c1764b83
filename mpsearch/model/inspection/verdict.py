"""The result of inspecting a file."""

import json
from dataclasses import asdict, dataclass, field
from typing import Final

SAVE_WHOLE: Final = "save the whole model from Keras with model.save('model.keras')"
SAVE_AGAIN: Final = "copy or save it again"
STANDARD_ONLY: Final = "only standard layers of Keras 3 are loaded, no Lambda and no custom code"
LOADS_ALL_THE_SAME: Final = "(`allow_unsafe_model` loads it all the same)"


class Refused(Exception):  # noqa: N818 - a verdict, not a fault
    """A file that is not loaded, whatever the user allows.

    Args:
        reason: Continues "model 'x.keras' ", as in "is truncated".
        remedy: What to do now.
    """

    def __init__(self, reason: str, remedy: str = SAVE_AGAIN) -> None:
        super().__init__(reason)
        self.reason, self.remedy = reason, remedy


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the child process.

    Attributes:
        reason: Why the file is never loaded, as in :class:`Refused`; empty if it may be.
        remedy: What to do about it.
        foreign: What is in the file and not on the allow-list, most telling first, at most a
            few; each names its layer. Only ``allow_unsafe_model`` lets these in.
        calls: Calls of layers that building it takes.
        nbytes: Bytes of the file's arrays, unpacked.
        loadable: Whether Keras would load the file with these in it.
        version: Version of the Keras that wrote the file; empty where it does not say.
        description: JSON of the architecture in Keras 3's terms; empty where Keras reads the file
            as it is.
        layout: Where the description is given: how Keras finds the weights in the file, by the
            ending that it goes by.
    """

    reason: str = ""
    remedy: str = ""
    foreign: tuple[str, ...] = ()
    calls: int = field(default=0, compare=False)
    nbytes: int = field(default=0, compare=False)
    loadable: bool = True
    version: str = field(default="", compare=False)
    description: str = ""
    layout: str = ""

    def to_line(self) -> str:
        """One line of ASCII."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> "Verdict":
        """Read what :meth:`to_line` wrote.

        Raises:
            ValueError: If it is anything else, as from a child that died while it wrote.
        """
        fields = json.loads(line)
        match fields:
            case {
                "reason": str(reason),
                "remedy": str(remedy),
                "foreign": [*foreign],
                "calls": int(calls),
                "nbytes": int(nbytes),
                "loadable": bool(loadable),
                "version": str(version),
                "description": str(description),
                "layout": str(layout),
            }:
                parts = tuple(str(part) for part in foreign)
                return cls(
                    reason, remedy, parts, calls, nbytes, loadable, version, description, layout
                )
            case _:
                raise ValueError(f"not a verdict: {line[:80]!r}")
